/** What a kubelet reports to be short of, by the condition of its node. */
const SHORT_OF: Readonly<Record<string, string>> = {
  DiskPressure: "disk space or inodes",
  MemoryPressure: "memory",
  PIDPressure: "process ids",
};

export const isPressure = (type: string): boolean => Object.hasOwn(SHORT_OF, type);

export const shortOf = (type: string): string => SHORT_OF[type] ?? type;

import type { Fact } from "#model/fact.js";

/** Processes of a program, by the last part of the path that they were started by. */
export const running = (processes: readonly Fact<"process">[], program: RegExp): readonly Fact<"process">[] =>
  processes.filter((p) => program.test(baseOf(p.value.cmdline)));

const baseOf = (cmdline: string): string => {
  const [first = ""] = cmdline.split(" ", 1);
  return first.slice(first.lastIndexOf("/") + 1);
};

/** The value of a flag in any of its spellings (`--long VALUE`, `-long=VALUE`, `-s VALUE`), the last one as Go's parsers take it; null where it is not given. */
export function flagOf(cmdline: string, ...names: readonly string[]): string | null {
  const words = cmdline.split(/\s+/);
  let value: string | null = null;
  words.forEach((written, i) => {
    if (!written.startsWith("-")) return;
    const [name = "", ...rest] = written.replace(/^--?/, "").split("=");
    if (names.includes(name)) value = rest.length > 0 ? rest.join("=") : (words[i + 1] ?? "");
  });
  return value;
}

/** The socket behind an address or endpoint; /var/run is a link to /run wherever a kubelet runs. */
export const socketOf = (address: string): string =>
  address.replace(/^unix:(?:\/\/)?/, "").replace(/^\/var\/run\//, "/run/");

/** The socket that the kubelet of a node was told to use; null where no command line says one, or several differ. */
export function kubeletEndpoint(
  processes: readonly Fact<"process">[],
): { readonly socket: string; readonly fact: Fact<"process"> } | null {
  const told = running(processes, /^(?:kubelet[a-z-]*|kubelite|hyperkube)$/).flatMap((fact) => {
    const endpoint = flagOf(fact.value.cmdline, "container-runtime-endpoint");
    return endpoint?.includes("/") ? [{ socket: socketOf(endpoint), fact }] : [];
  });
  return new Set(told.map((t) => t.socket)).size === 1 ? (told[0] ?? null) : null;
}

/** Where the mechanisms of these rules are written, and which state of it was read. */
export const EVENTS_CACHE = { source: "client-go tools/record/events_cache.go", version: "32ce75a7d6bc (2026-07-24)" };
export const DELETE = { source: "apiserver pkg/registry/rest/delete.go", version: "24a394e516bf (2026-07-23)" };
export const POD_WORKERS = { source: "kubernetes pkg/kubelet/pod_workers.go", version: "v1.22 and later" };
export const SANDBOX_STOP = {
  source: "containerd internal/cri/server/sandbox_stop.go",
  version: "301026e58c61 (2.4.0-beta)",
};
export const SANDBOX_RUN = {
  source: "containerd internal/cri/server/sandbox_run.go",
  version: "301026e58c61 (2.4.0-beta)",
};

const DOCUMENTATION = "documentation, 2026";
export const NODES = { source: "kubernetes documentation, concepts/architecture/nodes", version: DOCUMENTATION };
export const PRESSURE = {
  source: "kubernetes documentation, concepts/scheduling-eviction/node-pressure-eviction",
  version: DOCUMENTATION,
};
export const FINALIZERS = {
  source: "kubernetes documentation, concepts/overview/working-with-objects/finalizers",
  version: DOCUMENTATION,
};
export const POD_LIFECYCLE = {
  source: "kubernetes documentation, concepts/workloads/pods/pod-lifecycle",
  version: DOCUMENTATION,
};

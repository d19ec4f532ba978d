/** Where the mechanisms of these rules are written, and which state of it was read. */
export const FIT_ERROR = { source: "kubernetes pkg/scheduler/framework/types.go", version: "f899a310" };
export const EVENT_SERIES = {
  source: "client-go tools/events/event_broadcaster.go",
  version: "32ce75a7d6bc (2026-07-24)",
};

const DOCUMENTATION = "documentation, 2026";
export const ANTI_AFFINITY = {
  source: "kubernetes documentation, concepts/scheduling-eviction/assign-pod-node",
  version: DOCUMENTATION,
};
export const DEPLOYMENTS = {
  source: "kubernetes documentation, concepts/workloads/controllers/deployment",
  version: DOCUMENTATION,
};
export const STATEFULSETS = {
  source: "kubernetes documentation, tasks/run-application/force-delete-stateful-set-pod",
  version: DOCUMENTATION,
};
export const CORDON = {
  source: "kubernetes documentation, concepts/architecture/nodes (manual node administration)",
  version: DOCUMENTATION,
};

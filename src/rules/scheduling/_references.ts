/** Where the mechanisms of these rules are written, and which state of it was read. */
export const INTER_POD_AFFINITY = {
  source: "kubernetes pkg/scheduler/framework/plugins/interpodaffinity/filtering.go",
  version: "recent versions",
};
export const FIT_ERROR = { source: "kubernetes pkg/scheduler/framework/types.go", version: "f899a310" };
export const EVENT_SERIES = {
  source: "client-go tools/events/event_broadcaster.go",
  version: "32ce75a7d6bc (2026-07-24)",
};
export const ROLLING = {
  source: "kubernetes pkg/controller/deployment/util/deployment_util.go",
  version: "recent versions",
};
export const REPLICASETS = {
  source: "kubernetes pkg/controller/replicaset/replica_set.go",
  version: "recent versions",
};

import type { FailureKind } from "./_sandbox-failures.js";

/** What tells of a failed teardown. */
export const KILL_FAILURES: FailureKind = {
  reason: "FailedKillPod",
  noun: "failed teardown of a sandbox",
  event: /KillPodSandbox/,
  // The last two are of kubelets up to v1.20 and of the kubelet's collection of dead sandboxes: with an error only.
  log: /KillPodSandbox|StopPodSandbox for .* failed|StopPodSandbox from runtime service failed|StopPodSandbox \\*"[0-9a-f]{8,64}\\*" from runtime service failed: \S|Failed to remove sandbox\b.*(?:: rpc error: |err=)/,
};

/** What tells of a sandbox that could not be made. */
export const CREATE_FAILURES: FailureKind = {
  reason: "FailedCreatePodSandBox",
  noun: "failed creation of a sandbox",
  event: /[Ff]ailed (to )?create pod sandbox/,
  log: /CreatePodSandboxError|RunPodSandbox for .* failed|RunPodSandbox from runtime service failed|[cC]reatePodSandbox for pod .*failed(?:: \S|\\*" err=)/,
};

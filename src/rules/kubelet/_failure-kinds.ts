import type { FailureKind } from "./_sandbox-failures.js";

/** What tells of a failed teardown. */
export const KILL_FAILURES: FailureKind = {
  reason: "FailedKillPod",
  noun: "failed teardown of a sandbox",
  event: /KillPodSandbox/,
  log: /KillPodSandbox|StopPodSandbox for .* failed|StopPodSandbox from runtime service failed/,
};

/** What tells of a sandbox that could not be made. */
export const CREATE_FAILURES: FailureKind = {
  reason: "FailedCreatePodSandBox",
  noun: "failed creation of a sandbox",
  event: /[Ff]ailed (to )?create pod sandbox/,
  log: /CreatePodSandboxError|RunPodSandbox for .* failed|RunPodSandbox from runtime service failed/,
};

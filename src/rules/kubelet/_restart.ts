import type { Instant } from "#model/instant.js";
import type { Log, Told } from "./_kubelet-log.js";
import { START_MS } from "./_starts.js";

/** Whether a kubelet was started anew in its silence: once (`ms` is the latest line of that start), or as far as its log shows more often. */
export type Restart =
  | { readonly state: "none" | "several" }
  | { readonly state: "once"; readonly start: Told; readonly ms: number };

/** What a kubelet, or systemd of it, logs as it starts (kubernetes cmd/kubelet/app/server.go, pkg/kubelet/kubelet.go). */
const STARTS = /\bKubelet version\b|\bStarting kubelet main sync loop|\bStarted kubelet\b/;

/** `logs`: those with a line that `isAfter` takes. A series tells its first, its last and how many: what lies between is not known. */
export function restartIn(logs: readonly Log[], isAfter: (at: Instant | null) => boolean): Restart {
  const starts = logs.filter(({ value }) => STARTS.test(value.sample));
  // One start has a line of each kind. Of a series that began before only what is not its first may be of now.
  const repeated = starts.some(({ value }) => value.count - (isAfter(value.first) ? 0 : 1) > 1);
  const lines = starts.flatMap(({ value, evidence }) => [
    ...(value.first && isAfter(value.first) ? [{ at: value.first, evidence }] : []),
    ...(value.last && isAfter(value.last) ? [{ at: value.last, evidence: value.lastEvidence ?? evidence }] : []),
  ]);
  const [first, ...rest] = lines.sort((a, b) => a.at.epochMs - b.at.epochMs);
  if (!first) return { state: "none" };
  const ms = rest.at(-1)?.at.epochMs ?? first.at.epochMs;
  return repeated || ms - first.at.epochMs > START_MS ? { state: "several" } : { state: "once", start: first, ms };
}

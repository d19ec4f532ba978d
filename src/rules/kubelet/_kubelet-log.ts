import type { Evidence } from "#model/evidence.js";
import type { Fact } from "#model/fact.js";
import type { Instant } from "#model/instant.js";

export type Log = Fact<"log">;

/** A line with its time. */
export interface Told {
  readonly at: Instant;
  readonly evidence: Evidence;
}

/** A line of the kubelet itself, and not of systemd about it. */
export const OWN = /\b[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ \w+\.go:\d+\]/;
/** MicroK8s runs it in `kubelite`, k3s, rke2 and k0s in a program of their name. */
export const UNITS = /kubelet|kubelite|k3s|rke2|k0s/;

export const lastMs = ({ value }: Log): number => value.last?.epochMs ?? Number.NEGATIVE_INFINITY;

export const lastOf = ({ value, evidence }: Log): Told => ({
  at: value.last as Instant,
  evidence: value.lastEvidence ?? evidence,
});

/** klog's `err="…"`, or what follows the words of old versions; else the message itself. */
export function textOf({ value: { sample } }: Log): string {
  const quoted = /\berr="((?:[^"\\]|\\.)*)"/.exec(sample)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(["\\])/g, "$1");
  return messageOf(sample).replace(/^Error updating node status, will retry: /, "");
}

export const messageOf = (sample: string): string =>
  OWN.test(sample) ? sample.slice(sample.search(OWN)).replace(OWN, "").trim() : sample;

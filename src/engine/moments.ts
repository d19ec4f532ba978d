import type { Custody } from "#model/artifact.js";
import { latest } from "#model/instant.js";
import type { Moment } from "#model/rule.js";

/** Bundles further apart than this belong to different moments. */
export const MOMENT_GAP_MS = 15 * 60_000;

/**
 * Groups bundles into moments, in order of time. One moment holds each node's part and the cluster's part at most once and spans at
 * most `gapMs`; a group that breaks this is split where the gap between two collections is widest, or, where that is no pause, into what
 * came first of each part and what came again.
 */
export function groupMoments(custody: readonly Custody[], gapMs: number = MOMENT_GAP_MS): readonly Moment[] {
  const ordered = [...custody].sort(
    (a, b) => a.startedAt.epochMs - b.startedAt.epochMs || (a.sha256 < b.sha256 ? -1 : 1),
  );
  return split(ordered, gapMs).map(toMoment);
}

function split(group: readonly Custody[], gapMs: number): readonly (readonly Custody[])[] {
  const [first, last] = [group[0], group.at(-1)];
  if (!first || !last) return [];
  if (last.startedAt.epochMs - first.startedAt.epochMs <= gapMs && !repeatsPart(group)) return [group];
  if (group.length === 1) return [group];
  const at = widestGap(group);
  const pauseMs = (group[at]?.startedAt.epochMs ?? 0) - (group[at - 1]?.startedAt.epochMs ?? 0);
  if (pauseMs < PAUSE_MS && repeatsPart(group)) {
    const { once, again } = firstOfEach(group);
    return [...split(once, gapMs), ...split(again, gapMs)];
  }
  return [...split(group.slice(0, at), gapMs), ...split(group.slice(at), gapMs)];
}

/** A shorter pause separates no two moments: a node collected twice in one go must not tear the others from the cluster's part. */
const PAUSE_MS = 60_000;

function firstOfEach(group: readonly Custody[]): { once: readonly Custody[]; again: readonly Custody[] } {
  const once: Custody[] = [];
  const again: Custody[] = [];
  for (const custody of group) (repeatsPart([...once, custody]) ? again : once).push(custody);
  return { once, again };
}

function repeatsPart(group: readonly Custody[]): boolean {
  const seen = new Set<string>();
  for (const custody of group) {
    for (const part of custody.parts) {
      const key = part === "cluster" ? "cluster" : `node ${custody.node}`;
      if (seen.has(key)) return true;
      seen.add(key);
    }
  }
  return false;
}

function widestGap(group: readonly Custody[]): number {
  let at = 1;
  let widest = -1;
  for (let i = 1; i < group.length; i += 1) {
    const gap = (group[i]?.startedAt.epochMs ?? 0) - (group[i - 1]?.startedAt.epochMs ?? 0);
    if (gap > widest) {
      widest = gap;
      at = i;
    }
  }
  return at;
}

function toMoment(group: readonly Custody[], index: number): Moment {
  const started = group.reduce((a, b) => (b.startedAt.epochMs < a.startedAt.epochMs ? b : a));
  const ended = group.reduce((a, b) => (latest(b.endedAt) > latest(a.endedAt) ? b : a));
  const nodes = group.flatMap((c) => (c.node !== null && c.parts.includes("node") ? [c.node] : []));
  return {
    id: `m${index + 1}`,
    startedAt: started.startedAt,
    collectedAt: ended.endedAt,
    bundles: group.map((c) => c.sha256),
    nodes: [...new Set(nodes)].sort(),
  };
}

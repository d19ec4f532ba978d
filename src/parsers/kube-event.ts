import type { Artifact } from "#model/artifact.js";
import type { Emit, Parser, Sink } from "#model/intake.js";
import { eventOf } from "./event.js";
import { openSeries } from "./event-series.js";
import { openItems } from "./kube-list.js";
import { lists } from "./resource.js";
import { shortHash } from "./short-hash.js";

/** True for lists of events: core/v1 `events` and `events.events.k8s.io`. */
export const kubeEventLists = (artifact: Artifact): boolean => lists(artifact, ["events"], ["events.k8s.io"]);

/**
 * Events, grouped into series while they stream by. An event that two lists of one bundle hold (core/v1 and events.k8s.io are two views of
 * the same object) counts where it comes first. A new parser for each run, since it remembers what it has counted.
 */
export function kubeEvent(): Parser {
  const counted = new Map<string, Set<number>>();
  return {
    id: "kube-event",
    kinds: ["kube.event"],
    accepts: kubeEventLists,
    open: (artifact, emit) => {
      const seen = counted.get(artifact.bundle) ?? new Set<number>();
      counted.set(artifact.bundle, seen);
      return openEvents(artifact, emit, seen);
    },
  };
}

function openEvents(artifact: Artifact, emit: Emit, seen: Set<number>): Sink {
  const items = openItems(emit);
  const series = openSeries(artifact);
  return {
    item: (item, index) => {
      const view = items.next(item, index);
      if (view === null) return;
      const event = eventOf(view);
      if (event === null) return emit.issue("W_ITEM", `the event at ${view.pointer} names no object`);
      if (event.uid !== null) {
        const id = shortHash(event.uid);
        if (seen.has(id)) return;
        seen.add(id);
      }
      if (event.lastUnreadable)
        emit.issue(
          "W_ITEM",
          `when the event at ${view.pointer} was seen last cannot be read: it may be later than told`,
        );
      series.add(event, view);
    },
    end: () => {
      for (const fact of series.facts()) emit.fact(fact);
      if (series.dropped() > 0) emit.issue("W_LIMIT", `${series.dropped()} events of further kinds left out`);
      items.end();
    },
  };
}

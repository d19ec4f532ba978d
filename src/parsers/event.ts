import { earliest, type Instant, latestOf, MADE_UP_MS, order } from "#model/instant.js";
import { below, count, instant, isRecord, someText, type View } from "./fields.js";
import { metaOf } from "./kube-meta.js";

/** One event in either form, core/v1 or events.k8s.io/v1. */
export interface Event {
  readonly uid: string | null;
  readonly reason: string;
  readonly type: string;
  readonly component: string | null;
  readonly node: string | null;
  readonly objectKind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly objectUid: string | null;
  readonly message: string;
  readonly first: Instant | null;
  readonly last: Instant | null;
  /** True where a field says when it was seen last, and cannot be read: `last` is null then. */
  readonly lastUnreadable: boolean;
  readonly created: Instant | null;
  /** Null where the event has no count; then it stands for one occurrence at least. */
  readonly count: number | null;
}

/**
 * Reads one event; null where it names no object. `namespace` is the object's, which for objects without one is null although the event
 * itself lies in `default`. The counter and times are what the recorder last wrote, which may lag behind by minutes.
 */
export function eventOf(item: View): Event | null {
  const core = below(item, "involvedObject");
  const object = isRecord(core.value) ? core : below(item, "regarding");
  const name = someText(object, "name");
  if (name === null) return null;
  const objectKind = someText(object, "kind") ?? "";
  return {
    uid: someText(item, "metadata", "uid"),
    reason: someText(item, "reason") ?? "",
    type: someText(item, "type") ?? "",
    component: componentOf(item),
    node: hostOf(item) ?? (objectKind === "Node" ? name : null),
    objectKind,
    namespace: someText(object, "namespace"),
    name,
    objectUid: someText(object, "uid"),
    message: someText(item, "message") ?? someText(item, "note") ?? "",
    ...timesOf(item),
    created: metaOf(item)?.created ?? null,
    count:
      positive(count(item, "series", "count")) ??
      positive(count(item, "count")) ??
      positive(count(item, "deprecatedCount")),
  };
}

/** Go writes 0 where nobody counted. */
const positive = (n: number | null): number | null => (n === 0 ? null : n);

function componentOf(item: View): string | null {
  return (
    someText(item, "source", "component") ??
    someText(item, "deprecatedSource", "component") ??
    someText(item, "reportingComponent") ??
    someText(item, "reportingController")
  );
}

/** Components whose instance is the node they run on (kubelet.go, kube-proxy server.go: the recorder's host is the node's name). */
const ON_NODES: ReadonlySet<string> = new Set(["kubelet", "kube-proxy"]);

function hostOf(item: View): string | null {
  const host = someText(item, "source", "host") ?? someText(item, "deprecatedSource", "host");
  if (host !== null) return host;
  return ON_NODES.has(componentOf(item) ?? "") ? someText(item, "reportingInstance") : null;
}

const ENDS = [["lastTimestamp"], ["deprecatedLastTimestamp"], ["series", "lastObservedTime"]] as const;

function timesOf(item: View): Pick<Event, "first" | "last" | "lastUnreadable"> {
  const created = metaOf(item)?.created ?? null;
  const read = (...keys: readonly string[]): Instant | null => {
    const at = instant(item, ...keys);
    if (!at || !created || at.epochMs - created.epochMs <= MADE_UP_MS) return at;
    item.wrong(below(item, ...keys).pointer);
    return null;
  };
  const eventTime = read("eventTime");
  const first = read("firstTimestamp") ?? read("deprecatedFirstTimestamp") ?? eventTime ?? created;
  const ends = ENDS.map((keys) => read(...keys));
  const last = [...ends, eventTime].reduce(latestOf, null);
  const lastUnreadable = ENDS.some((keys, i) => !ends[i] && below(item, ...keys).value !== undefined);
  // What began after it was seen last has no begin that can be believed; what the API server stored had begun.
  const isTurned = first !== null && last !== null && order(first, last, 0) === "after";
  if (isTurned) item.wrong(below(item, "firstTimestamp").pointer);
  return {
    first: earliest(isTurned ? created : first, last),
    last: lastUnreadable ? null : (last ?? first),
    lastUnreadable,
  };
}

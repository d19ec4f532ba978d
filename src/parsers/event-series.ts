import type { Artifact } from "#model/artifact.js";
import { type Evidence, evidenceIn } from "#model/evidence.js";
import type { EventObject, EventSeriesValue, Fact } from "#model/fact.js";
import { earliest, type Instant, latestOf } from "#model/instant.js";
import { visible } from "#model/visible.js";
import { cut } from "./content.js";
import type { Event } from "./event.js";
import type { View } from "./fields.js";
import { bare } from "./kube-list.js";
import { shortHash } from "./short-hash.js";
import { templateOf } from "./template.js";

const MAX_SERIES = 5_000;
const MAX_OBJECTS = 500;
/** Over all series: a million events of a thousand kinds would otherwise keep half a million objects. */
const MAX_ALL_OBJECTS = 50_000;
const MESSAGE_CHARS = 4_096;
/** Recorders cut at 1,024 bytes; longer messages are written by hand. */
const OBJECT_MESSAGE_CHARS = 1_100;

interface Grown {
  first: Instant | null;
  last: Instant | null;
}

interface OpenObject extends Grown {
  readonly name: string;
  readonly uid: string | null;
  readonly message: string;
  readonly evidence: Evidence;
  count: number | null;
}

interface OpenSeries extends Grown {
  readonly head: Event;
  readonly json: unknown;
  readonly evidence: Evidence;
  readonly objects: Map<string, OpenObject>;
  /** Hashes of objects beyond the limit, to count each once. */
  readonly more: Set<number>;
  count: number;
}

/** Events of one list, grouped. Memory grows with the number of series and objects up to fixed limits, not with that of events. */
export interface EventSeries {
  readonly add: (event: Event, view: View) => void;
  readonly facts: () => Iterable<Fact<"kube.event">>;
  /** Events that would have begun a series beyond the limit of 5,000. */
  readonly dropped: () => number;
}

/** Starts grouping the events of one artifact. Series and objects come in the order of their first event. */
export function openSeries(artifact: Artifact): EventSeries {
  const all = new Map<string, OpenSeries>();
  let objects = 0;
  let dropped = 0;
  return {
    add: (event, view) => {
      const key = seriesKey(event);
      const known = all.get(key);
      if (known === undefined && all.size >= MAX_SERIES) {
        dropped += 1;
        return;
      }
      const series = known ?? startSeries(event, view, artifact);
      if (known === undefined) all.set(key, series);
      grow(series, event);
      series.count += event.count ?? 1;
      if (addObject(series, event, view, artifact, objects < MAX_ALL_OBJECTS)) objects += 1;
    },
    facts: function* () {
      for (const series of all.values()) yield factOf(series, artifact);
    },
    dropped: () => dropped,
  };
}

function seriesKey(event: Event): string {
  const { reason, type, component, node, objectKind, namespace, message } = event;
  return JSON.stringify([reason, type, component, node, objectKind, namespace, templateOf(message)]);
}

function startSeries(event: Event, view: View, artifact: Artifact): OpenSeries {
  const head = { ...event, message: cut(event.message, MESSAGE_CHARS) };
  const evidence = evidenceOf(event, view, artifact);
  return {
    head,
    json: bare(view.value),
    evidence,
    objects: new Map(),
    more: new Set(),
    count: 0,
    first: null,
    last: null,
  };
}

function grow(one: Grown, event: Event): void {
  one.first = earliest(one.first, event.first);
  one.last = latestOf(one.last, event.last);
}

/** True where the object was a new one that is kept. */
function addObject(series: OpenSeries, event: Event, view: View, artifact: Artifact, room: boolean): boolean {
  const id = event.objectUid ?? event.name;
  const known = series.objects.get(id);
  if (known !== undefined) {
    grow(known, event);
    known.count = (known.count ?? 1) + (event.count ?? 1);
    return false;
  }
  if (!room || series.objects.size >= MAX_OBJECTS) {
    series.more.add(shortHash(id));
    return false;
  }
  const { name, objectUid: uid, first, last, count } = event;
  const same = event.message === series.head.message;
  const message = same ? series.head.message : cut(event.message, OBJECT_MESSAGE_CHARS);
  series.objects.set(id, { name, uid, message, first, last, count, evidence: evidenceOf(event, view, artifact) });
  return true;
}

function evidenceOf(event: Event, view: View, artifact: Artifact): Evidence {
  const where = `${event.objectKind} ${event.namespace === null ? "" : `${event.namespace}/`}${event.name}`;
  const times = event.count === null ? "" : ` x${event.count}`;
  const shown = `${event.type} ${event.reason}${times} ${where}: ${event.message}`;
  return evidenceIn(artifact, { kind: "json", pointer: view.pointer }, visible(cut(shown, MESSAGE_CHARS)));
}

function factOf(series: OpenSeries, artifact: Artifact): Fact<"kube.event"> {
  const { reason, type, component, node, objectKind, namespace, message, created } = series.head;
  const { first, last, count, evidence, json } = series;
  const objects: readonly EventObject[] = [...series.objects.values()];
  const about = { reason, type, component, node, objectKind, namespace, message };
  const value: EventSeriesValue = { ...about, first, last, created, count, objects, moreObjects: series.more.size };
  return { kind: "kube.event", node, value, artifact, evidence, json };
}

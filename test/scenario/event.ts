import { type JsonMap, mapAt, numberAt, present, textAt } from "./json.js";
import { show } from "./key.js";
import { mergeObject } from "./merge.js";
import { apiVersionOf, type ObjectContext } from "./object.js";
import { fail } from "./scenario-error.js";
import { derivedUuid, digest } from "./seed.js";
import { type EpochUs, parseTime, writeMicros, writeSeconds } from "./time.js";

const shorts = [
  "t",
  "last",
  "count",
  "obj",
  "uid",
  "node",
  "type",
  "reason",
  "component",
  "msg",
  "ns",
  "name",
  "eventTime",
  "events",
];

/** Kinds as events are written in a scenario; another word is taken with a capital letter. */
const kinds: Readonly<Record<string, string>> = {
  replicaset: "ReplicaSet",
  daemonset: "DaemonSet",
  statefulset: "StatefulSet",
  cronjob: "CronJob",
  persistentvolumeclaim: "PersistentVolumeClaim",
  pvc: "PersistentVolumeClaim",
  persistentvolume: "PersistentVolume",
  pv: "PersistentVolume",
  svc: "Service",
  configmap: "ConfigMap",
  endpointslice: "EndpointSlice",
  horizontalpodautoscaler: "HorizontalPodAutoscaler",
  hpa: "HorizontalPodAutoscaler",
  poddisruptionbudget: "PodDisruptionBudget",
  volumeattachment: "VolumeAttachment",
  storageclass: "StorageClass",
};

const withoutNamespace = new Set(["Node", "PersistentVolume", "Namespace", "VolumeAttachment", "StorageClass"]);

/**
 * An event as `kubectl get events -o json` shows it; the scheduler's come through events.k8s.io and have neither count nor
 * first and last time there.
 * @param names the names given so far at this moment: the same event has the same name at every moment, two alike have two
 * @throws ScenarioError where it names no object or no time
 */
export function buildEvent(item: JsonMap, context: ObjectContext, place: string, names: Set<string>): JsonMap {
  const at = eventTime(item, "t", place) ?? eventTime(item, "eventTime", place);
  if (at === undefined) return fail("value", place, "an event needs t");
  const about = involved(item, context, place);
  const namespace = textAt(item, "ns") ?? textAt(about, "namespace") ?? "default";
  const newForm =
    item["eventTime"] !== undefined || (item["reason"] === "FailedScheduling" && item["count"] === undefined);
  const said = [namespace, String(about["name"]), textAt(item, "reason") ?? "", at, textAt(item, "msg") ?? ""];
  const name = textAt(item, "name") ?? unusedName(`${about["name"]}`, [context.scenario.id, ...said], names);
  const base = present({
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      name,
      namespace,
      uid: derivedUuid(context.scenario.id, "Event", namespace, name),
      creationTimestamp: writeSeconds(at),
    },
    involvedObject: about,
    reason: textAt(item, "reason"),
    message: textAt(item, "msg"),
    type: textAt(item, "type") ?? "Normal",
    ...(newForm ? newFields(item, at, place) : coreFields(item, at, place)),
  });
  return mergeObject(base, Object.fromEntries(Object.entries(item).filter(([key]) => !shorts.includes(key))));
}

function unusedName(object: string, seed: readonly (string | number)[], names: Set<string>): string {
  for (let nth = 0; ; nth++) {
    const name = `${object}.${digest("event", ...seed, nth).slice(0, 16)}`;
    if (names.has(name)) continue;
    names.add(name);
    return name;
  }
}

function coreFields(item: JsonMap, at: EpochUs, place: string): JsonMap {
  return {
    source: present({ component: textAt(item, "component"), host: textAt(item, "node") }),
    firstTimestamp: writeSeconds(at),
    lastTimestamp: writeSeconds(eventTime(item, "last", place) ?? at),
    count: numberAt(item, "count") ?? 1,
    eventTime: null,
    reportingComponent: "",
    reportingInstance: "",
  };
}

function newFields(item: JsonMap, at: EpochUs, place: string): JsonMap {
  const component = textAt(item, "component") ?? textAt(item, "reportingComponent") ?? "default-scheduler";
  const node = textAt(item, "node");
  const last = eventTime(item, "last", place);
  const count = numberAt(item, "count");
  // A series begins with the second occurrence: where only the last time is known, two is what is certain.
  const series =
    last === undefined && (count ?? 1) < 2
      ? undefined
      : { count: count ?? 2, lastObservedTime: writeMicros(last ?? at) };
  return present({
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: writeMicros(eventTime(item, "eventTime", place) ?? at),
    series,
    action: item["reason"] === "FailedScheduling" ? "Scheduling" : textAt(item, "reason"),
    reportingComponent: component,
    reportingInstance: node === undefined ? component : `${component}-${node}`,
  });
}

function involved(item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const said = mapAt(item, "involvedObject");
  const value = item["obj"] ?? (said["name"] === undefined ? undefined : `${said["kind"]}/${said["name"]}`);
  const match = typeof value === "string" ? /^([A-Za-z]+)\/(.+)$/.exec(value) : null;
  if (match === null) return fail("value", place, `obj is ${show(value)}; allowed is kind/name, such as pod/web-0`);
  const [word = "", name = ""] = match.slice(1);
  const kind = kinds[word.toLowerCase()] ?? word.charAt(0).toUpperCase() + word.slice(1);
  const namespace = withoutNamespace.has(kind)
    ? ""
    : (textAt(item, "ns") ?? textAt(mapAt(item, "metadata"), "namespace") ?? "default");
  const uid = textAt(item, "uid") ?? context.uids.uidOf(kind, namespace, name, context.moment.key);
  return present({
    apiVersion: apiVersionOf(kind, context),
    kind,
    name,
    namespace: namespace === "" ? undefined : namespace,
    uid,
  });
}

function eventTime(item: JsonMap, key: string, place: string): EpochUs | undefined {
  if (item[key] === undefined || item[key] === null) return undefined;
  return (
    parseTime(item[key]) ??
    fail("value", place, `${key} is ${show(item[key])}; allowed is UTC such as 2026-05-23T02:01:31Z`)
  );
}

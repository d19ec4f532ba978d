import { isList, isMap, type Json, type JsonMap, mapAt, present, textAt } from "./json.js";
import { show } from "./key.js";
import { mergeObject } from "./merge.js";
import type { Moment, Scenario } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { parseDuration, parseTime, writeSeconds } from "./time.js";
import type { UidRegister } from "./uid.js";

/** What the objects of one moment are made from. */
export interface ObjectContext {
  readonly scenario: Scenario;
  readonly moment: Moment;
  readonly uids: UidRegister;
  /** The address of a node, where the scenario gives one. */
  readonly nodeAddress: (node: string) => string | undefined;
  /** The items of the same moment by artifact kind, for what one object says of another. */
  readonly siblings: (kind: string) => readonly JsonMap[];
}

/** The type of an object, as its API knows it. */
export interface ObjectType {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** What an object is called. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

const commonShorts = [
  "ns",
  "name",
  "uid",
  "created",
  "started",
  "age",
  "owner",
  "labels",
  "annotations",
  "deleted",
  "finalizers",
  "events",
];

/** API groups of what owns or is spoken of; a kind that is not here is looked for among the scenario's own objects. */
const apiVersions: Readonly<Record<string, string>> = {
  ReplicaSet: "apps/v1",
  DaemonSet: "apps/v1",
  Deployment: "apps/v1",
  StatefulSet: "apps/v1",
  ControllerRevision: "apps/v1",
  Job: "batch/v1",
  CronJob: "batch/v1",
  Lease: "coordination.k8s.io/v1",
  EndpointSlice: "discovery.k8s.io/v1",
  VolumeAttachment: "storage.k8s.io/v1",
  StorageClass: "storage.k8s.io/v1",
  Ingress: "networking.k8s.io/v1",
  NetworkPolicy: "networking.k8s.io/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
  PodDisruptionBudget: "policy/v1",
};

/** The API version of a kind; the scenario's own objects know those that are not built in. */
export function apiVersionOf(kind: string, context: ObjectContext): string {
  const own = context.siblings("object").find((item) => item["kind"] === kind);
  return apiVersions[kind] ?? (own === undefined ? undefined : textAt(own, "apiVersion")) ?? "v1";
}

/** Namespace and name of an item; the namespace is empty for what has none. */
export function nameOf(item: JsonMap, namespaced: boolean): ObjectName | undefined {
  const metadata = mapAt(item, "metadata");
  const name = textAt(item, "name") ?? textAt(metadata, "name");
  if (name === undefined || name === "") return undefined;
  const namespace = textAt(item, "ns") ?? textAt(metadata, "namespace") ?? (namespaced ? "default" : "");
  return { namespace, name };
}

/**
 * A whole object: metadata from the short names, `made` (its spec, status and so on) from the kind's own, everything else
 * merged as it stands.
 * @param shorts the kind's own short names, which are not merged
 */
export function buildObject(
  item: JsonMap,
  type: ObjectType,
  shorts: readonly string[],
  made: JsonMap,
  context: ObjectContext,
  place: string,
): JsonMap {
  const named =
    nameOf(item, type.namespaced) ?? fail("value", place, "it has no name; allowed is name, or name_re with count");
  const base = {
    apiVersion: type.apiVersion,
    kind: type.kind,
    metadata: metadataOf(item, type, named, context, place),
    ...made,
  };
  const rest = Object.entries(item).filter(([key]) => !commonShorts.includes(key) && !shorts.includes(key));
  return mergeObject(base, Object.fromEntries(rest));
}

function metadataOf(
  item: JsonMap,
  type: ObjectType,
  named: ObjectName,
  context: ObjectContext,
  place: string,
): JsonMap {
  const finalizers = item["finalizers"];
  return present({
    name: named.name,
    namespace: type.namespaced ? named.namespace : undefined,
    uid: context.uids.uidOf(type.kind, named.namespace, named.name, context.moment.key),
    creationTimestamp: createdAt(item, context, place),
    deletionTimestamp: timeOf(item, "deleted", place),
    labels: textsOf(item["labels"]),
    annotations: textsOf(item["annotations"]),
    ownerReferences: ownersOf(item["owner"], named.namespace, context, place),
    finalizers: isList(finalizers) && finalizers.length > 0 ? finalizers : undefined,
  });
}

/** Labels and annotations are text, where YAML easily makes a number or a boolean of it. */
function textsOf(value: Json | undefined): JsonMap | undefined {
  if (!isMap(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, text === null ? "" : String(text)]));
}

/** The time below a key, in whole seconds; undefined where there is none. */
export function timeOf(item: JsonMap, key: string, place: string): string | undefined {
  const value = item[key];
  if (value === undefined || value === null) return undefined;
  const at = parseTime(value);
  return at === undefined
    ? fail("value", place, `${key} is ${show(value)}; allowed is UTC such as 2026-05-23T02:01:31Z`)
    : writeSeconds(at);
}

/** When an object was created: explicit, else `created`, else `started`, else `age` before the collection, else unknown. */
export function createdAt(item: JsonMap, context: ObjectContext, place: string): string | undefined {
  const explicit = textAt(mapAt(item, "metadata"), "creationTimestamp");
  const said = explicit ?? timeOf(item, "created", place) ?? timeOf(item, "started", place);
  if (said !== undefined || item["age"] === undefined) return said;
  const age = parseDuration(item["age"]);
  if (age === undefined)
    return fail("value", place, `age is ${show(item["age"])}; allowed is a duration such as 55d or 3h40m`);
  return writeSeconds(context.moment.collectedAt - age);
}

function ownersOf(
  value: Json | undefined,
  namespace: string,
  context: ObjectContext,
  place: string,
): readonly Json[] | undefined {
  if (value === undefined || value === null) return undefined;
  const match = typeof value === "string" ? /^([A-Z][A-Za-z0-9]*)\/(.+)$/.exec(value) : null;
  if (match === null)
    return fail("value", place, `owner is ${show(value)}; allowed is Kind/name, such as ReplicaSet/web-6d4cf56db6`);
  const [kind = "", name = ""] = match.slice(1);
  const uid = context.uids.uidOf(kind, kind === "Node" ? "" : namespace, name, context.moment.key);
  return [{ apiVersion: apiVersionOf(kind, context), kind, name, uid, controller: true, blockOwnerDeletion: true }];
}

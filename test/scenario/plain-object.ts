import { isList, isMap, type Json, type JsonMap, mapAt, numberAt, present, textAt } from "./json.js";
import { show } from "./key.js";
import { buildObject, nameOf, type ObjectContext } from "./object.js";
import { resourceOf, typeOf, typeOfItem } from "./resource.js";
import type { ResourceKind } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { digest } from "./seed.js";
import { parseTime, writeMicros } from "./time.js";

/**
 * A Lease: `holder`, `renewed`, `acquired`, `transitions`.
 * @throws ScenarioError where a short name has a value which it cannot have
 */
export function buildLease(item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const ofNode = item["ns"] === "kube-node-lease";
  const spec = present({
    holderIdentity: textAt(item, "holder"),
    leaseDurationSeconds: ofNode ? 40 : 15,
    renewTime: microTime(item, "renewed", place),
    acquireTime: microTime(item, "acquired", place),
    leaseTransitions: numberAt(item, "transitions"),
  });
  return buildObject(
    item,
    typeOf("leases"),
    ["holder", "renewed", "acquired", "transitions"],
    { spec },
    context,
    place,
  );
}

function microTime(item: JsonMap, key: string, place: string): string | undefined {
  if (item[key] === undefined) return undefined;
  const at = parseTime(item[key]);
  return at === undefined
    ? fail("value", place, `${key} is ${show(item[key])}; allowed is UTC such as 2026-05-23T02:01:31Z`)
    : writeMicros(at);
}

/**
 * A PersistentVolume: `claim` (namespace/name), `size`, `phase`.
 * @throws ScenarioError where a short name has a value which it cannot have
 */
export function buildVolume(item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const claim = textAt(item, "claim");
  const [namespace, name] = claim?.split("/") ?? [];
  if (item["claim"] !== undefined && item["claim"] !== null && (namespace === undefined || name === undefined)) {
    fail("value", place, `claim is ${show(item["claim"])}; allowed is namespace/name`);
  }
  const claimRef =
    namespace === undefined || name === undefined
      ? undefined
      : {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          namespace,
          name,
          uid: context.uids.uidOf("PersistentVolumeClaim", namespace, name, context.moment.key),
        };
  const size = textAt(item, "size");
  const made = {
    spec: present({ capacity: size === undefined ? undefined : { storage: size }, claimRef }),
    status: { phase: textAt(item, "phase") ?? (claimRef === undefined ? "Available" : "Bound") },
  };
  return buildObject(item, typeOf("pv"), ["claim", "size", "phase"], made, context, place);
}

/**
 * A PersistentVolumeClaim: `size`, `phase`; bound to the volume of the same moment which names it.
 * @throws ScenarioError where it has no name
 */
export function buildClaim(item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const named = nameOf(item, true);
  const volume = context.siblings("pv").find((pv) => pv["claim"] === `${named?.namespace}/${named?.name}`);
  const volumeName = volume === undefined ? undefined : nameOf(volume, false)?.name;
  const size = textAt(item, "size");
  const phase = textAt(item, "phase") ?? (volumeName === undefined ? undefined : "Bound");
  const made = {
    spec: present({ volumeName, resources: size === undefined ? undefined : { requests: { storage: size } } }),
    status: present({ phase, capacity: size === undefined || phase !== "Bound" ? undefined : { storage: size } }),
  };
  return buildObject(item, typeOf("pvc"), ["size", "phase"], made, context, place);
}

/**
 * An EndpointSlice: `svc`, `addr` (an address or a list), `targetRef` (kind/name or a list of the same length).
 * @throws ScenarioError where a short name has a value which it cannot have
 */
export function buildEndpointSlice(item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const service = textAt(item, "svc");
  const namespace = textAt(item, "ns") ?? "default";
  const addresses = texts(item["addr"]);
  const targets = texts(item["targetRef"]);
  const endpoints = addresses.map((address, at) =>
    present({
      addresses: [address],
      conditions: { ready: true },
      targetRef: targetRef(targets[at], item["targetRef"], namespace, context, place),
    }),
  );
  const base =
    service === undefined ? {} : { name: `${service}-${digest(context.scenario.id, namespace, service).slice(0, 5)}` };
  const labels = service === undefined ? {} : { "kubernetes.io/service-name": service };
  const owner = service === undefined ? {} : { owner: `Service/${service}` };
  const whole = { ...base, ...owner, ...item, labels: { ...labels, ...mapAt(item, "labels") } };
  const made = {
    addressType: addresses.some((address) => address.includes(":")) ? "IPv6" : "IPv4",
    endpoints,
    ports: [],
  };
  return buildObject(whole, typeOf("endpointslices"), ["svc", "addr", "targetRef"], made, context, place);
}

function texts(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  return isList(value) ? value.filter((one) => typeof one === "string") : [];
}

function targetRef(
  text: string | undefined,
  said: Json | undefined,
  namespace: string,
  context: ObjectContext,
  place: string,
): JsonMap | undefined {
  if (isMap(said)) return said;
  if (text === undefined) return undefined;
  const match = /^(?:([A-Za-z]+)\/)?([^/]+)$/.exec(text);
  if (match === null)
    return fail("value", place, `targetRef is ${show(text)}; allowed is kind/name, such as pod/web-0`);
  const word = match[1] ?? "Pod";
  const kind = word.charAt(0).toUpperCase() + word.slice(1);
  const name = match[2] ?? "";
  return { kind, namespace, name, uid: context.uids.uidOf(kind, namespace, name, context.moment.key) };
}

/** An object of a kind without short names of its own: Job, VolumeAttachment. */
export function buildPlain(kind: ResourceKind, item: JsonMap, context: ObjectContext, place: string): JsonMap {
  return buildObject(item, typeOf(kind), [], {}, context, place);
}

/**
 * An `object` and the name of its resource.
 * @throws ScenarioError where it does not say what it is
 */
export function buildAnyObject(
  item: JsonMap,
  context: ObjectContext,
  place: string,
): { readonly resource: string; readonly object: JsonMap } {
  const type = typeOfItem("object", item);
  if (type === undefined)
    return fail(
      "value",
      place,
      "an object needs apiVersion and kind (or keys, as a jwks; or issuer and jwks_uri, as an OpenID configuration)",
    );
  const namespaced =
    textAt(item, "ns") !== undefined || textAt(mapAt(item, "metadata"), "namespace") !== undefined || type.namespaced;
  const object = buildObject(item, { ...type, namespaced }, ["apiVersion", "kind"], {}, context, place);
  return { resource: resourceOf(type), object };
}

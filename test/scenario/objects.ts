import { buildEvent } from "./event.js";
import { type JsonMap, numberAt, textAt } from "./json.js";
import { show } from "./key.js";
import { namesMatching } from "./name-pattern.js";
import { buildNode } from "./node-object.js";
import type { ObjectContext } from "./object.js";
import { buildAnyObject, buildClaim, buildEndpointSlice, buildLease, buildPlain, buildVolume } from "./plain-object.js";
import { buildPod } from "./pod.js";
import { isResourceKind, pluralOf } from "./resource.js";
import type { ResourceKind, ScenarioArtifact, ScenarioItem } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { buildRevision, buildWorkload } from "./workload.js";

/** The objects of one resource as the collector asked for them. */
export interface ObjectList {
  /** kubectl's plural, with the group where kubectl needs it. */
  readonly resource: string;
  readonly objects: readonly JsonMap[];
  /** Whether objects were left out of it. */
  readonly cut: boolean;
}

/**
 * All lists of one moment, in the order in which the scenario names them first.
 * @throws ScenarioError where an item cannot be built
 */
export function buildLists(artifacts: readonly ScenarioArtifact[], context: ObjectContext): readonly ObjectList[] {
  const lists = new Map<string, { objects: JsonMap[]; cut: boolean }>();
  const eventNames = new Set<string>();
  const listOf = (resource: string) => {
    const list = lists.get(resource) ?? { objects: [], cut: false };
    lists.set(resource, list);
    return list;
  };
  for (const artifact of artifacts) {
    const { kind } = artifact;
    if (isResourceKind(kind)) {
      const list = listOf(pluralOf(kind));
      list.cut ||= artifact.cut;
      for (const { fields, place } of namedItems(artifact, context)) {
        list.objects.push(buildListed(kind, fields, context, place, eventNames));
      }
    } else if (kind === "object") {
      for (const { fields, place } of namedItems(artifact, context).filter((item) => !isRawAnswer(item.fields))) {
        const { resource, object } = buildAnyObject(fields, context, place);
        const list = listOf(resource);
        list.cut ||= artifact.cut;
        list.objects.push(object);
      }
    }
  }
  return [...lists].map(([resource, list]) => ({ resource, ...list }));
}

/** Whether an `object` is a raw answer of the API server: a jwks, or an OpenID configuration. */
export function isRawAnswer(item: JsonMap): boolean {
  if (item["apiVersion"] !== undefined) return false;
  return Array.isArray(item["keys"]) || textAt(item, "issuer") !== undefined;
}

/** One item for each name which `name_re` and `count` ask for; other items as they are. */
function namedItems(artifact: ScenarioArtifact, context: ObjectContext): readonly ScenarioItem[] {
  return artifact.items.flatMap((item) => {
    const pattern = item.fields["name_re"];
    if (pattern === undefined) return [item];
    const { name_re: _pattern, count, ...fields } = item.fields;
    const times = count === undefined ? 1 : numberAt(item.fields, "count");
    if (typeof pattern !== "string" || times === undefined || !Number.isInteger(times) || times < 1 || times > 10_000) {
      return fail(
        "value",
        item.place,
        `name_re is ${show(pattern)} with count ${show(count)}; allowed is a pattern with a count from 1 to 10000`,
      );
    }
    const seed = [context.scenario.id, artifact.kind, textAt(fields, "ns") ?? "", String(artifact.items.indexOf(item))];
    return namesMatching(pattern, times, seed, item.place).map((name) => ({ ...item, fields: { ...fields, name } }));
  });
}

function buildListed(
  kind: ResourceKind,
  item: JsonMap,
  context: ObjectContext,
  place: string,
  eventNames: Set<string>,
): JsonMap {
  switch (kind) {
    case "events":
      return buildEvent(item, context, place, eventNames);
    case "pods":
      return buildPod(item, context, place);
    case "nodes":
      return buildNode(item, context, place);
    case "leases":
      return buildLease(item, context, place);
    case "replicasets":
    case "daemonsets":
    case "deployments":
    case "statefulsets":
      return buildWorkload(kind, item, context, place);
    case "controllerrevisions":
      return buildRevision(item, context, place);
    case "pv":
      return buildVolume(item, context, place);
    case "pvc":
      return buildClaim(item, context, place);
    case "endpointslices":
      return buildEndpointSlice(item, context, place);
    case "jobs":
    case "volumeattachments":
      return buildPlain(kind, item, context, place);
  }
}

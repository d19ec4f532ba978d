import type { Artifact } from "#model/artifact.js";

/** A resource as kubectl names it. `group` is empty for the core group, and where the name does not say. */
export interface Resource {
  readonly plural: string;
  readonly group: string;
}

/** Reads `pods`, `pods.v1.`, `daemonsets.apps`, `daemonsets.v1.apps`, `events.events.k8s.io`. Null for what is no list of the API. */
export function resourceOf(artifact: Artifact): Resource | null {
  if (artifact.kind !== "api" || artifact.form !== "items") return null;
  const [plural, ...rest] = artifact.origin.toLowerCase().split(".");
  if (plural === undefined || !/^[a-z0-9-]{1,253}$/.test(plural)) return null;
  const group = /^v\d{1,4}(?:(?:alpha|beta)\d{1,4})?$/.test(rest[0] ?? "") ? rest.slice(1) : rest;
  return { plural, group: group.join(".") };
}

/** True for an artifact that lists one of `plurals`, in the core group or one of `groups`: `nodes.metrics.k8s.io` are no nodes. */
export function lists(artifact: Artifact, plurals: readonly string[], groups: readonly string[] = []): boolean {
  const resource = resourceOf(artifact);
  if (resource === null || !plurals.includes(resource.plural)) return false;
  return resource.group === "" || groups.includes(resource.group);
}

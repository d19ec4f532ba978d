import type { JsonMap } from "./json.js";
import type { EpochUs } from "./time.js";

/** The kinds whose items are partial objects of one Kubernetes resource. */
export const resourceKinds = [
  "events",
  "pods",
  "nodes",
  "leases",
  "replicasets",
  "daemonsets",
  "deployments",
  "statefulsets",
  "controllerrevisions",
  "pv",
  "pvc",
  "jobs",
  "endpointslices",
  "volumeattachments",
] as const;

/** A kind whose items are partial objects of one Kubernetes resource. */
export type ResourceKind = (typeof resourceKinds)[number];

/** Every kind of artifact of the format. */
export const artifactKinds = [
  ...resourceKinds,
  "object",
  "journal",
  "text",
  "ls",
  "file",
  "claims",
  "podlog",
  "note",
] as const;

/** A kind of artifact of the format. */
export type ArtifactKind = (typeof artifactKinds)[number];

/** A scenario, read and checked; `expect` is left to whoever evaluates a review. */
export interface Scenario {
  readonly id: string;
  /** IANA zone of the machines that collect. */
  readonly zone: string;
  /** Names and versions as the scenario gives them. */
  readonly cluster: JsonMap;
  readonly nodes: readonly ScenarioNode[];
  /** In the order of their collection. */
  readonly moments: readonly Moment[];
  readonly artifacts: readonly ScenarioArtifact[];
}

/** A node which the scenario names. */
export interface ScenarioNode {
  readonly name: string;
  readonly ip: string | undefined;
  readonly role: string | undefined;
}

/** One key of `bundles`: a collection of everything at one time. */
export interface Moment {
  readonly key: string;
  readonly collectedAt: EpochUs;
}

/** One artifact of the scenario. */
export interface ScenarioArtifact {
  readonly place: string;
  /** The key of its moment. */
  readonly moment: string;
  /** The hint for humans, such as `nodes/k8s01/sys/ps.txt`. */
  readonly path: string;
  readonly kind: ArtifactKind;
  /** The node of its path; null below `cluster/`. */
  readonly node: string | null;
  readonly abspath: string | undefined;
  readonly mtime: string | undefined;
  readonly mode: string | undefined;
  readonly owner: string | undefined;
  readonly size: number | undefined;
  readonly header: JsonMap;
  readonly ext: boolean;
  readonly lines: readonly ScenarioLine[];
  readonly items: readonly ScenarioItem[];
  /** Whether lines or items outside the default collection were left out of it. */
  readonly cut: boolean;
}

/** One literal line of an artifact, not yet repeated. */
export interface ScenarioLine {
  readonly place: string;
  readonly ext: boolean;
  readonly text: string;
  readonly at: EpochUs | undefined;
  /** How many times it stands there; undefined where `until` decides. */
  readonly repeat: number | undefined;
  /** The gap between two of them, in microseconds. */
  readonly every: { readonly least: number; readonly most: number } | undefined;
  readonly until: EpochUs | undefined;
  /** `name` or `namespace/name` of the pod which wrote it (podlog). */
  readonly pod: string | undefined;
  readonly container: string | undefined;
}

/** One partial object of an artifact. */
export interface ScenarioItem {
  readonly place: string;
  readonly ext: boolean;
  /** Without the marks that only a reader of the scenario needs. */
  readonly fields: JsonMap;
}

/** What a collector without its extended part brings: the scenario without what is marked `ext`. */
export function withoutExtended(scenario: Scenario): Scenario {
  const artifacts = scenario.artifacts.filter((artifact) => !artifact.ext).map(cutExtended);
  return { ...scenario, artifacts: artifacts.filter((artifact) => !(artifact.cut && isEmpty(artifact))) };
}

function cutExtended(artifact: ScenarioArtifact): ScenarioArtifact {
  const lines = artifact.lines.filter((line) => !line.ext);
  const items = artifact.items.filter((item) => !item.ext);
  const cut = lines.length < artifact.lines.length || items.length < artifact.items.length;
  return { ...artifact, lines, items, cut };
}

function isEmpty(artifact: ScenarioArtifact): boolean {
  return artifact.lines.length === 0 && artifact.items.length === 0;
}

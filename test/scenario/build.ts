import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { bundleName, type CollectorWords, finishBundle, newDraft } from "./bundle.js";
import { addClusterPart } from "./cluster-part.js";
import { isList, isMap, type JsonMap, mapAt, textAt } from "./json.js";
import { addNodePart } from "./node-part.js";
import type { ObjectContext } from "./object.js";
import { parseScenario } from "./parse.js";
import { type Moment, type Scenario, type ScenarioArtifact, withoutExtended } from "./scenario.js";
import { derivedUuid, digest } from "./seed.js";
import { signingKeys } from "./signing-key.js";
import { zoneOffset } from "./time.js";
import { registerUids } from "./uid.js";

/** What to build. */
export interface BuildOptions {
  /** Whether to include what is outside the collector's default; true where it is not said. */
  readonly ext?: boolean;
}

/** One bundle. */
export interface BuiltBundle {
  /** The archive's name, as the collector would name it. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Artifacts that a node's own part holds; all others are the cluster's or nobody's. */
const nodeKinds = new Set(["ls", "file", "claims", "journal", "text"]);

/**
 * Builds the bundles of a scenario file.
 * @throws ScenarioError where the scenario is not a good one; a system error where the file cannot be read
 */
export function buildScenarioFile(path: string, options: BuildOptions = {}): readonly BuiltBundle[] {
  return buildScenario(readFileSync(path, "utf8"), { ...options, label: basename(path) });
}

/**
 * Builds the bundles that the collector would have made: at each moment one of the cluster and one of every node that has
 * artifacts. The same text gives the same bytes.
 * @param options.label what errors call the scenario until its id is known
 * @throws ScenarioError where the scenario is not a good one
 */
export function buildScenario(
  yamlText: string,
  options: BuildOptions & { readonly label?: string } = {},
): readonly BuiltBundle[] {
  const whole = parseScenario(yamlText, options.label ?? "without a name");
  const scenario = options.ext === false ? withoutExtended(whole) : whole;
  const uids = registerUids(whole);
  return scenario.moments.flatMap((moment) => {
    const artifacts = scenario.artifacts.filter(
      (artifact) => artifact.moment === moment.key && artifact.kind !== "note",
    );
    const keys = signingKeys(whole, scenario, moment.key);
    const context: ObjectContext = { scenario, moment, uids, ...neighbours(scenario, artifacts) };
    const ofNodes = artifacts.filter((artifact) => artifact.node !== null && nodeKinds.has(artifact.kind));
    const ofCluster = artifacts.filter((artifact) => !ofNodes.includes(artifact));
    return [
      buildCluster(ofCluster, context, keys.jwks),
      ...scenario.nodes.flatMap(({ name }) => {
        const own = ofNodes.filter((artifact) => artifact.node === name);
        return own.length === 0 ? [] : [buildNodeBundle(name, own, context, keys.defaultKeyId)];
      }),
    ];
  });
}

function neighbours(
  scenario: Scenario,
  artifacts: readonly ScenarioArtifact[],
): Pick<ObjectContext, "siblings" | "nodeAddress"> {
  const siblings = (kind: string) =>
    artifacts
      .filter((artifact) => artifact.kind === kind)
      .flatMap((artifact) => artifact.items.map((item) => item.fields));
  const nodeAddress = (node: string) => {
    const item = siblings("nodes").find((one) => one["name"] === node);
    const addresses = mapAt(item ?? {}, "status")["addresses"];
    const internal = isList(addresses)
      ? addresses.filter(isMap).find((one) => one["type"] === "InternalIP")
      : undefined;
    return (internal && textAt(internal, "address")) ?? scenario.nodes.find((one) => one.name === node)?.ip;
  };
  return { siblings, nodeAddress };
}

function buildCluster(
  artifacts: readonly ScenarioArtifact[],
  context: ObjectContext,
  jwks: JsonMap | undefined,
): BuiltBundle {
  const { scenario, moment } = context;
  const draft = newDraft();
  addClusterPart(draft, artifacts, context, jwks);
  const words: CollectorWords = { node: null, part: "cluster", ...clockOf(scenario, moment) };
  return { name: bundleName("cluster", moment.collectedAt), bytes: finishBundle(draft, undefined, words) };
}

function buildNodeBundle(
  node: string,
  artifacts: readonly ScenarioArtifact[],
  context: ObjectContext,
  defaultKeyId: string,
): BuiltBundle {
  const { scenario, moment } = context;
  const draft = newDraft();
  const tree = addNodePart(draft, { scenario, moment, node, artifacts, defaultKeyId });
  const words: CollectorWords = { node: nodeWords(node, context), part: "node", ...clockOf(scenario, moment) };
  return { name: bundleName(node, moment.collectedAt), bytes: finishBundle(draft, tree, words) };
}

function clockOf(scenario: Scenario, moment: Moment): Pick<CollectorWords, "collectedAt" | "zone"> {
  return { collectedAt: moment.collectedAt, zone: zoneOffset(scenario.zone, moment.collectedAt) ?? "+0000" };
}

/** What a node says of itself: as its Node object of the moment has it, else made up alike for all nodes. */
function nodeWords(node: string, context: ObjectContext): JsonMap {
  const item = context.siblings("nodes").find((one) => one["name"] === node);
  const info = mapAt(mapAt(item ?? {}, "status"), "nodeInfo");
  return {
    name: node,
    hostname: node,
    machine_id_sha256: digest(context.scenario.id, "machine id", node),
    boot_id: textAt(info, "bootID") ?? derivedUuid(context.scenario.id, "boot", node),
    kernel: textAt(info, "kernelVersion") ?? "5.15.0-101-generic",
    os: textAt(info, "osImage") ?? "Ubuntu 22.04.4 LTS",
  };
}

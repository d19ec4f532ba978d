import { parse } from "yaml";
import { isList, isMap, type Json, type JsonMap, mapAt, textAt } from "./json.js";
import { checkKeys, show } from "./key.js";
import { parseArtifact } from "./parse-artifact.js";
import type { Moment, Scenario, ScenarioNode } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { parseTime, writeStamp, zoneOffset } from "./time.js";

const schema = "forensic-scenario/1";
const scenarioKeys = [
  "schema",
  "id",
  "title",
  "source",
  "note",
  "tz",
  "cluster",
  "nodes",
  "bundles",
  "artifacts",
  "expect",
];
const momentKeys = ["collected_at", "note"];

/**
 * Reads and checks a scenario file.
 * @param label what to call it until its id is known, such as its path
 * @throws ScenarioError on anything that the format does not allow
 */
export function parseScenario(yamlText: string, label: string): Scenario {
  const root = readYaml(yamlText, `scenario ${label}`);
  const id = textAt(root, "id") ?? label;
  const place = `scenario ${id}`;
  if (root["schema"] !== schema) fail("schema", place, `schema is ${show(root["schema"])}; allowed is ${schema}`);
  checkKeys(root, scenarioKeys, place);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(textAt(root, "id") ?? "")) {
    fail("value", place, `id is ${show(root["id"])}; allowed are letters, digits, ".", "_" and "-"`);
  }
  if (root["expect"] !== undefined && !isMap(root["expect"])) fail("value", place, "expect must be a map");
  if (root["cluster"] !== undefined && !isMap(root["cluster"])) fail("value", place, "cluster must be a map");
  const nodes = parseNodes(root["nodes"], place);
  const moments = parseMoments(root["bundles"], place);
  const artifacts = root["artifacts"] ?? [];
  if (!isList(artifacts)) return fail("value", place, "artifacts must be a list");
  const known = { moments: moments.map((moment) => moment.key), nodes: nodes.map((node) => node.name) };
  return {
    id,
    zone: parseZone(root["tz"], moments, place),
    cluster: mapAt(root, "cluster"),
    nodes,
    moments,
    artifacts: artifacts.map((artifact, at) => parseArtifact(artifact, known, `${place}: artifact ${at + 1}`)),
  };
}

function readYaml(text: string, place: string): JsonMap {
  let root: unknown;
  try {
    root = parse(text, { version: "1.2", prettyErrors: true });
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split(":\n");
    return fail("yaml", place, `not readable as YAML: ${reason}`);
  }
  return isMap(root) ? root : fail("schema", place, "a scenario must be a map");
}

function parseNodes(value: Json | undefined, place: string): readonly ScenarioNode[] {
  if (!isList(value)) return fail("value", place, `nodes is ${show(value)}; it must be a list of maps with a name`);
  const nodes = value.map((node, at) => {
    const name = isMap(node) ? textAt(node, "name") : undefined;
    if (!isMap(node) || name === undefined || !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name)) {
      return fail("value", `${place}: node ${at + 1}`, `${show(node)} must be a map with the node's DNS name as name`);
    }
    return { name, ip: textAt(node, "ip"), role: textAt(node, "role") };
  });
  const twice = nodes.find((node, at) => nodes.findIndex((other) => other.name === node.name) < at);
  if (twice !== undefined) fail("conflict", place, `node ${twice.name} is named twice`);
  return nodes;
}

function parseMoments(value: Json | undefined, place: string): readonly Moment[] {
  if (!isMap(value) || Object.keys(value).length === 0) {
    return fail("value", place, `bundles is ${show(value)}; it must be a map of moments, each with collected_at`);
  }
  const moments = Object.entries(value).map(([key, moment]) => {
    const at = `${place}: bundle ${key}`;
    if (!isMap(moment)) return fail("value", at, "it must be a map with collected_at");
    checkKeys(moment, momentKeys, at);
    const collectedAt = parseTime(moment["collected_at"]);
    if (collectedAt === undefined) {
      return fail(
        "value",
        at,
        `collected_at is ${show(moment["collected_at"])}; allowed is UTC such as 2026-05-23T02:52:00Z`,
      );
    }
    return { key, collectedAt };
  });
  moments.sort((one, other) => one.collectedAt - other.collectedAt);
  moments.forEach((moment, at) => {
    const before = moments[at - 1];
    if (before !== undefined && writeStamp(before.collectedAt) === writeStamp(moment.collectedAt)) {
      fail(
        "conflict",
        place,
        `bundles ${before.key} and ${moment.key} have the same collected_at, hence the same archive names`,
      );
    }
  });
  return moments;
}

function parseZone(value: Json | undefined, moments: readonly Moment[], place: string): string {
  const zone = isMap(value) ? (value["bundle"] ?? "UTC") : (value ?? "UTC");
  if (typeof zone !== "string" || moments.some((moment) => zoneOffset(zone, moment.collectedAt) === undefined)) {
    return fail(
      "value",
      place,
      `tz.bundle is ${show(zone)}; allowed is an IANA zone such as UTC or Australia/Brisbane`,
    );
  }
  return zone;
}

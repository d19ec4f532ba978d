import { type Attempt, addOutput, type Draft } from "./bundle.js";
import { isList, isMap, type JsonMap, mapAt, textAt } from "./json.js";
import { textOutput } from "./node-part.js";
import type { ObjectContext } from "./object.js";
import { buildLists, isRawAnswer, type ObjectList } from "./objects.js";
import { slugOf, textOriginOf } from "./origin.js";
import { inOrderOfTime, type WrittenLine, writtenLines } from "./repeat.js";
import type { ScenarioArtifact } from "./scenario.js";
import { fail } from "./scenario-error.js";
import { writeMicros } from "./time.js";
import { buildVersion } from "./version.js";

/**
 * Adds everything that the collector would ask the API server for.
 * @param artifacts those of the moment
 * @param jwks the signing keys; undefined where they were not asked for
 * @throws ScenarioError where an object or a line cannot be built
 */
export function addClusterPart(
  draft: Draft,
  artifacts: readonly ScenarioArtifact[],
  context: ObjectContext,
  jwks: JsonMap | undefined,
): void {
  const lists = withNodeNames(buildLists(artifacts, context), context);
  const add = (name: string, content: string, attempt: Attempt) =>
    addOutput(draft, "bundle/cluster", name, content, attempt, context.moment.collectedAt);
  for (const { name, origin, value, cut } of [...rawAnswers(artifacts, context, jwks), ...lists.map(listAnswer)]) {
    add(name, `${JSON.stringify(value, null, 4)}\n`, { kind: "api", origin, coverage: cut ? "truncated" : "complete" });
  }
  for (const artifact of artifacts.filter((one) => one.kind === "text")) {
    const origin = textOriginOf(artifact, context.scenario.id);
    if (origin.kind !== "command") {
      fail("path", artifact.place, "a text below cluster/ must be the output of a command");
    }
    const content = textOutput(artifact, context.scenario.id);
    const coverage = artifact.cut ? "truncated" : "complete";
    add(`cmd/${slugOf(artifact.path)}.txt`, content, { kind: "command", origin: origin.command, coverage });
  }
  for (const log of podLogs(artifacts, lists, context)) {
    const coverage = log.cut ? "truncated" : "complete";
    add(`logs/${log.name}.log`, log.content, { kind: "podlog", origin: log.origin, coverage });
  }
}

/** A JSON answer of the API server. */
interface Answer {
  readonly name: string;
  readonly origin: string;
  readonly value: JsonMap;
  readonly cut: boolean;
}

function listAnswer({ resource, objects, cut }: ObjectList): Answer {
  const value = { apiVersion: "v1", items: objects, kind: "List", metadata: { resourceVersion: "" } };
  return { name: `${resource}.json`, origin: resource, value, cut };
}

function rawAnswers(
  artifacts: readonly ScenarioArtifact[],
  context: ObjectContext,
  jwks: JsonMap | undefined,
): readonly Answer[] {
  const said = artifacts.filter((artifact) => artifact.kind === "object").flatMap((artifact) => artifact.items);
  const openId = said.map((item) => item.fields).find((item) => isRawAnswer(item) && !isList(item["keys"]));
  const version = buildVersion(context.scenario.cluster);
  const answers = [
    { name: "version.json", origin: "/version", value: version, cut: false },
    { name: "jwks.json", origin: "/openid/v1/jwks", value: jwks, cut: false },
    { name: "openid-configuration.json", origin: "/.well-known/openid-configuration", value: openId, cut: false },
  ];
  return answers.filter((answer): answer is Answer => answer.value !== undefined);
}

/** The names of the nodes are known to every collection, their state only where the scenario lists them. */
function withNodeNames(lists: readonly ObjectList[], context: ObjectContext): readonly ObjectList[] {
  if (lists.some((list) => list.resource === "nodes")) return lists;
  const objects = context.scenario.nodes.map(({ name }) => ({ apiVersion: "v1", kind: "Node", metadata: { name } }));
  return [{ resource: "nodes", objects, cut: false }, ...lists];
}

interface PodLog {
  readonly name: string;
  readonly origin: string;
  readonly content: string;
  readonly cut: boolean;
}

function podLogs(
  artifacts: readonly ScenarioArtifact[],
  lists: readonly ObjectList[],
  context: ObjectContext,
): readonly PodLog[] {
  const pods = lists.find((list) => list.resource === "pods")?.objects ?? [];
  const logs = new Map<string, { lines: WrittenLine[]; cut: boolean }>();
  for (const artifact of artifacts.filter((one) => one.kind === "podlog")) {
    const previous = /previous/.test(artifact.path) ? "#previous" : "";
    for (const line of writtenLines(artifact.lines, [context.scenario.id, artifact.path])) {
      const key = `${originOf(line, artifact, pods)}${previous}`;
      const log = logs.get(key) ?? { lines: [], cut: false };
      log.lines.push(line);
      log.cut ||= artifact.cut;
      logs.set(key, log);
    }
  }
  return [...logs].map(([origin, { lines, cut }]) => {
    const name = origin.replaceAll("/", "_").replace("#", ".");
    return { name, origin, content: inOrderOfTime(lines).map(logLine).join(""), cut };
  });
}

/** `namespace/pod/container` of a line; what it leaves out, the pod list of the moment or the artifact's path tells. */
function originOf(line: WrittenLine, artifact: ScenarioArtifact, pods: readonly JsonMap[]): string {
  const said = (line.source.pod ?? slugOf(artifact.path)).split("/");
  const name = said.length === 1 ? said[0] : said[1];
  const pod = pods.find((object) => {
    const metadata = mapAt(object, "metadata");
    return metadata["name"] === name && (said.length === 1 || metadata["namespace"] === said[0]);
  });
  const folder = artifact.path.split("/").slice(0, -1).at(-1) ?? "";
  const byPath = /^(cluster|logs|podlogs?|pods|nodes)$/.test(folder) || artifact.node !== null ? "default" : folder;
  const namespace =
    (said.length > 1 ? said[0] : undefined) ?? textAt(mapAt(pod ?? {}, "metadata"), "namespace") ?? byPath;
  const containers = mapAt(pod ?? {}, "spec")["containers"];
  const first = isList(containers) && isMap(containers[0]) ? textAt(containers[0], "name") : undefined;
  const container =
    line.source.container ?? said[2] ?? first ?? (name ?? "").replace(/(?<=.)(-[a-z0-9]{8,10})?-[a-z0-9]{5}$/, "");
  return `${namespace}/${name}/${container}`;
}

function logLine({ at, text }: WrittenLine): string {
  const stamp = at === undefined ? "" : `${writeMicros(at).replace("Z", "000Z")} `;
  return text
    .split("\n")
    .map((part) => `${stamp}${part}\n`)
    .join("");
}

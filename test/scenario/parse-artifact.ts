import { isList, isMap, type Json, type JsonMap, mapAt, numberAt, textAt } from "./json.js";
import { checkKeys, marks, show, withoutMarks } from "./key.js";
import { parseLine } from "./parse-line.js";
import {
  type ArtifactKind,
  artifactKinds,
  resourceKinds,
  type ScenarioArtifact,
  type ScenarioItem,
} from "./scenario.js";
import { fail } from "./scenario-error.js";
import { isPathTime } from "./time.js";

/** The names an artifact may refer to. */
export interface KnownNames {
  readonly moments: readonly string[];
  readonly nodes: readonly string[];
}

const artifactKeys = [
  "bundle",
  "path",
  "kind",
  "lines",
  "items",
  "abspath",
  "mtime",
  "mode",
  "owner",
  "size",
  "header",
];
const kindsWithItems: readonly ArtifactKind[] = [...resourceKinds, "object", "claims"];
const kindsOfNode: readonly ArtifactKind[] = ["journal", "ls", "file", "claims"];

/**
 * Reads and checks one artifact.
 * @throws ScenarioError on anything that the format does not allow
 */
export function parseArtifact(value: Json, known: KnownNames, at: string): ScenarioArtifact {
  if (!isMap(value)) return fail("value", at, `${show(value)} must be a map`);
  const path = textAt(value, "path") ?? "";
  const place = `${at} (${path})`;
  checkKeys(withoutMarks(value), [...artifactKeys, ...marks], place);
  const kind = artifactKinds.find((name) => name === value["kind"]);
  if (kind === undefined)
    return fail("value", place, `kind is ${show(value["kind"])}; allowed: ${artifactKinds.join(", ")}`);
  const moment = known.moments.find((key) => key === value["bundle"]);
  if (moment === undefined) {
    return fail("value", place, `bundle is ${show(value["bundle"])}; allowed: ${known.moments.join(", ")}`);
  }
  const takesItems = kindsWithItems.includes(kind);
  if (kind !== "note") checkContents(value, kind, takesItems, place);
  return {
    place,
    moment,
    path,
    kind,
    node: nodeOf(path, kind, known, place),
    ...parseFileFields(value, kind, place),
    ext: value["ext"] === true,
    lines:
      takesItems || kind === "note"
        ? []
        : listAt(value, "lines").map((line, nth) => parseLine(line, kind, `${place}, line ${nth + 1}`)),
    items: takesItems ? listAt(value, "items").map((item, nth) => parseItem(item, `${place}, item ${nth + 1}`)) : [],
    cut: false,
  };
}

function listAt(map: JsonMap, key: string): readonly Json[] {
  const list = map[key];
  return isList(list) ? list : [];
}

function checkContents(value: JsonMap, kind: ArtifactKind, takesItems: boolean, place: string): void {
  const [wanted, other] = takesItems ? ["items", "lines"] : ["lines", "items"];
  if (value[other] !== undefined) fail("key", place, `kind ${kind} takes ${wanted}, not ${other}`);
  const optional = kind === "file" && value["size"] !== undefined;
  if (!isList(value[wanted]) && !(optional && value[wanted] === undefined)) {
    fail(
      "value",
      place,
      `${wanted} is ${show(value[wanted])}; kind ${kind} needs a list (empty where nothing was there)`,
    );
  }
}

function nodeOf(path: string, kind: ArtifactKind, known: KnownNames, place: string): string | null {
  const [folder, name, ...rest] = path.split("/");
  if (kind === "note") return null;
  if (folder === "cluster" && name !== undefined && name !== "") {
    return kindsOfNode.includes(kind) ? fail("path", place, `kind ${kind} needs a path nodes/<node>/…`) : null;
  }
  if (folder !== "nodes" || name === undefined || rest.join("") === "") {
    return fail("path", place, `path is ${show(path)}; allowed is cluster/… or nodes/<node>/…`);
  }
  if (!known.nodes.includes(name)) {
    return fail("path", place, `node "${name}" is not among the scenario's nodes: ${known.nodes.join(", ")}`);
  }
  return name;
}

type FileFields = Pick<ScenarioArtifact, "abspath" | "mtime" | "mode" | "owner" | "size" | "header">;

function parseFileFields(value: JsonMap, kind: ArtifactKind, place: string): FileFields {
  if (value["header"] !== undefined && (kind !== "claims" || !isMap(value["header"]))) {
    fail("key", place, "header must be a map {alg, kid}, and only kind claims has one");
  }
  for (const key of ["abspath", "mtime"]) {
    if (value[key] !== undefined && textAt(value, key) === undefined)
      fail("value", place, `${key} is ${show(value[key])}; allowed is text`);
  }
  const mtime = textAt(value, "mtime");
  if (mtime !== undefined && !isPathTime(mtime)) {
    fail(
      "value",
      place,
      `mtime is ${show(mtime)}; allowed is UTC cut where knowledge ends: 2024-06, 2024-06-12, 2024-06-12T08:42Z, 2024-06-12T08:42:07Z`,
    );
  }
  const size = numberAt(value, "size");
  if (value["size"] !== undefined && (size === undefined || !Number.isSafeInteger(size) || size < 0)) {
    fail("value", place, `size is ${show(value["size"])}; allowed is a number of bytes`);
  }
  const owner = value["owner"];
  return {
    abspath: textAt(value, "abspath"),
    mtime,
    mode: parseMode(value["mode"], place),
    owner: owner === undefined ? undefined : String(owner),
    size,
    header: mapAt(value, "header"),
  };
}

function parseMode(value: Json | undefined, place: string): string | undefined {
  if (value === undefined) return undefined;
  const mode = String(value).padStart(4, "0");
  return /^[0-7]{4}$/.test(mode)
    ? mode
    : fail("value", place, `mode is ${show(value)}; allowed are octal digits such as "0600"`);
}

function parseItem(value: Json, place: string): ScenarioItem {
  if (!isMap(value)) return fail("value", place, `${show(value)} must be a map`);
  return { place, ext: value["ext"] === true, fields: withoutMarks(value) };
}

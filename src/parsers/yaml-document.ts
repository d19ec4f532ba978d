import { type Document, isAlias, isMap, isScalar, LineCounter, parseDocument, visit } from "yaml";

const YAML_CHARS = 262_144;

/** A YAML document as plain values, and where its values stand. */
export interface YamlDocument {
  readonly value: unknown;
  /** Line (from 1) of the value at a path of keys and indices; null where there is none. */
  readonly lineOf: (path: readonly (string | number)[]) => number | null;
}

/**
 * Reads one YAML document, at most 256 KiB. Aliases, merge keys, tags of its own and duplicate keys are refused: no writer of a kubeconfig
 * uses them, and each has been used to exhaust or to mislead a reader. The text in place of a document says why it was refused, never
 * with the library's message, which quotes the line.
 */
export function readYaml(content: string): YamlDocument | string {
  if (content.length > YAML_CHARS) return `longer than ${YAML_CHARS} characters`;
  const lines = new LineCounter();
  try {
    const document = parseDocument(content, {
      // The library's own check is quadratic in the width of a map.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "silent",
      stringKeys: true,
      strict: true,
      lineCounter: lines,
    });
    const fault = document.errors[0];
    if (fault !== undefined) return `not valid YAML, at line ${Math.max(1, lines.linePos(fault.pos[0]).line)}`;
    if (document.warnings.length > 0) return "YAML with tags which no kubeconfig has";
    // With a silent log the library also keeps silent about a second document.
    if (document.range[2] < content.trimEnd().length) return "more than one YAML document";
    const refused = refusal(document);
    if (refused !== null) return refused;
    return { value: document.toJS({ maxAliasCount: 0 }), lineOf: (path) => lineOf(document, lines, path) };
  } catch {
    return "not valid YAML";
  }
}

function refusal(document: Document): string | null {
  let found: string | null = null;
  visit(document, (_, node) => {
    if (isAlias(node)) found = "YAML with aliases";
    if (isMap(node)) {
      const keys = new Set(node.items.map((pair) => (isScalar(pair.key) ? pair.key.value : null)));
      if (keys.size < node.items.length) found = "YAML with a key that stands twice in one map";
      if (keys.has("<<")) found = "YAML with merge keys";
    }
    return found === null ? undefined : visit.BREAK;
  });
  return found;
}

function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number | null {
  const node: unknown = document.getIn(path, true);
  return isScalar(node) && node.range ? lines.linePos(node.range[0]).line : null;
}

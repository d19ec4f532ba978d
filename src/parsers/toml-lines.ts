const LINE_CHARS = 4_096;

/** Where a key, or (key `""`) the header of its table, stands: `["plugins","cri","cni"]`, `"conf_dir"` → line, counted from 1. */
export type LineOf = (table: readonly string[], key: string) => number | null;

/**
 * Finds the lines of table headers and keys in TOML text, by looking at line beginnings only. For locators: a parser decides what the text
 * means. Does not know multi-line strings or inline tables, so a line within one may be taken for a key.
 */
export function tomlLines(text: string): LineOf {
  const lines = new Map<string, number>();
  let table: readonly string[] = [];
  text.split("\n").forEach((whole, index) => {
    const row = whole.slice(0, LINE_CHARS).trimStart();
    if (row.startsWith("[")) {
      table = keyParts(row.slice(row.startsWith("[[") ? 2 : 1));
      remember(lines, table, "", index + 1);
      return;
    }
    const equals = row.indexOf("=");
    if (equals <= 0 || row.startsWith("#")) return;
    const parts = keyParts(row.slice(0, equals));
    remember(lines, [...table, ...parts.slice(0, -1)], parts.at(-1) ?? "", index + 1);
  });
  return (path, key) => lines.get(JSON.stringify([path, key])) ?? null;
}

function remember(lines: Map<string, number>, table: readonly string[], key: string, line: number): void {
  const id = JSON.stringify([table, key]);
  if (!lines.has(id)) lines.set(id, line);
}

/** The parts of a dotted key up to its end or a `]`: bare, "basic" or 'literal' (TOML 1.0, "Keys"). */
function keyParts(text: string): readonly string[] {
  const parts: string[] = [];
  const part = /\s*(?:"([^"]{0,512})"|'([^']{0,512})'|([A-Za-z0-9_-]{1,512}))\s*(\.?)/y;
  for (let found = part.exec(text); found !== null && parts.length < 32; found = part.exec(text)) {
    parts.push(found[1] ?? found[2] ?? found[3] ?? "");
    if (found[4] === "") break;
  }
  return parts;
}

import { parse } from "smol-toml";
import { isRecord } from "./fields.js";

/** The parsed document, or null with what is wrong. The library's message quotes the source line, so it is not passed on. */
export function parseToml(
  content: string,
  template: boolean,
): { readonly document: unknown; readonly problem: string | null } {
  const direct = tryToml(content);
  if (direct.document !== null) return { document: direct.document, problem: null };
  if (template && content.includes("{{")) {
    const actions = content.split("\n").map((row) => (row.trimStart().startsWith("{{") ? "" : row));
    const { document } = tryToml(actions.join("\n"));
    if (document !== null)
      return { document, problem: "a Go template: read without the lines that are template actions" };
    return { document: null, problem: "a Go template that is no TOML without its actions" };
  }
  return { document: null, problem: `not valid TOML${direct.line === null ? "" : `, at line ${direct.line}`}` };
}

function tryToml(content: string): { readonly document: unknown; readonly line: number | null } {
  try {
    return { document: parse(content, { integersAsBigInt: "asNeeded" }), line: null };
  } catch (error) {
    const line = isRecord(error) ? error["line"] : null;
    return { document: null, line: typeof line === "number" ? line : null };
  }
}

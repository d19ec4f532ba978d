import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** One line of one of the collector's own tables: a step that gathers something. */
export interface Step {
  readonly table: string;
  readonly verb: string;
  readonly words: readonly string[];
}

const script = readFileSync("collect.sh", "utf8");

/** Every function that is a table: its name ends in _steps or _units, and it prints lines. */
export function steps(): readonly Step[] {
  const found: Step[] = [];
  for (const [source, table = ""] of script.matchAll(/^(\w+_(?:steps|units))\(\) \{\n(?:.*\n)*?\}$/gm)) {
    const { stdout, status } = spawnSync("sh", ["-c", `${source}\n${table}`], { encoding: "utf8" });
    if (status !== 0) throw new Error(`the table ${table} of collect.sh cannot be read on its own`);
    for (const line of stdout.split("\n")) {
      const words = line.split(/\s+/).filter((word) => word !== "");
      if (words.length === 0) continue;
      if (table.endsWith("_units")) for (const word of words) found.push({ table, verb: "unit", words: [word] });
      else found.push({ table, verb: words[0] ?? "", words: words.slice(1) });
    }
  }
  return found;
}

/** The names of programs that a pattern such as AGENTS='a|b[a-z]*' means. */
export function programs(variable: string): readonly string[] {
  const [, pattern] = new RegExp(`^${variable}='([^']*)'`, "m").exec(script) ?? [];
  if (pattern === undefined) throw new Error(`collect.sh has no ${variable}`);
  return pattern.split("|").map((name) => name.replaceAll(/\[[^\]]*\]\*/g, ""));
}

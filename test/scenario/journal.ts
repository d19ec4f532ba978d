import type { WrittenLine } from "./repeat.js";
import { derivedInteger } from "./seed.js";
import { writeJournalTime } from "./time.js";

const klogPid = /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} +(\d+) /;
const ownIdentifier = /^(kernel|[\w.@/-]+\[\d+\]): /;
const managerLine =
  /^(?:Started|Stopped|Starting|Stopping|Reloaded|Reloading) .*(?:\.service\b|Service for snap)|^[\w.@-]+\.service: /;

/** The unit of a journal's path: its last part without `.log`. */
export function unitOf(path: string): string {
  return (path.split("/").at(-1) ?? path).replace(/\.log$/, "");
}

/**
 * One line of `journalctl -o short-iso-precise --utc`.
 * A text that names its own writer (`systemd[1]: …`, `kernel: …`) keeps it; systemd's own words about a unit are systemd's.
 */
export function journalLine(line: WrittenLine, node: string, unit: string, seed: string): string {
  const head = `${writeJournalTime(line.at ?? 0)} ${node} `;
  const writer = ownIdentifier.test(line.text) ? "" : `${writerOf(line.text, node, unit, seed)}: `;
  // journalctl indents what follows a line break to the column of the message.
  const indent = " ".repeat(head.length + writer.length);
  return `${head}${writer}${line.text.replace(/\n/g, `\n${indent}`)}`;
}

function writerOf(text: string, node: string, unit: string, seed: string): string {
  if (unit === "kernel") return "kernel";
  if (managerLine.test(text)) return "systemd[1]";
  const pid = klogPid.exec(text)?.[1] ?? String(derivedInteger(600, 32_000, seed, "pid", node, unit));
  return `${unit.replace(/^snap\./, "").replace(/\.service$/, "")}[${pid}]`;
}

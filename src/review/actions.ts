import type { Finding } from "#model/finding.js";
import type { Draft } from "#model/review.js";
import type { CommandGroup, Consequence } from "#model/rule.js";
import { plainText } from "#model/statement.js";
import { type Brief, utcOf } from "./inquest.js";
import { lastingOf } from "./lasting.js";
import { tracesOf } from "./traces.js";

type Action = Draft["actions"][number];
const PRIORITY: readonly Action["priority"][] = ["Urgent", "High", "Medium", "Low"];

/** All actions once, most urgent first, each with the findings that it covers. */
export function gatherActions(b: Brief): Action[] {
  const actions = new Map<string, Action>();
  const past = new Set(lastingOf(b).unlooked.map((f) => f.id));
  for (const finding of b.findings) {
    for (const action of b.consequence(finding).actions) {
      const named = typeof action.title === "string" ? action.title : plainText(action.title);
      // Nobody knows that it is still to be done.
      const isDoubtful = past.has(finding.id) && action.type === "repair";
      const title = isDoubtful ? `Where it still holds: ${named}` : named;
      const known = actions.get(title);
      if (known) known.covers.push(finding.id);
      else
        actions.set(title, {
          title,
          type: action.type,
          priority: isDoubtful && action.priority === "Urgent" ? "High" : action.priority,
          due: utcOf(action.due ?? null),
          doneWhen: action.doneWhen,
          covers: [finding.id],
        });
    }
  }
  return [...actions.values()].sort(
    (x, y) => PRIORITY.indexOf(x.priority) - PRIORITY.indexOf(y.priority) || (x.title < y.title ? -1 : 1),
  );
}

/** What is still to be done about findings that are not over, root first, then the commands that verify. */
export function gatherFixes(b: Brief): Pick<Draft["resolution"], "fix" | "verification"> {
  const ordered = [...b.findings].sort((x, y) => rank(b, x) - rank(b, y) || (x.id < y.id ? -1 : 1));
  const fix = ordered
    .filter((f) => f.ended === null)
    .flatMap((f) =>
      b.consequence(f).fix.map(({ step, commands }) => ({
        finding: f.id,
        ...(typeof step === "string" ? { step } : { step: plainText({ parts: step }), parts: [...step] }),
        commands: [...commands],
      })),
    );
  const groups = ordered.flatMap((f) => b.consequence(f).verify.map(grouped));
  const distinct = [...new Map(groups.map((group) => [JSON.stringify(group.map((c) => c.run)), group])).values()];
  return { fix, verification: distinct.flat() };
}

/** A command alone is a group of its own: what belongs together is never taken apart because another group shares a part of it. */
const grouped = (entry: Consequence["verify"][number]): CommandGroup => ("run" in entry ? [entry] : entry);

const rank = (b: Brief, finding: Finding): number => (b.roots.has(finding.id) ? 0 : b.isSymptom(finding) ? 2 : 1);

/** What a bundle cannot know; a person answers, or the question stays printed. */
const OPEN_AFTER_SYMPTOMS: readonly string[] = [
  "Who noticed first, when and how? Was there an alert?",
  "What was believed at first, which options were weighed, and what was decided when?",
  "Which users or services felt it, and how is its severity judged?",
  "Was there a runbook, and was it followed?",
];
const ALWAYS_OPEN: readonly string[] = ["Which tickets belong to this, and who owns each action, by when?"];

export function gatherQuestions(b: Brief): string[] {
  if (b.findings.length === 0) return [];
  const own = b.findings.flatMap((f) => b.consequence(f).questions);
  const repaired =
    b.changes.some((c) => c.kind === "repair") || tracesOf(b, "written").length > 0
      ? ["Who made the changes listed under Resolution, on what grounds, and what else was done that left no trace?"]
      : [];
  const felt = b.findings.some(b.isSymptom) ? OPEN_AFTER_SYMPTOMS : [];
  return [...new Set([...own, ...repaired, ...felt, ...ALWAYS_OPEN])];
}

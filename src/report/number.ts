import { InquestError } from "#model/error.js";
import { type Evidence, evidenceKey, formatLocator } from "#model/evidence.js";
import { type Draft, type Review, type ReviewStatement, reviewSchema } from "#model/review.js";
import { plainText, type Statement } from "#model/statement.js";

type ReviewEvidence = Review["evidence"][string];

/** Evidence met so far: key → id, id → what is printed. */
interface Register {
  readonly ids: Map<string, string>;
  readonly evidence: Map<string, ReviewEvidence>;
}

/**
 * Turns a draft into a review: every statement gets its text and the ids of its evidence (E1, E2, … by first citation in the order of
 * the schema's keys, which is the order of print), and the review is checked against its contract.
 * @throws InquestError E_INTERNAL where the draft does not fit the contract.
 */
export function numberEvidence(draft: Draft): Review {
  const register: Register = { ids: new Map(), evidence: new Map() };
  const numbered = convert(draft, register) as object;
  const parsed = reviewSchema.safeParse({ ...numbered, evidence: Object.fromEntries(register.evidence) });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InquestError(
      "E_INTERNAL",
      "review",
      `the review does not fit its schema at ${issue?.path.map(String).join(".") ?? "its root"} (${issue?.code ?? "unknown"})`,
      "report this with the bundle's sha256; it is a fault of inquest",
    );
  }
  return renumber(parsed.data);
}

function convert(value: unknown, register: Register): unknown {
  if (Array.isArray(value)) return value.map((entry) => convert(entry, register));
  if (typeof value !== "object" || value === null) return value;
  if (isStatement(value)) return numberStatement(value, register);
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      key === "evidence" ? (entry as readonly Evidence[]).map((e) => idOf(e, register)) : convert(entry, register),
    ]),
  );
}

const isStatement = (value: object): value is Statement => "parts" in value && "evidence" in value && "source" in value;

function numberStatement(statement: Statement, register: Register): ReviewStatement {
  return {
    text: plainText(statement),
    parts: statement.parts.map(shownPart),
    evidence: statement.evidence.map((e) => idOf(e, register)),
    source: statement.source,
  };
}

/** What a number was counted from is for the engine, which has settled it. */
function shownPart(part: Statement["parts"][number]): ReviewStatement["parts"][number] {
  if (part.kind !== "text" && part.kind !== "word") return { ...part };
  return { kind: part.kind, text: part.text };
}

function idOf(e: Evidence, register: Register): string {
  const key = evidenceKey(e);
  const known = register.ids.get(key);
  if (known !== undefined) return known;
  const id = `E${register.ids.size + 1}`;
  register.ids.set(key, id);
  const { bundle, node, member, origin, sha256, excerpt } = e;
  const locator = formatLocator(e.locator);
  const entry = { bundle, node, member, origin, locator, sha256, excerpt };
  register.evidence.set(id, e.cut ? { ...entry, cut: e.cut } : entry);
  return id;
}

/** The draft's keys may stand in any order; the parsed review's stand in the schema's, so the final numbers are given here. */
function renumber(review: Review): Review {
  const { evidence, ...rest } = review;
  const ids = new Map<string, string>();
  const print = relabel(rest, ids) as Omit<Review, "evidence">;
  const entries = [...ids].flatMap(([old, id]) => {
    const entry = evidence[old];
    return entry === undefined ? [] : [[id, entry] as const];
  });
  const { custody, ...before } = print;
  return { ...before, evidence: Object.fromEntries(entries), custody };
}

function relabel(value: unknown, ids: Map<string, string>): unknown {
  if (Array.isArray(value)) return value.map((entry) => relabel(entry, ids));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key,
      key === "evidence" ? (entry as readonly string[]).map((old) => newId(old, ids)) : relabel(entry, ids),
    ]),
  );
}

function newId(old: string, ids: Map<string, string>): string {
  const id = ids.get(old) ?? `E${ids.size + 1}`;
  ids.set(old, id);
  return id;
}

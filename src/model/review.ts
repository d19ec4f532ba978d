import { z } from "zod";
import type { Statement } from "./statement.js";

export const REVIEW_SCHEMA = "inquest-review/1";

/** A time in JSON: ISO 8601 in UTC, cut where its precision ends (`2024-06`, `2026-05-22T22:20Z`, `2026-05-23T02:01:31Z`). */
const utc = z.string();

const part = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
  z.strictObject({ kind: z.literal("code"), text: z.string() }),
  z.strictObject({ kind: z.literal("word"), text: z.string() }),
  z.strictObject({ kind: z.literal("time"), epochMs: z.number(), precisionMs: z.number() }),
]);

const reference = z.strictObject({ source: z.string(), version: z.string() });

/** One sentence: its text with times in UTC, its parts for printers, the ids of its evidence, and where it comes from. */
const statement = z.strictObject({
  text: z.string(),
  parts: z.array(part),
  evidence: z.array(z.string()),
  source: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("evidence") }),
    z.strictObject({ kind: z.literal("known"), reference }),
    z.strictObject({ kind: z.literal("told"), by: z.string() }),
  ]),
});

const confidence = z.enum(["observed", "established", "probable", "possible"]);

const command = z.strictObject({ run: z.string(), expect: z.string().nullable() });

const missing = z.strictObject({
  kind: z.string(),
  node: z.string().nullable(),
  what: z.string(),
  why: z.string(),
  command: z.string(),
});

/** Warnings that say the same, seen without being a finding. */
const warning = z.strictObject({
  /** Id and title of the benign rule that knows them; null where none does. */
  rule: z.string().nullable(),
  title: z.string().nullable(),
  form: z.enum(["event", "log"]),
  /** Reason of the events; where the lines stand (unit, path or command). */
  name: z.string(),
  /** Benign: what was shown. Unexplained: why the rule did not take them for benign, null where there is no rule. */
  reason: z.string().nullable(),
  /** Warnings, a lower bound; objects and nodes concerned. */
  count: z.number(),
  objects: z.number(),
  nodes: z.array(z.string()),
  statements: z.array(statement),
});

/** Kinds of warnings that are not listed, and how many warnings they are. */
const unlisted = z.strictObject({ kinds: z.number(), count: z.number() });

/** The contract of `review.json`. Keys stand in the order in which the review prints them: evidence is numbered by first citation in it. */
export const reviewSchema = z.strictObject({
  schema: z.literal(REVIEW_SCHEMA),
  tool: z.strictObject({ name: z.literal("inquest"), version: z.string() }),
  title: z.string(),
  slug: z.string(),
  /** Date of the incident in the report's zone, YYYY-MM-DD. */
  date: z.string(),
  zone: z.string(),
  tags: z.array(z.string()),
  status: z.enum(["Resolved", "Partially Resolved", "Ongoing", "Latent", "No fault found", "Undetermined"]),
  /** What that word leaves open, where what failed is over and no more than that is known. */
  statusReason: z.string().optional(),
  /** Proposed from evidence; a person decides. */
  severity: z.strictObject({
    proposed: z.enum(["Critical", "High", "Medium", "Low", "None"]),
    reason: z.string(),
    /** The lists that were searched, where the reason is that something is not in them. */
    evidence: z.array(z.string()).optional(),
  }),
  /** Of what could be seen: begin of the symptoms and their end; null where the evidence has none. */
  duration: z.strictObject({
    from: utc.nullable(),
    to: utc.nullable(),
    activeMs: z.number().nullable(),
    /** True where nothing bounds the end but the later collection that no longer showed it: it is then at most so long. */
    endIsBound: z.literal(true).optional(),
    /** Null where it is not known, or (see below) not to the second. */
    latentMs: z.number().nullable(),
    /** Milliseconds, at least and at most, where the time at which the fault was laid is known coarsely only. */
    latentBetweenMs: z.strictObject({ least: z.number(), most: z.number() }).optional(),
    /** Set where only the latest is known that the fault can have been laid: it lay for at least so long. */
    latentIsLeast: z.literal(true).optional(),
    /** Of what laid the fault, where that is less than established. */
    latentConfidence: confidence.optional(),
    /** Where a proven recovery lies between what failed: each outage on its own. `exact`: its end is known, and no mere bound. */
    outages: z
      .array(
        z.strictObject({
          from: utc,
          to: utc.nullable(),
          activeMs: z.number().nullable(),
          exact: z.boolean(),
        }),
      )
      .optional(),
  }),
  summary: z.array(z.array(statement)),
  forecasts: z.array(
    z.strictObject({
      mechanism: z.string(),
      /** What the mechanism is, in words. */
      title: z.string(),
      rule: z.string(),
      node: z.string(),
      at: utc.nullable(),
      on: z.string(),
      unless: z.string(),
      confidence,
      /** What a forecast that is no more than probable rests on unseen. */
      unverified: z.array(z.string()).optional(),
      statements: z.array(statement),
    }),
  ),
  timeline: z.array(z.strictObject({ at: utc, approximate: z.boolean(), statement, source: z.string() })),
  chains: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      /** Finding ids, effect first, root last. */
      steps: z.array(z.string()),
      answers: z.array(z.strictObject({ finding: z.string(), question: z.string(), statements: z.array(statement) })),
      /** From this index on the steps are those of another chain, told there. */
      continuesIn: z.strictObject({ chain: z.string(), fromStep: z.number() }).nullable(),
      stop: z.string(),
    }),
  ),
  hypotheses: z.array(
    z.strictObject({
      mechanism: z.string(),
      title: z.string(),
      of: z.array(z.string()),
      status: z.enum(["refuted", "open"]),
      statements: z.array(statement),
      missing: z.array(missing),
      evidence: z.array(z.string()),
    }),
  ),
  findings: z.array(
    z.strictObject({
      id: z.string(),
      /** Id of the rule: a mechanism or symptom of the catalogue. */
      mechanism: z.string(),
      title: z.string(),
      /** The title as a noun phrase, short enough to begin a line with. */
      label: z.string().optional(),
      role: z.enum(["trigger", "latent-condition", "contributing-factor", "failure", "symptom", "impact"]),
      /** True where it ends a chain. */
      root: z.boolean(),
      confidence,
      nodes: z.array(z.string()),
      moments: z.array(z.string()),
      since: utc.nullable(),
      lastSeen: utc.nullable(),
      endedBy: utc.nullable(),
      /** Set where what failed was over by a later collection, which did not look whether this still holds. */
      unlooked: z.literal(true).optional(),
      statements: z.array(statement),
      unverified: z.array(z.string()),
    }),
  ),
  links: z.array(
    z.strictObject({
      cause: z.string(),
      effect: z.string(),
      relation: z.enum(["triggers", "enables", "propagates", "prevents-recovery", "conceals"]),
      order: z.enum(["verified", "unverified"]),
      confidence,
    }),
  ),
  impact: z.strictObject({
    rows: z.array(
      z.strictObject({
        subject: z.string(),
        effect: statement,
        wanted: z.number().nullable(),
        available: z.number().nullable(),
        since: utc.nullable(),
        until: utc.nullable(),
      }),
    ),
    intervals: z.array(z.strictObject({ name: z.string(), statement })),
    scope: z.array(statement),
  }),
  resolution: z.strictObject({
    /** How the evidence leads to the cause, in order; `finding` is null where it tells what ruled the rivals out. */
    diagnosis: z
      .array(
        z.strictObject({
          finding: z.string().nullable(),
          /** Where it was looked up: a command that anyone can repeat, or a file on a node. */
          looked: z.array(
            z.strictObject({ node: z.string().nullable(), kind: z.enum(["command", "file"]), text: z.string() }),
          ),
          statements: z.array(statement),
        }),
      )
      .optional(),
    changes: z.array(
      z.strictObject({
        rule: z.string(),
        kind: z.enum(["repair", "recovery", "regression", "change"]),
        at: utc.nullable(),
        statements: z.array(statement),
      }),
    ),
    /** Where one collection only tells of the way out: what its times show, which is no more than that one thing followed on another. */
    traces: z
      .array(z.strictObject({ kind: z.enum(["written", "recovered"]), at: utc, statements: z.array(statement) }))
      .optional(),
    fix: z.array(
      z.strictObject({
        finding: z.string(),
        /** In words, times in UTC; `parts` is there where a time is among them, for printers. */
        step: z.string(),
        parts: z.array(part).optional(),
        commands: z.array(command),
      }),
    ),
    verification: z.array(command),
  }),
  lessons: z.strictObject({ well: z.array(statement), badly: z.array(statement), surprise: z.array(statement) }),
  actions: z.array(
    z.strictObject({
      title: z.string(),
      type: z.enum(["prevent", "mitigate", "detect", "repair", "process"]),
      priority: z.enum(["Urgent", "High", "Medium", "Low"]),
      /** By when, where the evidence sets a date. */
      due: utc.nullable(),
      doneWhen: z.string(),
      /** Findings that it covers. */
      covers: z.array(z.string()),
    }),
  ),
  questions: z.array(z.string()),
  gaps: z.array(
    z.strictObject({
      kind: z.string(),
      node: z.string().nullable(),
      what: z.string(),
      why: z.string(),
      command: z.string(),
      /** Ids of the rules that wait for it, and what they would decide, in words. */
      blocks: z.array(z.string()),
      decides: z.array(z.string()),
    }),
  ),
  technical: z.strictObject({
    environment: z.array(z.strictObject({ name: z.string(), statement })),
    signatures: z.array(z.strictObject({ title: z.string(), text: z.string(), evidence: z.array(z.string()) })),
  }),
  references: z.array(reference),
  examined: z.array(statement),
  /** Warnings that no finding tells of, the commonest first: those whose harmlessness was shown, and those that no rule explains. */
  warnings: z.strictObject({
    benign: z.array(warning),
    unexplained: z.array(warning),
    more: z.strictObject({ benign: unlisted, unexplained: unlisted }),
  }),
  moments: z.array(
    z.strictObject({ id: z.string(), from: utc, to: utc, bundles: z.array(z.string()), nodes: z.array(z.string()) }),
  ),
  evidence: z.record(
    z.string(),
    z.strictObject({
      bundle: z.string(),
      node: z.string().nullable(),
      member: z.string(),
      origin: z.string(),
      locator: z.string(),
      sha256: z.string(),
      excerpt: z.string(),
      /** There where the member was not had in full: what is counted in it is a lower bound. */
      cut: z.literal(true).optional(),
    }),
  ),
  /** Bundles that were named and could not be used. */
  refused: z.array(z.strictObject({ file: z.string(), code: z.string(), message: z.string(), hint: z.string() })),
  custody: z.array(
    z.strictObject({
      id: z.string(),
      file: z.string(),
      sha256: z.string(),
      node: z.string().nullable(),
      collector: z.string(),
      collectedFrom: utc,
      collectedTo: utc,
      state: z.enum(["complete", "partial", "interrupted"]),
      manifest: z.enum(["verified", "missing", "mismatch"]),
      /** There where SHA256SUMS beside the file names it. */
      sums: z.enum(["verified", "mismatch"]).optional(),
      /** There where whoever collected said so. */
      case: z.string().optional(),
      operator: z.string().optional(),
      members: z.number(),
      issues: z.array(z.strictObject({ code: z.string(), member: z.string().nullable(), message: z.string() })),
    }),
  ),
});

/** What `review.json` holds and every printer gets: sorted, counted, numbered. */
export type Review = z.infer<typeof reviewSchema>;
export type ReviewStatement = z.infer<typeof statement>;

/** A review before its evidence is numbered: statements still carry it. */
export type Draft = Unnumbered<Omit<Review, "evidence">>;

type Unnumbered<T> = T extends ReviewStatement
  ? Statement
  : T extends readonly (infer U)[]
    ? Unnumbered<U>[]
    : T extends object
      ? { [K in keyof T]: K extends "evidence" ? readonly import("./evidence.js").Evidence[] : Unnumbered<T[K]> }
      : T;

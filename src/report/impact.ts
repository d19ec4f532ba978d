import type { Review } from "#model/review.js";

type Row = Review["impact"]["rows"][number];

/** The kinds of what can be affected; a subject is `volume pvc-…`, `Deployment ns/name`. */
const KIND =
  /^(volume|Pod|Deployment|StatefulSet|ReplicaSet|DaemonSet|ReplicationController|Job|CronJob|Service|Node) +(\S.*)$/s;

/** What is affected: the word for its kind, and its name. */
export interface Affected {
  /** Empty where the subject names none. */
  readonly kind: string;
  readonly name: string;
}

/** One row of the table: a subject, or several of one kind which fared alike. */
export interface ImpactGroup extends Omit<Row, "subject"> {
  /** `6 volumes`; null for a single one, which is named itself. */
  readonly count: string | null;
  readonly only: Affected | null;
}

/** The members of a row which stands for several, each with its own evidence. */
export interface ImpactMembers {
  readonly count: string;
  /** What tells its row from others of the same count; null where there is none such. */
  readonly row: Pick<Row, "effect" | "since" | "until"> | null;
  readonly members: readonly (Affected & { readonly evidence: readonly string[] })[];
}

/** Rows of the table, and below it what the counted ones stand for. */
export function impactGroups(review: Review): {
  readonly rows: readonly ImpactGroup[];
  readonly members: readonly ImpactMembers[];
} {
  const groups = new Map<string, Row[]>();
  for (const row of review.impact.rows) {
    const { kind } = affected(row.subject);
    const { subject, effect, ...rest } = row;
    const key = kind === "" ? subject : JSON.stringify([kind, effect.parts, effect.source, rest]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const all = [...groups.values()];
  const told = review.findings.flatMap((f) => (f.role === "impact" ? f.statements : []));
  const isCut = [...told, ...review.impact.rows.map((row) => row.effect)].some((statement) =>
    statement.evidence.some((id) => review.evidence[id]?.cut),
  );
  return {
    rows: all.map((rows) => groupOf(rows, isCut)),
    members: toldApart(all.filter((rows) => rows.length > 1).map(membersOf)),
  };
}

/** Only where two of them go by one count: a list needs no more than its number else. */
const toldApart = (lists: readonly ImpactMembers[]): readonly ImpactMembers[] =>
  lists.map((list) =>
    lists.some((other) => other !== list && other.count === list.count) ? list : { ...list, row: null },
  );

/** The first word of a subject is its kind where it is one that we know. */
export function affected(subject: string): Affected {
  const found = KIND.exec(subject);
  return { kind: found?.[1] ?? "", name: found?.[2] ?? subject };
}

function groupOf(rows: readonly Row[], isCut: boolean): ImpactGroup {
  const { subject, effect, ...rest } = rows[0] as Row;
  if (rows.length === 1) return { ...rest, effect, count: null, only: affected(subject) };
  const evidence = [...new Set(rows.flatMap((row) => row.effect.evidence))];
  const count = `${isCut ? "at least " : ""}${countOf(rows)}`;
  return { ...rest, effect: { ...effect, evidence }, count, only: null };
}

const membersOf = (rows: readonly Row[]): ImpactMembers => ({
  count: countOf(rows),
  row: rows[0] ? { effect: { ...rows[0].effect, evidence: [] }, since: rows[0].since, until: rows[0].until } : null,
  members: rows.map((row) => ({ ...affected(row.subject), evidence: row.effect.evidence })),
});

const countOf = (rows: readonly Row[]): string => `${rows.length} ${affected(rows[0]?.subject ?? "").kind}s`;

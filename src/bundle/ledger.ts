import type { CustodyIssue } from "#model/artifact.js";

/** What can be wrong with a bundle that is read all the same. */
export type IssueCode =
  /** gzip ends early. */
  | "W_GZ_TRUNCATED"
  /** tar ends inside a member. */
  | "W_PARTIAL"
  /** tar has no end mark: members may be missing behind the last. */
  | "W_NO_EOF"
  | "W_NAME"
  | "W_LINK"
  | "W_TYPE"
  | "W_DUP"
  /** collector.json is missing or not as the layout says. */
  | "W_COLLECTOR"
  /** The collector did not end by itself. */
  | "W_STATE"
  | "W_SUM"
  /** index.tsv is missing, or a row of it cannot be used. */
  | "W_INDEX"
  /** A member without a row in index.tsv: not read. */
  | "W_UNLISTED"
  /** A row of index.tsv whose member is not there. */
  | "W_MISSING"
  | "W_MANIFEST"
  | "W_MANIFEST_MISMATCH"
  | "W_MANIFEST_MISSING"
  | "W_MANIFEST_EXTRA"
  /** A member, item or line is longer than its limit. */
  | "W_LIMIT"
  /** A list of the API server that says itself that there is more. */
  | "W_PAGE"
  /** A list, or an item of it, is not as JSON wants it. */
  | "W_JSON"
  /** A credential was masked on reading. */
  | "W_SECRET"
  /** A parser failed on the member. */
  | "W_SINK";

/** Gathers issues: hostile input must not turn into a million of them, so each code shows its first few and a count. */
export interface Ledger {
  readonly note: (code: IssueCode, member: string | null, message: string) => void;
  readonly secret: (member: string, rule: string) => void;
  readonly list: () => readonly CustodyIssue[];
}

const SHOWN_PER_CODE = 50;

export function createLedger(): Ledger {
  const issues: CustodyIssue[] = [];
  const counts = new Map<IssueCode, number>();
  const secrets = new Map<string, { member: string; rule: string; values: number }>();
  const note = (code: IssueCode, member: string | null, message: string): void => {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    if (count <= SHOWN_PER_CODE) issues.push({ code, member, message });
  };
  return {
    note,
    secret: (member, rule) => {
      const key = `${rule} ${member}`;
      const known = secrets.get(key) ?? { member, rule, values: 0 };
      secrets.set(key, { ...known, values: known.values + 1 });
    },
    list: () => [...issues, ...secretIssues(secrets.values()), ...overflow(counts)],
  };
}

function secretIssues(secrets: Iterable<{ member: string; rule: string; values: number }>): CustodyIssue[] {
  return [...secrets].slice(0, 4 * SHOWN_PER_CODE).map(({ member, rule, values }) => ({
    code: "W_SECRET",
    member,
    message: `rule ${rule} masked ${values} value${values === 1 ? "" : "s"} on reading; the bundle itself still holds ${values === 1 ? "it" : "them"}`,
  }));
}

function overflow(counts: ReadonlyMap<IssueCode, number>): CustodyIssue[] {
  return [...counts]
    .filter(([, count]) => count > SHOWN_PER_CODE)
    .map(([code, count]) => ({ code, member: null, message: `${count - SHOWN_PER_CODE} more of this kind` }));
}

import type { Instant } from "./instant.js";

/**
 * What is known of one collected thing's completeness. `absent`: looked for, and it does not exist.
 * `lost`: the collector had it, and the bundle holds it no more, not as the manifest says, or not so that it can be read.
 * `not-attempted`: nobody looked; never read as absence.
 */
export type Coverage = "complete" | "truncated" | "failed" | "denied" | "absent" | "lost" | "not-attempted";

/** How the content of a member is handed on: whole, line by line, or (kubectl lists) item by item. */
export type ContentForm = "whole" | "lines" | "items";

export type ArtifactKind = "file" | "command" | "journal" | "proc" | "api" | "podlog" | "paths" | "collector";

/** One collected thing. `node` is null for the cluster's part. */
export interface Artifact {
  /** sha256 of the bundle file, 64 hex digits. */
  readonly bundle: string;
  readonly node: string | null;
  readonly kind: ArtifactKind;
  /** Real path on the node, command line, unit, `/proc/<pid>/<file>`, kubectl plural or URL path, `<ns>/<pod>/<container>`. */
  readonly origin: string;
  /** Member name without the `bundle/` folder; null where there is no output. */
  readonly member: string | null;
  /** sha256 of the member as it lies in the bundle. */
  readonly sha256: string | null;
  readonly coverage: Coverage;
  readonly exit: number | null;
  /** First line of stderr, or an explanation; for `proc` the name of the process. */
  readonly note: string | null;
  readonly collectedAt: Instant | null;
  readonly bytes: number | null;
  readonly form: ContentForm;
}

/** What is wrong with a bundle or a member, and what was done about it. */
export interface CustodyIssue {
  readonly code: string;
  /** Member, or null for the bundle as a whole. */
  readonly member: string | null;
  readonly message: string;
}

/** Where a bundle comes from and how far it can be trusted. */
export interface Custody {
  readonly file: string;
  /** sha256 of the bundle file; the bundle's id. */
  readonly sha256: string;
  readonly bytes: number;
  readonly schema: string;
  readonly collector: string;
  readonly collectorSha256: string | null;
  readonly node: string | null;
  /** What leads to `node` where the record has lost the name (model/nameless.ts); not set where the record says it. */
  readonly nodeBy?: string;
  readonly hostname: string | null;
  readonly machineIdSha256: string | null;
  readonly bootId: string | null;
  readonly kernel: string | null;
  readonly os: string | null;
  readonly parts: readonly ("node" | "cluster")[];
  readonly state: "complete" | "partial" | "interrupted";
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly zone: string;
  readonly synchronised: "yes" | "no" | "unknown";
  /** The collecting machine's clock minus the API server's, seconds; null where not measured. */
  readonly apiOffsetS: number | null;
  readonly apiOffsetErrorS: number | null;
  readonly members: number;
  /** `verified`: every member hashes to its manifest entry. */
  readonly manifest: "verified" | "missing" | "mismatch";
  /** What SHA256SUMS beside the file says of it; null where there is no such line. */
  readonly sums: "verified" | "mismatch" | null;
  /** What whoever collected said for the chain of custody. */
  readonly caseId: string | null;
  readonly operator: string | null;
  readonly issues: readonly CustodyIssue[];
}

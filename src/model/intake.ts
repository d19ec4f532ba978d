import type { Artifact } from "./artifact.js";
import type { CoverageEntry, Fact, FactKind, ParseIssue } from "./fact.js";

/**
 * Takes the content of one artifact as the bundle reader streams it: by `whole`, `line` or `item`, after the artifact's `form`.
 * All calls are synchronous. `end` comes once, with `complete: false` where the content was cut. A sink that throws costs its artifact only.
 */
export interface Sink {
  readonly whole?: (text: string) => void;
  /** Lines count from 1, come without their line end and cut at the line limit. */
  readonly line?: (text: string, line: number) => void;
  /** One element of a List's `items`, already parsed, with its index. */
  readonly item?: (item: unknown, index: number) => void;
  readonly end: (complete: boolean) => void;
}

/** What all parsers together made of the bundles. */
export interface Intake {
  readonly artifacts: readonly Artifact[];
  readonly facts: readonly Fact[];
  readonly issues: readonly ParseIssue[];
  readonly coverage: readonly CoverageEntry[];
}

/** Where a parser puts what it finds. */
export interface Emit {
  readonly fact: (fact: Fact) => void;
  readonly issue: (code: string, message: string, line?: number) => void;
}

/** One artifact format. `kinds` are what it can yield, for coverage: an artifact that yields nothing still was looked at. */
export interface Parser {
  readonly id: string;
  readonly kinds: readonly FactKind[];
  readonly accepts: (artifact: Artifact) => boolean;
  readonly open: (artifact: Artifact, emit: Emit) => Sink;
}

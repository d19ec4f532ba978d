import type { IssueCode } from "./ledger.js";
import type { SecretHit } from "./redact.js";

/** How much of a member's content reached its sink: `none` where it is not what its form says. */
export type Yield = "all" | "part" | "none";

/** Turns one member's bytes into calls of its sink. */
export interface Feeder {
  readonly data: (chunk: Buffer) => void;
  /** To be called once; `complete` is false where the member was cut before it came here. */
  readonly end: (complete: boolean) => Yield;
}

/** Where a feeder reports to; the member is known there. */
export interface FeederNotes {
  readonly note: (code: IssueCode, message: string) => void;
  readonly secret: SecretHit;
}

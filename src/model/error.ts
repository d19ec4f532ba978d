/** The codes of everything that stops the work. Bad content never does: it becomes a parse issue or a gap. */
export type ErrorCode =
  | "E_USAGE"
  | "E_OPEN"
  | "E_NOT_FILE"
  | "E_EMPTY"
  | "E_FORMAT"
  | "E_GZIP"
  | "E_BOMB"
  | "E_ENTRIES"
  | "E_TAR"
  | "E_TYPE"
  | "E_META"
  | "E_NAME"
  | "E_DUP"
  | "E_TRAILING"
  | "E_SCHEMA"
  | "E_NO_BUNDLE"
  | "E_CLUSTERS"
  | "E_DEADLINE"
  | "E_OUTPUT"
  | "E_SECRET"
  | "E_RULE"
  | "E_INTERNAL";

/**
 * The one error class. `message` says what happened, `hint` what to do next, `subject` which file (and member) it concerns.
 * Neither holds text from inside a bundle, except member names with their control characters made visible.
 */
export class InquestError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly subject: string;

  constructor(code: ErrorCode, subject: string, message: string, hint: string) {
    super(message);
    this.name = "InquestError";
    this.code = code;
    this.subject = subject;
    this.hint = hint;
  }
}

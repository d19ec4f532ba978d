import { type ErrorCode, InquestError } from "#model/error.js";
import { mask } from "#model/mask.js";
import { visibleLine } from "./visible.js";

/** An error as data: an Error loses its own fields between threads. */
export interface Failure {
  readonly kind: "failed";
  readonly code: ErrorCode;
  readonly subject: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * Any error as one that can be printed. The message of an error that is not ours is dropped, since parsers quote their input in it; its
 * name and the place in our code tell enough to find the fault.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof InquestError) {
    const { code, subject, message, hint } = error;
    return { kind: "failed", code, subject, message, hint };
  }
  const name = error instanceof Error ? error.constructor.name : typeof error;
  const place = error instanceof Error ? /\/src\/([\w/.-]{1,80}:\d{1,6})/.exec(error.stack ?? "")?.[1] : undefined;
  return {
    kind: "failed",
    code: "E_INTERNAL",
    subject: place ?? "unknown place",
    message: `${name} that nothing caught`,
    hint: "report this with the command line and the sha256 of the bundles; it is a fault of inquest",
  };
}

/** Documented in `inquest --help`: stable. What stops the reading of one bundle stops the review where no bundle is left. */
export const EXIT = {
  written: 0,
  usage: 2,
  noBundle: 3,
  incomplete: 4,
  secret: 5,
  bug: 70,
  output: 74,
  deadline: 75,
} as const;

/** The exit code for an error. */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case "E_USAGE":
    case "E_CLUSTERS":
      return EXIT.usage;
    case "E_SECRET":
      return EXIT.secret;
    case "E_OUTPUT":
      return EXIT.output;
    case "E_DEADLINE":
      return EXIT.deadline;
    case "E_RULE":
    case "E_INTERNAL":
      return EXIT.bug;
    default:
      return EXIT.noBundle;
  }
}

const LONGEST = 160;

/** `inquest: <code> <subject>: <message>` and what to do next; two lines that no name from outside can lengthen or colour. */
export const renderFailure = (failure: Failure): string =>
  `inquest: ${failure.code} ${shown(failure.subject)}: ${shown(failure.message)}\n  next: ${shown(failure.hint)}\n`;

function shown(text: string): string {
  const line = mask(visibleLine(text));
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}

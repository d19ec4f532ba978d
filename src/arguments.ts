import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { DEFAULT_LIMITS, type Limits } from "#bundle/limits.js";
import { reviewJsonSchema } from "#report/json.js";
import type { Work } from "./worker.js";

/** What the arguments ask for. */
export type Task = { readonly kind: "print"; readonly text: string } | ReviewTask;

export interface ReviewTask {
  readonly kind: "review";
  readonly bundles: readonly string[];
  readonly options: ReviewOptions;
}

interface ReviewOptions {
  readonly output: string;
  readonly tz: string;
  readonly format?: readonly string[];
  readonly moment?: number;
  readonly deadline: number;
  readonly strict?: boolean;
  readonly quiet?: boolean;
  readonly [limit: `max${string}`]: number | undefined;
}

export const FORMATS = ["md", "json"];
const DEADLINE_S = 600;
const MINUTE_MS = 60_000;
/** setTimeout takes no more. */
const LONGEST_DEADLINE_S = 2_000_000;

/** Flag → limit. The flag's name follows from the limit's: `memberBytes` → `--max-member-bytes`. */
const LIMIT_NAMES: Readonly<Record<keyof Limits, string>> = {
  fileBytes: "a bundle file",
  inflatedBytes: "everything that comes out of one bundle",
  ratio: "inflated to compressed bytes",
  ratioAfterBytes: "inflated bytes from which the ratio counts",
  members: "members of one bundle",
  streamedMemberBytes: "a member read line by line or item by item",
  itemBytes: "one item of a list",
  lineBytes: "one line of a log",
  memberBytes: "any other member",
  jsonDepth: "nested objects and arrays",
  nameBytes: "the name of a member",
  levels: "folders in the name of a member",
};

const EXIT_CODES = `
Exit codes:
  0   the review was written (whatever it found)
  2   the arguments are wrong
  3   no bundle could be read
  4   the review was written, but evidence is incomplete (--strict only)
  5   a secret would have been written; nothing was
  70  a fault of inquest
  74  the output could not be written
  75  the deadline passed; nothing was written

Writes <date>-<slug>.md and .json into the output folder and replaces earlier files of these names.
Reads nothing but the bundles and uses no network.`;

/** Reads the arguments; `print` gets the text of help and version. @throws CommanderError for help, version and wrong arguments. */
export function readArguments(argv: readonly string[], print: (text: string) => void): Task {
  let task: Task | undefined;
  const program = quietProgram(new Command("inquest"), print)
    .description(
      "Reads evidence bundles of Kubernetes nodes and writes a post-incident review in which every sentence cites its evidence.",
    )
    .version(ownVersion())
    .addHelpText("after", EXIT_CODES);
  const review = quietProgram(program.command("review"), print)
    .description("review one incident from the bundles of its nodes")
    .argument("<bundle...>", "what collect.sh wrote (.tar.gz or .tar)")
    .option("-o, --output <dir>", "folder for the review", ".")
    .option("--tz <zone>", "IANA zone in which times are printed", zoneName, "UTC")
    .option("--format <md|json>", "write this form only; may be repeated (default: both)", formats)
    .option("--moment <minutes>", "bundles collected within so many minutes of each other show one moment", wholeNumber)
    .option("--deadline <seconds>", "give up after so long", deadline, DEADLINE_S)
    .option("--strict", "exit 4 where evidence is incomplete")
    .option("-q, --quiet", "print nothing but errors");
  for (const [key, what] of Object.entries(LIMIT_NAMES) as [keyof Limits, string][])
    review.option(`--max-${kebab(key)} <n>`, `limit of ${what} (default: ${DEFAULT_LIMITS[key]})`, wholeNumber);
  review.action((bundles: string[], options: ReviewOptions) => {
    task = { kind: "review", bundles, options };
  });
  quietProgram(program.command("schema"), print)
    .description("print the JSON Schema of the JSON review")
    .action(() => {
      task = { kind: "print", text: `${JSON.stringify(reviewJsonSchema(), null, 2)}\n` };
    });
  program.parse([...argv], { from: "user" });
  if (task === undefined) throw new InvalidArgumentError("no command given");
  return task;
}

const quietProgram = (command: Command, print: (text: string) => void): Command =>
  command.exitOverride().configureOutput({ writeOut: print, writeErr: () => {}, outputError: () => {} });

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const ownVersion = (): string =>
  String(
    (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: unknown }).version,
  );

function zoneName(zone: string): string {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: zone });
    return zone;
  } catch {
    throw new InvalidArgumentError("It is no time zone known here; Australia/Brisbane is one.");
  }
}

function formats(format: string, before: readonly string[] = []): readonly string[] {
  if (!FORMATS.includes(format)) throw new InvalidArgumentError("It is md or json.");
  return [...before, format];
}

function wholeNumber(text: string): number {
  const n = Number(text);
  if (!/^[0-9]{1,15}$/.test(text) || n < 1) throw new InvalidArgumentError("It is a whole number, 1 or more.");
  return n;
}

function deadline(text: string): number {
  const seconds = wholeNumber(text);
  if (seconds > LONGEST_DEADLINE_S) throw new InvalidArgumentError(`It is ${LONGEST_DEADLINE_S} at most.`);
  return seconds;
}

/** The task as the worker takes it. */
export function workOf({ bundles, options }: ReviewTask): Work {
  const limits = Object.fromEntries(
    (Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]).map((key) => [
      key,
      options[`max${key.charAt(0).toUpperCase()}${key.slice(1)}`] ?? DEFAULT_LIMITS[key],
    ]),
  ) as unknown as Limits;
  const moment = options.moment === undefined ? {} : { momentGapMs: options.moment * MINUTE_MS };
  return { paths: bundles, options: { zone: options.tz, limits, ...moment } };
}

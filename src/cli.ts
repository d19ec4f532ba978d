#!/usr/bin/env node
import { Worker } from "node:worker_threads";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { DEFAULT_LIMITS, type Limits } from "#bundle/limits.js";
import { InquestError } from "#model/error.js";
import { VERSION } from "#model/version.js";
import { EXIT, exitCodeOf, failureOf, renderFailure } from "#report/failure.js";
import { reviewJsonSchema } from "#report/json.js";
import { writeFiles } from "#report/output.js";
import { renderSummary } from "#report/summary.js";
import { visibleLine } from "#report/visible.js";
import type { Report, Work } from "./worker.js";

type Done = Extract<Report, { kind: "done" }>;

/** What the arguments ask for. */
type Task = { readonly kind: "print"; readonly text: string } | ReviewTask;

interface ReviewTask {
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

const FORMATS = ["md", "json"];
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
  2   the arguments are wrong, or name bundles of two clusters
  3   no bundle could be read
  4   the review was written, but evidence is incomplete (--strict only; see review --help)
  5   a secret would have been written; nothing was
  70  a fault of inquest
  74  the output could not be written
  75  the deadline passed; nothing was written

Writes <date>-<slug>.md and .json into the output folder and replaces earlier files of these names.
Reads nothing but the bundles and uses no network.`;

/** Reads the arguments; `print` gets the text of help and version. @throws CommanderError for help, version and wrong arguments. */
function readArguments(argv: readonly string[], print: (text: string) => void): Task {
  let task: Task | undefined;
  const program = quietProgram(new Command("inquest"), print)
    .description(
      "Reads evidence bundles of Kubernetes nodes and writes a post-incident review in which every sentence cites its evidence.",
    )
    .version(VERSION)
    .addHelpText("after", EXIT_CODES);
  const review = quietProgram(program.command("review"), print)
    .description("review one incident from the bundles of its nodes")
    .argument("<bundle...>", "what collect.sh wrote, or a folder of such files")
    .option("-o, --output <dir>", "folder for the review", folder, ".")
    .option("--tz <zone>", "IANA zone in which times are printed", zoneName, "UTC")
    .option("--format <md|json>", "write this form only; may be repeated (default: both)", formats)
    .option("--moment <minutes>", "bundles collected within so many minutes of each other show one moment", wholeNumber)
    .option("--deadline <seconds>", "give up after so long", deadline, DEADLINE_S)
    .option(
      "--strict",
      "exit 4 where evidence is incomplete: a bundle left out or damaged, a collection failed or cut, or an explanation left open for want of evidence",
    )
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

/** An empty one, as of a shell variable that is not set, would be the working directory. */
function folder(path: string): string {
  if (path === "") throw new InvalidArgumentError("It is empty; . is the working directory.");
  return path;
}

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
function workOf({ bundles, options }: ReviewTask): Work {
  const limits = Object.fromEntries(
    (Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]).map((key) => [
      key,
      options[`max${key.charAt(0).toUpperCase()}${key.slice(1)}`] ?? DEFAULT_LIMITS[key],
    ]),
  ) as unknown as Limits;
  const moment = options.moment === undefined ? {} : { momentGapMs: options.moment * MINUTE_MS };
  return { paths: bundles, options: { zone: options.tz, limits, ...moment } };
}

/** Runs the review in a worker, ended at the deadline. @throws InquestError */
function runWorker(work: Work, deadlineS: number, onProgress: (line: string) => void): Promise<Done> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: work, stdout: true, stderr: true });
  return new Promise<Done>((resolve, reject) => {
    const hint = "raise --deadline, or review fewer bundles at once";
    const late = new InquestError("E_DEADLINE", "review", `not done within ${deadlineS} s; nothing was written`, hint);
    const timer = setTimeout(() => reject(late), deadlineS * 1000);
    const end = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    worker.on("message", (report: Report) => {
      if (report.kind === "progress") onProgress(report.line);
      else if (report.kind === "done") end(() => resolve(report));
      else end(() => reject(new InquestError(report.code, report.subject, report.message, report.hint)));
    });
    worker.on("error", (error) => end(() => reject(error)));
    worker.on("exit", () => end(() => reject(new Error("the worker ended without a review"))));
  }).finally(() => worker.terminate());
}

/** What gaps say of a collection that was tried and is not whole, or of a rule that broke on it. */
const NOT_WHOLE =
  /^(?:cut at a limit|collection failed|collected, but not readable|permission denied|the rule failed)\b/;

/**
 * Incomplete: a bundle was left out, is not whole or not what the manifest says; a collection failed or was cut; or what is missing keeps an
 * explanation open. What was not collected and would decide nothing here does not count: there is always something.
 */
const isIncomplete = ({ review, refused }: Done): boolean =>
  refused.length > 0 ||
  review.gaps.some((gap) => NOT_WHOLE.test(gap.why)) ||
  review.hypotheses.some((h) => h.status === "open" && h.missing.length > 0) ||
  review.custody.some((c) => c.state !== "complete" || c.manifest !== "verified" || c.issues.length > 0);

/** One line for each bundle that is not what its collector wrote; the review's table of bundles says the rest. */
const damages = ({ review }: Done): readonly string[] =>
  review.custody.flatMap(({ file, issues: [first, ...more] }) =>
    first === undefined
      ? []
      : [
          `${first.code} ${file}${first.member === null ? "" : ` ${first.member}`}: ${first.message}${more.length > 0 ? ` (and ${more.length} more: see the review)` : ""}`,
        ],
  );

async function reviewTask(task: ReviewTask): Promise<number> {
  const { options, bundles } = task;
  const tell = process.stderr.isTTY === true && options.quiet !== true;
  const onProgress = (line: string) => {
    if (tell) process.stderr.write(`inquest: ${visibleLine(line)}\n`);
  };
  const done = await runWorker(workOf(task), options.deadline, onProgress);
  for (const failure of done.refused) process.stderr.write(renderFailure(failure));
  for (const damage of options.quiet === true ? [] : damages(done))
    process.stderr.write(`inquest: ${visibleLine(damage)}\n`);
  const wanted = options.format ?? FORMATS;
  const chosen = done.files.filter((file) => wanted.some((format) => file.name.endsWith(`.${format}`)));
  const written = writeFiles(options.output, chosen, bundles);
  if (options.quiet !== true)
    await print(
      renderSummary(done.review, { zone: options.tz, colour: hasColour(), width: columns(), files: written }),
    );
  return options.strict === true && isIncomplete(done) ? EXIT.incomplete : EXIT.written;
}

const hasColour = (): boolean =>
  process.stdout.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";

const columns = (): number | null => (process.stdout.isTTY === true ? (process.stdout.columns ?? null) : null);

/** @throws InquestError E_OUTPUT where standard output takes no more (a closed pipe, a full disk). */
async function print(text: string): Promise<void> {
  const failed = await new Promise<boolean>((resolve) => {
    process.stdout.once("error", () => resolve(true));
    process.stdout.write(text, (error) => resolve(error != null));
  });
  if (failed)
    throw new InquestError("E_OUTPUT", "standard output", "cannot write to it", "write to a file, or use --quiet");
}

async function main(argv: readonly string[]): Promise<number> {
  let helped = "";
  try {
    const task = readArguments(argv, (text) => {
      helped += text;
    });
    if (task.kind === "review") return await reviewTask(task);
    await print(task.text);
    return EXIT.written;
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(error);
    // Commander takes the exit code of a help that was asked for from process.exitCode, which is set until the end.
    if (error.exitCode !== 0 && helped === "") return fail(usage(error, argv));
    return print(helped).then(() => EXIT.written, fail);
  }
}

const usage = (error: CommanderError, [command, topic]: readonly string[]): InquestError => {
  const unknown = command === "help" && topic !== undefined ? `unknown command '${topic}'` : "no command given";
  const message = error.code === "commander.help" ? unknown : error.message.replace(/^error: /, "");
  const hint = /^(?:unknown command|no command)/.test(message) ? "inquest --help" : "inquest review --help";
  return new InquestError("E_USAGE", "arguments", message, hint);
};

function fail(error: unknown): number {
  const failure = failureOf(error);
  process.stderr.write(renderFailure(failure));
  return exitCodeOf(failure.code);
}

// An end that nobody foresaw (a promise never settled) must not look like success.
process.exitCode = EXIT.bug;
process.stderr.on("error", () => {});
process.exitCode = await main(process.argv.slice(2));

#!/usr/bin/env node
import { Worker } from "node:worker_threads";
import { CommanderError } from "commander";
import { InquestError } from "#model/error.js";
import type { Review } from "#model/review.js";
import { EXIT, exitCodeOf, failureOf, renderFailure } from "#report/failure.js";
import { writeFiles } from "#report/output.js";
import { renderSummary } from "#report/summary.js";
import { visibleLine } from "#report/visible.js";
import { FORMATS, type ReviewTask, readArguments, workOf } from "./arguments.js";
import type { Report, Work } from "./worker.js";

type Done = Extract<Report, { kind: "done" }>;

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

/** Incomplete: something was not collected, not whole, or not what the manifest says. */
const isIncomplete = (review: Review): boolean =>
  review.gaps.length > 0 ||
  review.custody.some((c) => c.state !== "complete" || c.manifest !== "verified" || c.issues.length > 0);

async function reviewTask(task: ReviewTask): Promise<number> {
  const { options, bundles } = task;
  const tell = process.stderr.isTTY === true && options.quiet !== true;
  const onProgress = (line: string) => {
    if (tell) process.stderr.write(`inquest: ${visibleLine(line)}\n`);
  };
  const { review, files } = await runWorker(workOf(task), options.deadline, onProgress);
  const wanted = options.format ?? FORMATS;
  const chosen = files.filter((file) => wanted.some((format) => file.name.endsWith(`.${format}`)));
  const written = writeFiles(options.output, chosen, bundles);
  if (options.quiet !== true)
    await print(renderSummary(review, { zone: options.tz, colour: hasColour(), files: written }));
  return options.strict === true && isIncomplete(review) ? EXIT.incomplete : EXIT.written;
}

const hasColour = (): boolean =>
  process.stdout.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";

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
    if (error.exitCode !== 0) return fail(usage(error));
    return print(helped).then(() => EXIT.written, fail);
  }
}

const usage = (error: CommanderError): InquestError => {
  const message = error.code === "commander.help" ? "no command given" : error.message.replace(/^error: /, "");
  return new InquestError("E_USAGE", "arguments", message, "inquest review --help");
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

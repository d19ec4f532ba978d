import { parentPort, workerData } from "node:worker_threads";
import { mask } from "#model/mask.js";
import type { Review } from "#model/review.js";
import { type Failure, failureOf } from "#report/failure.js";
import { type OutputFile, refuseSecrets } from "#report/gate.js";
import { reviewBundles } from "./main.js";

/** What cli.ts hands over. */
export interface Work {
  readonly paths: readonly string[];
  readonly options: Omit<Parameters<typeof reviewBundles>[1], "onProgress">;
}

/** What comes back: any number of progress lines, then one of the others. `refused`: bundles that were left out. */
export type Report =
  | { readonly kind: "progress"; readonly line: string }
  | {
      readonly kind: "done";
      readonly review: Review;
      readonly files: readonly OutputFile[];
      readonly refused: readonly Failure[];
    }
  | Failure;

/** One review, in a thread of its own so that the deadline can end it whatever it does. The gate is inside the deadline, too. */
async function run({ paths, options }: Work, post: (report: Report) => void): Promise<void> {
  try {
    const { review, files, refused } = await reviewBundles(paths, {
      ...options,
      onProgress: (line) => post({ kind: "progress", line: mask(line) }),
    });
    refuseSecrets(files);
    post({ kind: "done", review, files, refused: refused.map(failureOf) });
  } catch (error) {
    post(failureOf(error));
  }
}

if (parentPort !== null) {
  const port = parentPort;
  await run(workerData as Work, (report) => port.postMessage(report));
}

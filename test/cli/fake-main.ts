import { InquestError } from "#model/error.js";
import type { Review } from "#model/review.js";
import { fileName } from "#report/file-name.js";
import { renderJson } from "#report/json.js";
import { renderMarkdown } from "#report/markdown.js";
import { numberEvidence } from "#report/number.js";
import { makeDraft } from "#test/report/draft.js";

type Reviewed = {
  readonly review: Review;
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly refused: readonly InquestError[];
};

/** Stands in for main.ts in the tests of the command line: what it does follows from the name of the first bundle. */
export async function reviewBundles(
  paths: readonly string[],
  options: { readonly zone: string; readonly onProgress?: (line: string) => void },
): Promise<Reviewed> {
  const [first = ""] = paths;
  options.onProgress?.(`reading ${first}`);
  if (first.endsWith("missing")) throw new InquestError("E_OPEN", first, "cannot be read\u001b[31m", "check the path");
  if (first.endsWith("bug")) throw new TypeError("Unexpected token in super-secret-token");
  if (first.endsWith("spin")) for (;;);
  if (first.endsWith("never")) await new Promise(() => {});
  const review = numberEvidence(makeDraft());
  const custody = review.custody.map((entry) => ({ ...entry, issues: [] }));
  const decided = { ...review, custody, hypotheses: review.hypotheses.filter((h) => h.status !== "open") };
  const shown = shownFor(first, review, decided);
  const stem = fileName(shown);
  const text = renderMarkdown(shown, options);
  const secret = first.endsWith("secret") ? "\nhttps://root:hunter2@host/\n" : "";
  return {
    review: shown,
    files: [
      { name: `${stem}.md`, text: `${text}${secret}` },
      { name: `${stem}.json`, text: renderJson(shown) },
    ],
    refused: first.endsWith("refused") ? [new InquestError("E_GZIP", "two.tar.gz", "is cut", "copy it again")] : [],
  };
}

/** `whole`: what is missing decides nothing; `open`: an explanation waits for it; `cut`: a collection was not whole. */
function shownFor(first: string, review: Review, decided: Review): Review {
  if (first.endsWith("whole")) return decided;
  if (first.endsWith("open")) return { ...decided, hypotheses: review.hypotheses };
  if (first.endsWith("cut")) return { ...decided, gaps: review.gaps.map((gap) => ({ ...gap, why: "cut at a limit" })) };
  return review;
}

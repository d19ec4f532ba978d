import { fileURLToPath } from "node:url";
import { findBundles, type Limits, readBundle } from "#bundle/read.js";
import { loadRulebook } from "#engine/load.js";
import { conclude } from "#engine/run.js";
import type { Artifact, Custody } from "#model/artifact.js";
import { requireOneCluster, withMachineDoubts } from "#model/cluster.js";
import { InquestError } from "#model/error.js";
import type { Intake } from "#model/intake.js";
import { underRecoveredNames } from "#model/nameless.js";
import type { Review } from "#model/review.js";
import { VERSION } from "#model/version.js";
import { underNodeNames } from "#model/visited.js";
import { startParsing } from "#parsers/all.js";
import { fileName } from "#report/file-name.js";
import { renderJson } from "#report/json.js";
import { renderMarkdown } from "#report/markdown.js";
import { maskReview } from "#report/mask.js";
import { numberEvidence } from "#report/number.js";
import { assemble } from "#review/assemble.js";

export interface Options {
  /** IANA name of the report's zone. */
  readonly zone: string;
  readonly limits: Limits;
  /** Bundles further apart than this are different moments. */
  readonly momentGapMs?: number;
  readonly onProgress?: (line: string) => void;
}

export interface Reviewed {
  readonly review: Review;
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Bundles that could not be used, and why; the review goes on with the rest. */
  readonly refused: readonly InquestError[];
}

/**
 * The pipeline: bundles → facts → conclusions → review → files. Pure but for reading the bundles and the rules.
 * @throws InquestError where no bundle is left to review, and where they are of two clusters.
 */
export async function reviewBundles(paths: readonly string[], options: Options): Promise<Reviewed> {
  const { intake, custody, refused } = await takeIn(paths, options);
  const book = await loadRulebook(fileURLToPath(new URL("./rules", import.meta.url)));
  const conclusions = conclude(book, intake, custody, options.momentGapMs);
  const review = maskReview(
    numberEvidence(assemble({ ...conclusions, custody, refused }, { zone: options.zone, version: VERSION })),
  );
  const stem = fileName(review);
  const files = [
    { name: `${stem}.md`, text: renderMarkdown(review, { zone: options.zone }) },
    { name: `${stem}.json`, text: renderJson(review) },
  ];
  return { review, files, refused };
}

interface Taken {
  readonly intake: Intake;
  readonly custody: readonly Custody[];
  readonly refused: readonly InquestError[];
}

/**
 * Reads every bundle into the parsers. One that cannot be trusted is left out; the same contents twice, such as an archive beside its inflated
 * copy, count once: as the packed one, of which SHA256SUMS speaks.
 */
async function takeIn(paths: readonly string[], options: Options): Promise<Taken> {
  const parsing = startParsing();
  const bundles = new Map<string, { readonly custody: Custody; readonly artifacts: readonly Artifact[] }>();
  const { files, passedOver } = await findBundles(paths);
  const refused: InquestError[] = [...passedOver];
  const known = new Set<string>();
  for (const file of [...files].sort((a, b) => Number(isInflated(a)) - Number(isInflated(b)))) {
    options.onProgress?.(`reading ${file}`);
    try {
      const read = await readBundle(file, options.limits, parsing.open, (contents) => known.has(contents));
      if (!read) continue;
      known.add(read.contents);
      bundles.set(read.custody.sha256, read);
    } catch (error) {
      if (!(error instanceof InquestError)) throw error;
      refused.push(error);
    }
  }
  const [first] = refused;
  if (bundles.size === 0) {
    throw (
      first ??
      new InquestError("E_NO_BUNDLE", paths.join(" "), "no bundle was found", "name a bundle or a folder of bundles")
    );
  }
  // The order in which bundles were named must not show in the review.
  const read = [...bundles.values()].sort((a, b) => (custodyKey(a.custody) < custodyKey(b.custody) ? -1 : 1));
  const intake = parsing.finish(read.flatMap((b) => b.artifacts));
  const custody = read.map((b) => withIssues(b.custody, intake));
  requireOneCluster(intake.facts, custody);
  const recovered = underRecoveredNames(intake, custody);
  const named = underNodeNames(recovered.intake, recovered.custody);
  return { intake: named.intake, custody: withMachineDoubts(named.custody), refused };
}

const isInflated = (file: string): boolean => file.endsWith(".tar");

/** What parsers could not read of a bundle's members is wrong with the bundle, too. */
function withIssues(custody: Custody, { issues }: Intake): Custody {
  const own = issues.filter(({ artifact, code }) => artifact.bundle === custody.sha256 && LOSES.has(code));
  const told = own.slice(0, MAX_ISSUES).map(({ artifact, code, message, line }) => ({
    code,
    member: artifact.member,
    message: line === null ? message : `line ${line}: ${message}`,
  }));
  const more = own.length - told.length;
  const rest = more > 0 ? [{ code: "W_MORE", member: null, message: `${more} more remarks of parsers` }] : [];
  return told.length === 0 ? custody : { ...custody, issues: [...custody.issues, ...told, ...rest] };
}

/** Remarks after which something is missing, or was left out; the others only say that a value was odd. */
const LOSES: ReadonlySet<string> = new Set([
  "W_ROW",
  "W_TABLE",
  "W_ITEM",
  "W_TWICE",
  "W_SHORT",
  "W_LIMIT",
  "W_UNREADABLE",
  "W_PARSER",
]);
const MAX_ISSUES = 50;

/** Cluster before nodes at one time, then by time, node and content. */
const custodyKey = (c: Custody): string =>
  `${String(c.startedAt.epochMs).padStart(16, "0")} ${c.node ?? ""} ${c.sha256}`;

import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import type { Review } from "#model/review.js";
import { renderMarkdown } from "#report/markdown.js";

/** The nodes of the fault, collected at 12:23:25, beside a cluster's part of another time: one moment, two times of reading. */
async function reviewed(cluster: string): Promise<Review> {
  const of = (folder: string, part: RegExp): readonly string[] =>
    readdirSync(`samples/${folder}`).flatMap((name) => (part.test(name) ? [`samples/${folder}/${name}`] : []));
  const paths = [...of(cluster, /-cluster-.*\.tar\.gz$/), ...of("fault", /-k8s0\d-.*\.tar\.gz$/)];
  assert.is(paths.length, 4);
  const { review } = await reviewBundles(paths, { zone: "UTC", limits: DEFAULT_LIMITS });
  assert.is(review.moments.length, 1, "one moment, or the case is another than the one that is meant");
  return review;
}

const test = suite("golden/cluster-before");

const TOKEN = "cni-kubeconfig-token-pod-gone";
const LISTED = [
  TOKEN,
  "cni-service-account-recreated",
  "token-issuer-changed",
  "token-signing-key-changed",
  "cni-agent-unhealthy",
];

const statusOf = (review: Review, mechanism: string): string | undefined =>
  review.hypotheses.find((h) => h.mechanism === mechanism)?.status;

for (const cluster of ["healthy", "latent"])
  test(`the lists of ${cluster}, from before the first failure, end nothing`, async () => {
    const review = await reviewed(cluster);
    assert.is(review.status, "Ongoing");
    assert.is(review.duration.to, null);
    const markdown = renderMarkdown(review, { zone: "UTC" });
    assert.match(markdown, "still ongoing**: 11 min 41 s");
    assert.not.match(markdown, /Still there after|existed no more/);
    const gaps = review.gaps.filter((g) => g.what === "the list of pods, read after the last failure that was seen");
    assert.equal(
      gaps.map((g) => g.command),
      ["kubectl get pods -A -o json"],
    );
  });

test("lists from before the first failure refute nothing that they alone would", async () => {
  const review = await reviewed("healthy");
  assert.equal(
    LISTED.map((m) => statusOf(review, m)),
    ["open", "open", "open", "open", "open"],
  );
  // nor was there then anything to notice
  assert.not.match(renderMarkdown(review, { zone: "UTC" }), /How was this not noticed/);
  const [missing] = review.hypotheses.find((h) => h.mechanism === TOKEN)?.missing ?? [];
  assert.is(missing?.why, "what was collected is of 2026-11-22 12:10:48 UTC, before that");
});

test("a list in which the bound pod is gone already shows the cause, though it is from before the first failure", async () => {
  const review = await reviewed("latent");
  assert.ok(review.findings.some((f) => f.mechanism === TOKEN));
});

for (const cluster of ["fault", "healed"])
  test(`near miss: the lists of ${cluster}, read after the last line of the log, decide`, async () => {
    const review = await reviewed(cluster);
    assert.ok(review.findings.some((f) => f.mechanism === TOKEN));
    assert.equal(
      LISTED.slice(1).map((m) => statusOf(review, m)),
      ["refuted", "refuted", "refuted", "refuted"],
    );
    assert.match(renderMarkdown(review, { zone: "UTC" }), /How was this not noticed/);
    assert.not.ok(review.gaps.some((g) => g.what.includes("read after the last failure")));
    assert.is(review.status === "Ongoing", cluster === "fault");
  });

test.run();

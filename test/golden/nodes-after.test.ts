import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import { renderMarkdown } from "#report/markdown.js";

/** During the fault everything was collected; after the repair only nodes were, so nobody looked at the pods again. */
const healed = readdirSync("samples/healed").filter((name) => /-k8s0\d-.*\.tar\.gz$/.test(name));

const test = suite("golden/nodes-after");

for (const again of [healed.slice(0, 1), healed])
  test(`${again.length} nodes collected again after the repair: whether the failure goes on is not claimed`, async () => {
    const paths = ["samples/fault", ...again.map((name) => `samples/healed/${name}`)];
    const { review } = await reviewBundles(paths, { zone: "UTC", limits: DEFAULT_LIMITS });
    assert.is(review.status, "Undetermined");
    assert.is(review.duration.to, null);
    const [interval] = review.impact.intervals.filter((i) => i.name.startsWith("First symptom"));
    assert.is(interval?.name, "First symptom to its last sign; whether it went on is not in evidence");
  });

test("near miss: without the later look it is ongoing", async () => {
  const { review } = await reviewBundles(["samples/fault"], { zone: "UTC", limits: DEFAULT_LIMITS });
  assert.is(review.status, "Ongoing");
});

const cluster = readdirSync("samples/healed").filter((name) => name.includes("-cluster-"));

for (const peers of [[], healed.slice(1)])
  test(`the cluster and ${peers.length} nodes again, but not the one that failed: nothing is told to be left there`, async () => {
    const paths = ["samples/fault", ...[...cluster, ...peers].map((name) => `samples/healed/${name}`)];
    const { review } = await reviewBundles(paths, { zone: "UTC", limits: DEFAULT_LIMITS });
    const markdown = renderMarkdown(review, { zone: "UTC" });
    assert.is(review.status, "Undetermined");
    assert.is(review.statusReason, "what failed is over; whether its cause still holds was not collected");
    assert.not.match(markdown, /Still there after|Fix \(Outstanding\)/);
    assert.match(markdown, "Whether these still hold on `k8s01` was not collected after the failures had ended");
    const gap = review.gaps.find(
      (g) => g.what === "files, processes and logs of k8s01 after what failed there was over",
    );
    assert.is(gap?.command, "sh collect.sh --no-cluster --node k8s01   # on k8s01, as root");
  });

/** The nodes of the fault beside another part of the cluster: the bundles of one moment need not have been read at once. */
const beside = async (sample: string) => {
  const of = (folder: string, part: RegExp) =>
    readdirSync(`samples/${folder}`)
      .filter((name) => part.test(name))
      .map((name) => `samples/${folder}/${name}`);
  const paths = [...of("fault", /-k8s0\d-.*\.tar\.gz$/), ...of(sample, /-cluster-.*\.tar\.gz$/)];
  const { review } = await reviewBundles(paths, { zone: "UTC", limits: DEFAULT_LIMITS });
  return { review, markdown: renderMarkdown(review, { zone: "UTC" }) };
};

for (const sample of ["healthy", "latent"])
  test(`lists of before the failure (${sample}) end nothing: it was still seen after them`, async () => {
    const { review, markdown } = await beside(sample);
    assert.is(review.status, "Ongoing");
    assert.is(review.duration.to, null);
    assert.is(review.duration.activeMs, null);
    assert.not.match(markdown, /what failed is over|no workload without a ready replica/);
  });

test("a cause that was read before the lists that show the end is not told to be left after it", async () => {
  const { review, markdown } = await beside("healed");
  assert.is(review.status, "Undetermined");
  assert.is(review.statusReason, "what failed is over; whether its cause still holds was not collected");
  assert.not.match(markdown, /Still there after|Fix \(Outstanding\)/);
});

test.run();

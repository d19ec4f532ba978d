import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import type { Review } from "#model/review.js";

/** `samples/live-fault` was collected with --all-nodes from a running cluster in the state that `samples/fault` records. */
const review = async (sample: string): Promise<Review> =>
  (await reviewBundles([`samples/${sample}`], { zone: "UTC", limits: DEFAULT_LIMITS })).review;
const [live, recorded] = await Promise.all([review("live-fault"), review("fault")]);

const test = suite("golden/live");

test("a live collection from every node says what the recorded one says", () => {
  const told = ({ findings }: Review) =>
    findings.map((f) => `${f.mechanism} ${f.role} ${f.confidence} ${f.nodes.join(" ")} ${f.root}`).sort();
  assert.equal(told(live), told(recorded));
  const chains = ({ chains: all, findings }: Review) =>
    all.map((chain) => chain.steps.map((id) => findings.find((f) => f.id === id)?.mechanism));
  assert.equal(chains(live), chains(recorded));
  assert.is(live.status, recorded.status);
});

test("its bundles arrived whole", () => {
  assert.equal(live.refused, []);
  for (const bundle of live.custody) {
    assert.is(bundle.manifest, "verified", bundle.file);
    assert.is(bundle.sums, "verified", bundle.file);
    // six containers had ended, and the API server had no log of them any more
    assert.is(bundle.state, bundle.node === null ? "partial" : "complete", bundle.file);
  }
});

test.run();

import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";

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

test.run();

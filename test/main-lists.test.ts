import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import { InquestError } from "#model/error.js";
import type { Review } from "#model/review.js";
import { sample, unpack, withManifest } from "#test/bundle/_samples.js";
import { type Forged, tar } from "#test/bundle/archive.js";

const test = suite("whole reviews of lists that are not whole");
const folder = mkdtempSync(join(tmpdir(), "inquest-lists-"));
test.after(() => rmSync(folder, { recursive: true }));

interface List {
  readonly metadata?: object;
  readonly items: readonly object[] | null;
}
type Edit = (list: List & { readonly items: readonly object[] }) => List;

const NODES = ["k8s01"];

/** A sample whose cluster's part was told otherwise of one list. */
async function reviewed(of: "healthy" | "fault", resource: string, edit: Edit): Promise<Review> {
  const member = `bundle/cluster/${resource}.json`;
  let edits = 0;
  const members = unpack(sample(of, "cluster")).map((m): Forged => {
    if (m.name !== member) return m;
    edits += 1;
    return { ...m, body: JSON.stringify(edit(JSON.parse(`${m.body}`))) };
  });
  assert.is(edits, 1, member);
  const file = join(folder, `${of}-${resource}.tar`);
  writeFileSync(file, tar(...withManifest(members)));
  const files = [file, ...NODES.map((node) => sample(of, node))];
  return (await reviewBundles(files, { zone: "UTC", limits: DEFAULT_LIMITS })).review;
}

const whole: Edit = (list) => ({ ...list });
const page: Edit = (list) => ({
  metadata: { continue: "eyJ2Ij", remainingItemCount: 40 },
  items: list.items.slice(0, 1),
});
const nothing: Edit = () => ({ items: null });
/** Nothing but the counts of the DaemonSets, ReplicaSets and StatefulSets speaks against it. */
const silent: Edit = (list) => ({ ...list, items: list.items.slice(0, 1) });

const mechanisms = ({ findings }: Review): readonly string[] => findings.map((f) => f.mechanism);

test("a healthy cluster has no fault because of what a page, a null or a cut list does not hold", async () => {
  assert.equal(mechanisms(await reviewed("healthy", "pods", whole)), []);
  for (const resource of ["pods", "nodes", "serviceaccounts", "daemonsets", "controllerrevisions"])
    for (const edit of [page, nothing]) {
      const review = await reviewed("healthy", resource, edit);
      assert.equal(mechanisms(review), [], resource);
      assert.ok(review.custody.some((c) => c.issues.some((i) => i.code === "W_PAGE")));
    }
  for (const resource of ["pods", "nodes"]) {
    const review = await reviewed("healthy", resource, silent);
    assert.equal([mechanisms(review), review.status], [[], "Undetermined"], resource);
    assert.ok(review.custody.some((c) => c.issues.some((i) => i.code === "W_SHORT")));
  }
});

const rollout = ({ hypotheses, findings }: Review): readonly string[] => [
  ...findings.filter((f) => f.mechanism === "cni-writer-path-changed").map((f) => `found ${f.confidence}`),
  ...new Set(hypotheses.filter((h) => h.mechanism === "cni-writer-path-changed").map((h) => h.status)),
];

test("a rollout is not ruled out by revisions that were cut or are kept no longer", async () => {
  assert.ok(rollout(await reviewed("fault", "controllerrevisions", whole)).includes("found established"));
  const newest: Edit = ({ items }) => ({ items: items.filter((i) => (i as { revision?: number }).revision === 2) });
  assert.equal(rollout(await reviewed("fault", "controllerrevisions", newest)), ["open"]);
  const bare: Edit = ({ items }) => ({ items: items.map((i) => ({ ...i, data: undefined })) });
  assert.equal(rollout(await reviewed("fault", "controllerrevisions", bare)), ["open"]);
});

test("two clusters are no incident", async () => {
  const anew: Edit = ({ items }) => ({
    items: (items as { metadata: object }[]).map((i) => ({ ...i, metadata: { ...i.metadata, uid: "another" } })),
  });
  await reviewed("fault", "namespaces", anew);
  const files = [sample("healthy", "cluster"), join(folder, "fault-namespaces.tar")];
  try {
    await reviewBundles(files, { zone: "UTC", limits: DEFAULT_LIMITS });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, InquestError);
    assert.is((error as InquestError).code, "E_CLUSTERS");
  }
});

test.run();

import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import { CANARY, DISTRIBUTIONS, type Distribution, TOKEN } from "./distributions.js";
import { type Bundle, collectMeanwhile, leaks, put, remove, scratch, shells, token } from "./host.js";

const work = scratch();
const now = Math.floor(Date.now() / 1000);
const jwt = await token({
  sub: "system:serviceaccount:kube-system:calico-cni-plugin",
  iat: now - 3600,
  exp: now + 82_800,
});
const canaries = new Map([
  ["canary", CANARY],
  ["token's signature", jwt.signature],
]);

function build(root: string, of: Distribution): void {
  put(root, "/etc/hostname", "node-a\n");
  for (const [path, content] of Object.entries(of.files)) put(root, path, content.replace(TOKEN, jwt.whole));
  for (const [path, target] of Object.entries(of.links ?? {})) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
  (of.processes ?? []).forEach((argv, n) => {
    put(root, `/proc/${100 + n}/cmdline`, `${argv.join("\0")}\0`);
    put(root, `/proc/${100 + n}/stat`, `${100 + n} (x) S 1 1 1 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 4711 1 1\n`);
  });
}

// Busybox knows few of the commands, so little is run: what lies where is the matter here.
const shell = shells(work).find(({ name }) => name === "busybox");
const test = suite("collect: distributions");

const bundles = await Promise.all(
  DISTRIBUTIONS.map((of, n): Promise<Bundle> => {
    const root = join(work, String(n), "host");
    build(root, of);
    return collectMeanwhile({
      ...(shell ? { shell } : {}),
      out: join(work, String(n), "out"),
      args: ["--root", root, "--no-cluster"],
    });
  }),
);

for (const [n, of] of DISTRIBUTIONS.entries()) {
  const bundle = bundles[n] as Bundle;
  const told = (path: string): string => {
    const row = bundle.row(path);
    assert.is(row["coverage"], "complete", path);
    return bundle.text(row["member"] ?? "");
  };

  test(`${of.name}: what decides is in the bundle`, () => {
    for (const [path, content] of Object.entries(of.holds)) assert.match(told(path), content, path);
    for (const path of of.listed) assert.is(bundle.paths.get(path)?.["listing"], "complete", path);
    for (const path of [...Object.keys(of.holds), ...of.listed]) {
      for (let hop = path; hop !== "/"; hop = dirname(hop)) assert.ok(bundle.paths.has(hop), `hop ${hop}`);
    }
    for (const [path, target] of Object.entries(of.links ?? {}))
      assert.is(bundle.paths.get(path)?.["target"], target, path);
  });

  test(`${of.name}: no secret travels, and what holds nothing but secrets is never read`, () => {
    assert.equal(leaks(bundle, canaries), []);
    for (const path of of.untouched ?? []) {
      assert.ok(bundle.paths.has(path), `${path} is listed`);
      assert.not.ok(
        bundle.index.some((row) => row["origin"] === path),
        `${path} is not read`,
      );
    }
  });

  test(`${of.name}: processes tell when they were started`, () => {
    for (let n = 0; n < (of.processes ?? []).length; n++)
      assert.match(bundle.text(`bundle/node/proc/${100 + n}/stat`), / 4711 /);
  });

  test(`${of.name}: a review follows it to the credential, and finds no fault`, async () => {
    const { review } = await reviewBundles([bundle.file], { zone: "UTC", limits: DEFAULT_LIMITS });
    const followed = /The credential that the CNI plugin on [^"]* is given, followed to `?([^"`,]*)/.exec(
      JSON.stringify(review),
    );
    assert.is(followed?.[1] ?? null, of.credential);
    assert.equal(review.findings, []);
  });
}

test.after(() => remove(work));
test.run();

import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { open } from "./host.js";

const test = suite("collect: the samples");

for (const phase of ["healthy", "latent", "fault-early", "fault", "healed", "live-fault"]) {
  const dir = join("samples", phase);
  const files = readdirSync(dir).filter((name) => name.endsWith(".tar.gz"));

  test(`${phase}: three nodes and the cluster, whole and without a credential`, () => {
    assert.equal(files.map((name) => name.split("-")[1]).sort(), ["cluster", "k8s01", "k8s02", "k8s03"]);
    for (const file of files) {
      const bundle = open(join(dir, file), 0, "");
      const cut = phase === "live-fault" && file.includes("-cluster-");
      assert.is(bundle.collector["state"], cut ? "partial" : "complete", file);
      for (const line of bundle.text("bundle/MANIFEST.sha256").trimEnd().split("\n")) {
        const content = bundle.members.get(line.slice(66)) ?? "";
        assert.is(createHash("sha256").update(content).digest("hex"), line.slice(0, 64), line.slice(66));
      }
      for (const [member, content] of bundle.members) {
        const text = content.toString("latin1");
        assert.not.match(text, /e[yw][\w-]+\.e[yw][\w-]+\.[\w-]{10}/, member);
        assert.not.match(text, /PRIVATE KEY|LS0tLS1CRUdJTiBSU0Eg|ZXlK[A-Za-z0-9+/]{16}/, member);
        assert.not.match(text, /"kind": "(Secret|ConfigMap)(List)?"/, member);
      }
    }
  });
}

test.run();

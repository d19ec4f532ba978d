import { suite } from "uvu";
import * as assert from "uvu/assert";
import { collect, remove, scratch, shells } from "./host.js";
import { plant } from "./plant.js";
import { traces } from "./search.js";
import { certificate, EVIDENCE, secrets } from "./shapes.js";
import { steps } from "./tables.js";

/** Every secret in every step: the steps are read from the collector's own tables, so that a new line is tested without being named here. */
const test = suite("collect: secrets in every step");
const work = scratch();
test.after(() => remove(work));

const table = steps();
const { root, bin, expected } = plant(work, table);

test("the tables are read, and there are secrets of all kinds to look for", () => {
  assert.ok(table.length > 90, `${table.length} steps`);
  assert.ok(new Set(table.map((step) => step.table)).size >= 4);
  assert.ok(secrets.size > 150);
});

// every shell runs over other trees, and every awk over these shapes in filter.test.ts: here one is enough
for (const shell of shells(work).slice(0, 1)) {
  const bundle = collect({
    shell,
    out: `${work}/out-${shell.name.replaceAll(" ", "-")}`,
    path: bin,
    args: ["--root", root, "--max-bytes", "4000000"],
  });

  test(`${shell.name}: no step lets one through: not in contents, names, index, paths or on standard error`, () => {
    const all = new Map([...bundle.members, ["standard error", Buffer.from(bundle.stderr)] as const]);
    all.set("names of members", Buffer.from([...bundle.members.keys()].join("\n")));
    assert.equal(traces(all, secrets), []);
    assert.is(bundle.code, 0, bundle.stderr);
  });

  test(`${shell.name}: every step has gathered what was planted for it`, () => {
    const missing = [...expected].filter(([, { mine, holds }]) => {
      const members = bundle.index.filter(mine).map((row) => row["member"] ?? "-");
      // a step that its substitute stands for has only to have been tried
      return !members.some((member) => holds === "" || (member !== "-" && bundle.text(member).includes(holds)));
    });
    assert.equal(
      missing.map(([name]) => name),
      [],
    );
  });

  test(`${shell.name}: evidence between the secrets is untouched`, () => {
    for (const row of bundle.index) {
      const member = row["member"] ?? "-";
      const slug = /\/cmd\/(.+?)(\.2)?\.txt$/.exec(member)?.[1];
      if (!member.endsWith(".log") && !table.some(({ words: [mode, name] }) => mode === "text" && name === slug))
        continue;
      const found = bundle.text(member);
      // of what is only counted no line is kept
      if (/^\d+ lines in all$/m.test(found)) continue;
      for (const line of EVIDENCE) assert.ok(found.includes(line), `${member} lost: ${line}`);
    }
    const [condition] = JSON.parse(bundle.text("bundle/cluster/nodes.json")).items[0].status.conditions;
    for (const line of EVIDENCE) if (line !== certificate) assert.ok(condition.message.includes(line), line);
  });
}

test.run();

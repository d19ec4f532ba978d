import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { thorough } from "#test/thorough.js";
import { put, remove, scratch, shells } from "./host.js";

/** What ends a command whose time is up: functions of the collector, called by themselves, for what a whole run shows too seldom. */
const work = scratch();
const NAMES = "born same watchdog call_off end_call within held leashed lives tick children descendants end_tree".split(
  " ",
);

/** The named functions as they stand in the file. */
function functions(): string {
  const lines = readFileSync("collect.sh", "utf8").split("\n");
  return NAMES.map((name) => {
    const from = lines.findIndex((line) => line.startsWith(`${name}() {`));
    assert.ok(from >= 0, `collect.sh has no function ${name}`);
    const to = lines[from]?.endsWith("}") ? from : lines.indexOf("}", from);
    return lines.slice(from, to + 1).join("\n");
  }).join("\n");
}

function script(name: string, body: string): string {
  put(work, `${name}.sh`, `set -u\nW=$1 NUMBER=0 LEASH=0 HAVE_TICKS=1\n${functions()}\n${body}\n`);
  return join(work, `${name}.sh`);
}

const test = suite("collect: what ends a command in time");

for (const shell of shells(work)) {
  const [program = "sh", ...options] = shell.argv;
  const run = (file: string) =>
    spawnSync(program, [...options, file, work], { env: { PATH: shell.path }, encoding: "utf8", timeout: 120_000 });

  test(`${shell.name}: a command that ended by itself is never waited for until its limit, on a busy machine either`, () => {
    const calls = thorough ? 500 : 120;
    const file = script(
      "race",
      `stopped() { :; }
trap stopped USR1
n=0
while [ $n -lt ${calls} ]; do
	n=$((n + 1)); s=$(date +%s)
	within 8 true; rc=$?
	[ $rc = 0 ] && [ $(($(date +%s) - s)) -lt 6 ] || { echo "call $n: exit $rc after $(($(date +%s) - s)) s"; exit; }
done`,
    );
    const busy = [1, 2, 3].map(() =>
      spawn(process.execPath, ["-e", "setTimeout(() => process.exit(), 120000); for (;;);"], { stdio: "ignore" }),
    );
    try {
      const { stdout, stderr, status } = run(file);
      assert.is(stdout + stderr, "");
      assert.is(status, 0);
    } finally {
      for (const child of busy) child.kill("SIGKILL");
    }
  });

  test(`${shell.name}: what takes too long is ended, and another process with the number of an ended one is not`, () => {
    const file = script(
      "late",
      `within 1 sleep 30; echo "late $?"
sleep 30 & job=$!
born $job; birth=$BORN
( watchdog $job "\${birth}0" 1 "$W/flag" held end_call )
[ -e "$W/flag" ] || kill -0 $job && echo "another's goes on"
rm -f "$W/flag"
( watchdog $job "$birth" 1 "$W/flag" held end_call )
[ -e "$W/flag" ] && echo "its own is ended"
{ kill -KILL $job; wait $job; } 2>/dev/null
echo end`,
    );
    const { stdout, stderr } = run(file);
    assert.is(stdout, "late 124\nanother's goes on\nits own is ended\nend\n", stderr);
  });
}

test.after(() => remove(work));
test.run();

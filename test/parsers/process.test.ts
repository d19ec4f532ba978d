import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readMount } from "#parsers/mount.js";
import { artifact, intakeOf, ofKind, values } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("process and mount");
const proc = (file: string, note: string | null = "calico-node") =>
  artifact({ kind: "proc", origin: `/proc/4711/${file}`, note, form: "lines" });

test("a command line, named by the collector's note, else by its program", () => {
  const line = "/snap/bin/kubelet --root-dir=/var/lib/kubelet ";
  assert.equal(values(intakeOf([proc("cmdline", "kubelet"), line]), "process"), [
    { pid: 4711, name: "kubelet", cmdline: line.trim() },
  ]);
  assert.is(values(intakeOf([proc("cmdline", null), line]), "process")[0]?.name, "kubelet");
  assert.is(values(intakeOf([proc("cmdline", null), ""]), "process")[0]?.name, "");
});

test("a mount whose directory is gone", () => {
  const row = "1296 1190 254:0 /etc/cni/net.d//deleted /host/etc/cni/net.d rw,relatime master:1 - ext4 /dev/vda rw";
  const [fact] = ofKind(intakeOf([proc("mountinfo"), row]), "mount");
  assert.equal(fact?.value, {
    pid: 4711,
    process: "calico-node",
    mountPoint: "/host/etc/cni/net.d",
    root: "/etc/cni/net.d",
    deleted: true,
    fsType: "ext4",
    source: "/dev/vda",
  });
  assert.equal(fact?.evidence.locator, { kind: "lines", from: 1, to: 1 });
});

test("rows of mountinfo", () => {
  const root = (row: string) => readMount(row, 1, "x")?.root;
  assert.is(root("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw"), "/mnt1");
  assert.is(root("36 35 98:0 /a\\040b\\134 /mnt2 rw - ext3 /dev/root rw"), "/a b\\");
  assert.is(root("36 35 98:0 /a\\012b /mnt2 rw - ext3 /dev/root rw"), "/a\\u{a}b");
  assert.is(root("36 35 0:4 net:[4026532008] /run/netns/a rw shared:6 - nsfs nsfs rw"), "net:[4026532008]");
  assert.is(root("36 35 98:0 /deleted /mnt2 rw - ext3 /dev/root rw"), "/deleted");
  assert.is(readMount("36 35 98:0 /deleted /mnt2 rw - ext3 /dev/root rw", 1, "x")?.deleted, false);
  assert.is(root("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1"), undefined);
  assert.is(root(""), undefined);
});

test("near misses are nobody's", () => {
  for (const origin of ["/proc/4711/environ", "/proc/self/cmdline", "/proc/4711/task/1/cmdline"])
    assert.is(intakeOf([artifact({ kind: "proc", origin, form: "lines" }), "x"]).coverage.length, 0, origin);
});

test("no input throws", () => {
  fc.assert(
    fc.property(fc.constantFrom("cmdline", "mountinfo"), fc.array(fc.string({ unit: "binary" })), (file, lines) =>
      sound(intakeOf([proc(file), lines.join("\n")])),
    ),
  );
});

test.run();

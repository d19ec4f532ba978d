import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, PathValue } from "#model/fact.js";
import { baseName, fileTree, joinPath, parentOf } from "#model/file-tree.js";
import { fact } from "#test/rules/_facts.js";

const test = suite("file tree");

type Row = Fact<"path">;
const row = (path: string, type: PathValue["type"], more: Partial<PathValue> = {}): Row =>
  fact("path", { path, type, ...more }, "n1");
const dir = (path: string, listing: PathValue["listing"] = null): Row => row(path, "d", { listing });
const file = (path: string): Row => row(path, "f");
const link = (path: string, target: string): Row => row(path, "l", { target });

/** `state real`, then the paths of the hops. */
function way(rows: readonly Row[], path: string): readonly string[] {
  const { state, real, hops } = fileTree(rows).resolve(path);
  return [`${state} ${real}`, ...hops.map((h) => h.value.path)];
}

test("what is missing from a directory listed in full is absent", () => {
  assert.equal(way([dir("/etc/cni", "complete")], "/etc/cni/net.d/x"), ["absent /etc/cni/net.d", "/etc/cni"]);
});

test("what is missing from a directory that was not listed, or not in full, is unknown", () => {
  assert.equal(way([dir("/etc/cni")], "/etc/cni/net.d"), ["unknown /etc/cni/net.d", "/etc/cni"]);
  for (const listing of ["truncated", "denied"] as const)
    assert.equal(way([dir("/etc/cni", listing)], "/etc/cni/net.d"), ["unknown /etc/cni/net.d", "/etc/cni"]);
  assert.equal(way([], "/etc/cni"), ["unknown /etc"]);
});

test("a row that says absent, or denied, ends the way there", () => {
  assert.equal(way([row("/etc/cni", "absent")], "/etc/cni/net.d"), ["absent /etc/cni", "/etc/cni"]);
  assert.equal(way([row("/etc/cni", "denied")], "/etc/cni/net.d"), ["denied /etc/cni", "/etc/cni"]);
});

test("a directory of which only something absent is known is not known to exist", () => {
  assert.equal(way([row("/var/snap/x/current", "absent")], "/var/snap/x"), ["unknown /var/snap/x"]);
  assert.equal(way([row("/var/snap/x/current", "absent")], "/var/snap/x/current/args"), [
    "absent /var/snap/x/current",
    "/var/snap/x/current",
  ]);
});

test("a directory that is known only by what lies in it exists", () => {
  assert.equal(way([file("/etc/cni/net.d/x")], "/etc/cni/net.d"), ["resolved /etc/cni/net.d"]);
});

test("an absolute link leads away, a relative one is read from where the link lies", () => {
  const there = [dir("/opt/cni/conf"), file("/opt/cni/conf/kc")];
  assert.equal(way([link("/etc/cni/net.d", "/opt/cni/conf"), ...there], "/etc/cni/net.d/kc"), [
    "resolved /opt/cni/conf/kc",
    "/etc/cni/net.d",
    "/opt/cni/conf/kc",
  ]);
  assert.equal(way([link("/etc/cni/net.d", "../../opt/cni/conf/"), ...there], "/etc/cni/net.d/kc"), [
    "resolved /opt/cni/conf/kc",
    "/etc/cni/net.d",
    "/opt/cni/conf/kc",
  ]);
});

test("links in a row are followed in order", () => {
  const rows = [link("/a", "/b"), link("/b", "c/d"), link("/c", "/real"), dir("/real/d")];
  assert.equal(way(rows, "/a"), ["resolved /real/d", "/a", "/b", "/c", "/real/d"]);
});

test("a path through a link to a revision directory comes out below the revision", () => {
  const rows = [link("/var/snap/x/current", "7421"), dir("/var/snap/x/7421/args/cni-network", "complete")];
  assert.equal(way(rows, "/var/snap/x/current/args/cni-network"), [
    "resolved /var/snap/x/7421/args/cni-network",
    "/var/snap/x/current",
    "/var/snap/x/7421/args/cni-network",
  ]);
  assert.is(way(rows, "/var/snap/x/current/args/cni-network/kc")[0], "absent /var/snap/x/7421/args/cni-network/kc");
});

test("`..` goes up from where a link led to, and no further than the root", () => {
  const rows = [link("/etc/cni", "/opt/deep/cni"), dir("/opt/deep/cni"), file("/opt/deep/x"), file("/x")];
  assert.is(way(rows, "/etc/cni/../x")[0], "resolved /opt/deep/x");
  assert.is(way(rows, "/../../x")[0], "resolved /x");
  assert.is(way(rows, "//opt/./deep//x/")[0], "resolved /opt/deep/x");
});

test("a link to nothing known is unknown, and one to an absent path is absent", () => {
  assert.equal(way([link("/a", "/gone/x")], "/a"), ["unknown /gone", "/a"]);
  assert.equal(way([link("/a", "/gone"), row("/gone", "absent")], "/a"), ["absent /gone", "/a", "/gone"]);
});

test("links that lead to each other are a loop, and forty in a row are not", () => {
  assert.is(fileTree([link("/a", "/b"), link("/b", "/a")]).resolve("/a").state, "loop");
  assert.is(fileTree([link("/a", "a")]).resolve("/a").state, "loop");
  const chain = (n: number): readonly Row[] => [
    ...Array.from({ length: n }, (_, i) => link(`/l${i}`, `/l${i + 1}`)),
    file(`/l${n}`),
  ];
  assert.is(fileTree(chain(41)).resolve("/l0").state, "loop");
  assert.is(fileTree(chain(40)).resolve("/l0").state, "resolved");
});

test("following links always ends, and what it resolves to is no link", () => {
  const names = fc.constantFrom("a", "b", "c");
  const target = fc
    .tuple(fc.constantFrom("", "/", "../", "./"), fc.array(names, { minLength: 1, maxLength: 4 }))
    .map(([head, parts]) => `${head}${parts.join("/")}`);
  const paths = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join("/")}`);
  const rows = fc.array(
    fc.oneof(
      fc.tuple(paths, target).map(([p, t]) => link(p, t)),
      paths.map(file),
      paths.map((p) => dir(p, "complete")),
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(rows, paths, (facts, path) => {
      const tree = fileTree(facts);
      const { state, real, hops } = tree.resolve(path);
      if (state !== "resolved") return;
      assert.not.equal(tree.at(real)?.value.type, "l");
      assert.equal(tree.resolve(real), { asked: real, state, real, hops: hops.filter((h) => h.value.path === real) });
    }),
  );
});

test("entries are the direct ones that exist, in ASCII order", () => {
  const names = ["100-x.conf", "10-y.conf", "ZZ.conf", "a.conf", ".hidden.conf"];
  const rows = [...names.map((n) => file(`/d/${n}`)), row("/d/gone.conf", "absent"), file("/d/sub/x"), file("/dd")];
  assert.equal(
    fileTree(rows)
      .entries("/d")
      .map((e) => baseName(e.value.path)),
    [".hidden.conf", "10-y.conf", "100-x.conf", "ZZ.conf", "a.conf"],
  );
  assert.equal(fileTree(rows).entries("/nowhere"), []);
});

test("parent, name and joining agree, at the root too", () => {
  for (const path of ["/a", "/a/b", "/a/b.c/d"]) assert.is(joinPath(parentOf(path), baseName(path)), path);
  assert.is(parentOf("/a"), "/");
  assert.is(parentOf("/"), "/");
  assert.is(joinPath("/a/", "b"), "/a/b");
});

test.run();

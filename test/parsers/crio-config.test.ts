import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { artifact, intakeOf, ofKind } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("crio-config");
const read = (content: string, origin = "/etc/crio/crio.conf", part = {}) => {
  const intake = intakeOf([artifact({ origin, ...part }), content]);
  return { intake, fact: ofKind(intake, "crio.config")[0] };
};

test("what it says of the network, with its lines", () => {
  const { fact } = read(
    '[crio.runtime]\nconmon = ""\n[crio.network]\n# network_dir = "/not/this"\nnetwork_dir = "/srv/cni/"\ncni_default_network = "k"\nplugin_dirs = ["/a", "/b"]\n',
  );
  assert.equal(fact?.value, {
    path: "/etc/crio/crio.conf",
    source: "file",
    valid: true,
    networkDir: "/srv/cni/",
    defaultNetwork: "k",
    pluginDirs: ["/a", "/b"],
    dirLine: 5,
    networkLine: 6,
  });
  assert.equal(fact?.evidence.locator, { kind: "lines", from: 5, to: 5 });
});

test("a silent one is whole, and says nothing", () => {
  const { fact, intake } = read('[crio]\nlog_dir = "/x"\n');
  assert.equal([fact?.value.valid, fact?.value.networkDir, fact?.value.pluginDirs], [true, null, null]);
  assert.is(intake.coverage.find((c) => c.kind === "crio.config")?.coverage, "complete");
});

test("every file of the drop-in directory is one, whatever its name; other files of CRI-O are not", () => {
  assert.ok(read("", "/etc/crio/crio.conf.d/10-crio.conf").fact);
  assert.ok(read("", "/etc/crio/crio.conf.d/network").fact);
  for (const other of [
    "/etc/crio/seccomp.json",
    "/etc/containers/registries.conf",
    "/etc/cni/net.d/100-crio-bridge.conflist",
  ])
    assert.is(read("", other).fact, undefined, other);
});

test("what `crio config` prints is the sum; what it would print by default is not", () => {
  assert.is(read("[crio.network]\n", "crio config", { kind: "command" }).fact?.value.source, "dump");
  assert.is(read("[crio.network]\n", "crio config --default", { kind: "command" }).fact, undefined);
});

test("broken, cut or of another type, it tells nothing", () => {
  assert.is(read("[crio.network\n").fact?.value.valid, false);
  assert.is(read("[crio.network]\nnetwork_dir = 7\n").fact?.value.valid, false);
  const cut = read(`[crio.network]\n${"# x\n".repeat(400_000)}`);
  assert.equal(
    [cut.fact, cut.intake.coverage.find((c) => c.kind === "crio.config")?.coverage],
    [undefined, "truncated"],
  );
});

test("any text is read without a fault", () => {
  const piece = fc.constantFrom(
    "[crio.network]\n",
    "network_dir = ",
    '"/a"',
    "\n",
    "[",
    "=",
    '"""',
    "cni_default_network",
  );
  fc.assert(fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => sound(read(pieces.join("")).intake)));
});

test.run();

import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Artifact } from "#model/artifact.js";
import { allParsers, startParsing } from "#parsers/all.js";
import { apiList, artifact, intakeOf, stream, values } from "./feed.js";
import { sound } from "./sound.js";

const test = suite("all parsers");
const raw = (origin: string): Artifact => artifact({ node: null, kind: "api", origin, member: `cluster${origin}` });

test("raw answers of the API", () => {
  const intake = intakeOf(
    [raw("/version"), '{"gitVersion":"v1.20.2"}'],
    [raw("/openid/v1/jwks"), '{"keys":[{"kid":"a","n":"…"},{"kid":"b"}]}'],
    [raw("/.well-known/openid-configuration"), '{"issuer":"https://kubernetes.default.svc"}'],
  );
  assert.equal(values(intake, "kube.version"), [{ gitVersion: "v1.20.2" }]);
  assert.equal(values(intake, "kube.jwks"), [{ kids: ["a", "b"] }]);
  assert.equal(values(intake, "kube.issuer"), [{ issuer: "https://kubernetes.default.svc" }]);
  for (const content of ["", "Forbidden", "[]", '{"gitVersion":5}']) {
    const { coverage, facts } = intakeOf([raw("/version"), content]);
    assert.is(facts.length, 0);
    assert.is(coverage[0]?.coverage, "lost", content);
  }
});

test("coverage: what was looked for and is not there, what failed, what nobody handed over", () => {
  const parsing = startParsing();
  const of = (origin: string, over: Partial<Artifact>) => artifact({ origin, ...over });
  const there = of("/etc/cni/net.d/a-kubeconfig", {});
  const cut = of("/etc/cni/net.d/b-kubeconfig", {});
  const all = [
    there,
    cut,
    of("/etc/cni/net.d/c-kubeconfig", { coverage: "absent", member: null }),
    of("/etc/cni/net.d/d-kubeconfig", { coverage: "denied", member: null }),
    of("/etc/cni/net.d/e-kubeconfig", {}),
    of("/etc/hostname", {}),
  ];
  stream(parsing.open(there), there, "kind: Config");
  stream(parsing.open(cut), cut, "kind: Config", false);
  const { coverage } = parsing.finish(all);
  assert.equal(
    coverage.map((c) => [c.kind, c.coverage, c.facts]),
    [
      ["kubeconfig", "complete", 1],
      ["kubeconfig", "truncated", 0],
      ["kubeconfig", "absent", 0],
      ["kubeconfig", "denied", 0],
      ["kubeconfig", "lost", 0],
    ],
  );
});

test("a configuration that was cut is not read: where a copy ends is not where the node's file ends", () => {
  for (const [origin, content] of [
    ["/etc/cni/net.d/10-a.conflist", '{"name": "a", "plugins": ['],
    ["/etc/cni/net.d/a-kubeconfig", "kind: Config"],
    ["/etc/containerd/config.toml", "version = 2\n"],
  ] as const) {
    for (const whole of [true, false]) {
      const parsing = startParsing();
      const file = artifact({ origin });
      stream(parsing.open(file), file, content, whole);
      assert.is(parsing.finish([file]).facts.length, whole ? 1 : 0, `${origin} ${whole}`);
    }
  }
});

test("facts come in the order of the artifacts, not of the reading", () => {
  const parsing = startParsing();
  const pods = apiList("pods");
  const nodes = apiList("nodes");
  const item = { metadata: { name: "a", namespace: "b", uid: "c" } };
  stream(parsing.open(nodes), nodes, [item]);
  stream(parsing.open(pods), pods, [item]);
  assert.equal(
    parsing.finish([pods, nodes]).facts.map((f) => f.kind),
    ["kube.pod", "kube.node"],
  );
});

test("facts belong to the artifact as it is after reading", () => {
  const parsing = startParsing();
  const before = apiList("nodes");
  stream(parsing.open(before), before, [{ metadata: { name: "a" } }], false);
  const after: Artifact = { ...before, coverage: "truncated" };
  const { facts, coverage } = parsing.finish([after]);
  assert.is(facts[0]?.artifact, after);
  assert.is(coverage[0]?.coverage, "truncated");
});

test("remarks on one artifact are bounded", () => {
  const intake = intakeOf([apiList("pods"), Array(1_000).fill(5)]);
  assert.is(intake.issues.length, 21);
  assert.match(intake.issues.at(-1)?.message ?? "", /^980 further/);
});

test("ids are unique, and nothing is read by two parsers that yield the same kind", () => {
  const ids = allParsers().map((parser) => parser.id);
  assert.is(new Set(ids).size, ids.length);
  const origins = [
    "/etc/kubernetes/kubelet.conf",
    "/etc/cni/net.d/x.conf",
    "/var/log/x.json",
    "/etc/containerd/config.toml",
    "pods",
    "events",
    "/version",
    "containerd config dump",
    "dmesg",
    "ps",
  ];
  for (const kind of ["file", "command", "api", "journal", "podlog", "proc", "paths"] as const) {
    for (const origin of origins) {
      for (const form of ["whole", "lines", "items"] as const) {
        const of = artifact({ kind, origin, form });
        const kinds = allParsers()
          .filter((p) => p.accepts(of))
          .flatMap((p) => p.kinds);
        assert.is(new Set(kinds).size, kinds.length, `${kind} ${origin} ${form}`);
      }
    }
  }
});

test("no artifact and no content throws", () => {
  const origin = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "/etc/kubeconfig",
      "/etc/cni/net.d/a.conf",
      "/etc/containerd/config.toml",
      "/proc/1/mountinfo",
      "pods",
      "events",
      "/version",
      "paths",
    ),
  );
  const kind = fc.constantFrom("file", "command", "journal", "proc", "api", "podlog", "paths", "collector");
  const form = fc.constantFrom("whole", "lines", "items");
  const content = fc.oneof(fc.string({ unit: "binary" }), fc.array(fc.jsonValue()));
  fc.assert(
    fc.property(origin, kind, form, content, (o, k, f, c) => {
      const of = artifact({ origin: o, kind: k as Artifact["kind"], form: f as Artifact["form"] });
      return sound(intakeOf([of, c]));
    }),
  );
});

test.run();

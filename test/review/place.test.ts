import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Evidence } from "#model/evidence.js";
import { placeOf, placesOf } from "#review/place.js";

const test = suite("places that evidence was looked up in");

const of = (member: string, origin: string, excerpt = "x", node: string | null = "n1"): Evidence => ({
  bundle: "b",
  node,
  member,
  sha256: "s",
  origin,
  locator: { kind: "whole" },
  excerpt,
});

for (const [member, origin, excerpt, text] of [
  ["cluster/pods.json", "pods", "x", "kubectl get pods -A -o json"],
  ["cluster/events.events.k8s.io.json", "events.events.k8s.io", "x", "kubectl get events.events.k8s.io -A -o json"],
  ["cluster/jwks.json", "/openid/v1/jwks", "x", "kubectl get --raw /openid/v1/jwks"],
  ["cluster/logs/a_b_c.log", "kube-system/p-1/c", "x", "kubectl -n kube-system logs p-1 -c c --timestamps"],
  ["cluster/logs/a.previous.log", "ns/p/c#previous", "x", "kubectl -n ns logs p -c c --timestamps --previous"],
  ["node/journal/k3s.log", "k3s", "x", "journalctl -u k3s --utc"],
  ["node/cmd/x.txt", "containerd config dump", "x", "containerd config dump"],
  ["node/fs/etc/x", "/etc/x", "x", "/etc/x"],
  ["node/proc/7/mountinfo", "/proc/7/mountinfo", "x", "/proc/7/mountinfo"],
  ["paths.tsv", "paths.tsv", "/etc/cni\\td\\t0755", "stat /etc/cni"],
  ["paths.tsv", "paths.tsv", "/etc/a b; rm\td", "stat '/etc/a b; rm'"],
] as const)
  test(`${member}: ${text}`, () => assert.is(placeOf(of(member, origin, excerpt))?.text, text));

test("a file is named and not printed, since it may hold a credential; a cluster's answer is of no node", () => {
  assert.equal(placeOf(of("node/fs/etc/kubeconfig", "/etc/kubeconfig")), {
    node: "n1",
    kind: "file",
    text: "/etc/kubeconfig",
  });
  assert.is(placeOf(of("cluster/pods.json", "pods"))?.node, null);
});

test("the collector's own record, and a table of paths as a whole, are no places to look", () => {
  assert.is(placeOf(of("collector.json", "collector.json")), null);
  assert.is(placeOf(of("index.tsv", "index.tsv")), null);
  assert.is(placeOf(of("paths.tsv", "paths.tsv", "104 paths")), null);
});

test("each place once, and the same file of two nodes twice", () => {
  const file = of("node/fs/etc/x", "/etc/x");
  assert.is(placesOf([file, { ...file, excerpt: "y" }, { ...file, node: "n2" }]).length, 2);
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, FactKinds } from "#model/fact.js";
import type { Finding, Found } from "#model/finding.js";
import rbac from "#rules/cni/cni-rbac-denied.js";
import wrongAccount from "#rules/cni/cni-token-wrong-service-account.js";
import { at, fact, judge, pod, texts } from "#test/rules/_facts.js";
import {
  agent,
  CONFLIST,
  config,
  directory,
  file,
  kubeconfig,
  netconf,
  plain,
  ready,
  refusal,
  scene,
  token,
} from "./_nodes.js";

const test = suite("a denied permission, and of whom");

const READ = 'get resource "clusterinformations" in API group "crd.projectcalico.org" at the cluster scope';
function refusedWorld(user: string, facts: readonly Fact[], what = READ) {
  const message = `it is forbidden: User "${user}" cannot ${what}`;
  const world = scene([...facts, agent()], { moment: { nodes: ["n1", "n2"] } });
  world.publish("sym:failed-create-sandbox", [{ ...refusal("403"), value: { message } }]);
  return world;
}

/** Calls on n1 that are answered with 403 in the API server's words about a user; what is said, and everything that is proposed. */
function denied(user: string, facts: readonly Fact[] = plain(), what = READ) {
  const world = refusedWorld(user, facts, what);
  const outcome = judge(rbac, world).find((o) => o.outcome === "found") as Found;
  const { fix, verify, actions, questions, stops } = rbac.consequence({
    ...outcome,
    ended: null,
  } as unknown as Finding);
  const proposed = [fix, verify, actions, questions, stops].map((part) => JSON.stringify(part)).join("\n");
  return {
    outcome,
    said: texts(outcome.statements).join("\n"),
    fix: JSON.stringify(fix),
    proposed,
    questions: questions.join(),
  };
}
const account = (name: string): string => `system:serviceaccount:kube-system:${name}`;

test("the permission of the account whose token the plugin is given is asked for, and given back", () => {
  const { fix, proposed, questions } = denied(account("calico-cni-plugin"));
  assert.match(fix, `can-i get clusterinformations.crd.projectcalico.org --as=${account("calico-cni-plugin")}`);
  assert.match(fix, "create clusterrolebinding calico-cni-plugin");
  assert.match(proposed, "may get clusterinformations.crd.projectcalico.org");
  assert.match(questions, "Which change removed the permission");
});

test("another account than that is neither given it nor expected to have it", () => {
  const { said, fix, proposed, questions } = denied(account("default"));
  assert.match(said, `which the configuration names, is of another account, ${account("calico-cni-plugin")}`);
  assert.is(fix, "[]");
  assert.not.match(proposed, "can-i");
  assert.not.match(questions, "removed the permission");
  assert.match(questions, `With which file did the CNI plugin ask as ${account("default")}`);
});

test("whether an account whose token was not seen is the plugin's is asked, and no right is expected", () => {
  const { fix, proposed, questions } = denied(account("calico-node"), []);
  assert.is(fix, "[]");
  assert.not.match(proposed, "can-i");
  assert.match(questions, `Is ${account("calico-node")} the account that the CNI plugin is meant to use`);
});

const KUBELETS = "/etc/kubernetes/kubelet.conf";
const ledTo = (path: string, node: string): readonly Fact[] => [
  config({}, node),
  directory("/etc/cni/net.d", {}, node),
  file(CONFLIST, undefined, node),
  netconf(CONFLIST, path, node),
];

test("a plugin that asks as its node is led to the node's own file: that is told, with what the peers' read, and no right is given", () => {
  const { said, fix, proposed, questions } = denied("system:node:n1", [
    ...ledTo(KUBELETS, "n1"),
    ...plain(undefined, "n2"),
  ]);
  assert.match(said, `it took the caller for system:node:n1 and denied it permission`);
  assert.match(said, `Its configuration ${CONFLIST} leads the plugin there to ${KUBELETS}`);
  assert.match(said, `That of n2 leads it to /etc/cni/net.d/calico-kubeconfig, which holds the token of`);
  assert.match(fix, `Have ${CONFLIST} on n1 name /etc/cni/net.d/calico-kubeconfig, as on n2`);
  assert.match(fix, `Do not give the identity in ${KUBELETS} the permission`);
  assert.not.match(proposed, "can-i");
  assert.match(questions, `Who or what had ${CONFLIST} on n1 name ${KUBELETS}?`);
});

test("a file with a certificate and no token leads there as well; without a peer that reads another, no repair is known", () => {
  const bare = kubeconfig(KUBELETS, token({ kind: "absent", sub: null }));
  const { said, fix } = denied("system:node:n1", [...ledTo(KUBELETS, "n1"), file(KUBELETS), bare]);
  assert.match(said, `leads the plugin there to ${KUBELETS}`);
  assert.is(fix, "[]");
  const alike = denied("system:node:n1", [...ledTo(KUBELETS, "n1"), ...ledTo(KUBELETS, "n2")]);
  assert.is(alike.fix, "[]");
});

test("a part of an object is asked for as such, and in its namespace", () => {
  const asked = (what: string) => /can-i (.*?) --as/.exec(denied(account("calico-cni-plugin"), plain(), what).fix)?.[1];
  assert.is(
    asked('patch resource "pods/status" in API group "" in the namespace "shop"'),
    "patch pods --subresource=status -n shop",
  );
  assert.is(asked('get resource "pods" in API group "" in the namespace "shop"'), "get pods -n shop");
  assert.is(
    asked('create resource "ipamhandles" in API group "crd.projectcalico.org" at the cluster scope'),
    "create ipamhandles.crd.projectcalico.org",
  );
});

test("of several credentials the one of the denied account counts, whichever comes first", () => {
  const MULTUS = "/etc/cni/net.d/multus.kubeconfig";
  const both = plain().map((f) =>
    f.kind === "cni.netconf"
      ? fact(
          "cni.netconf",
          {
            path: CONFLIST,
            plugins: [
              { type: "calico", kubeconfig: "/etc/cni/net.d/calico-kubeconfig", pointer: "/plugins/0", line: null },
              { type: "multus", kubeconfig: MULTUS, pointer: "/plugins/1", line: null },
            ],
          },
          "n1",
        )
      : f,
  );
  const facts = [...both, file(MULTUS), kubeconfig(MULTUS, token({ sub: account("multus") }))];
  const { said, fix } = denied(account("multus"), facts);
  assert.match(said, `The token in ${MULTUS}, which multus is given, is of that account`);
  assert.not.match(said, "of another account");
  assert.match(fix, `--as=${account("multus")}`);
  assert.is(denied(account("default"), facts).fix, "[]");
  // nor is it asked for which file held it
  const gaps = (user: string, on: readonly Fact[]): readonly string[] =>
    judge(wrongAccount, refusedWorld(user, on)).flatMap((o) =>
      o.outcome === "undetermined" ? o.missing.map((m) => m.what) : [],
    );
  assert.equal(
    gaps(account("multus"), facts).filter((what) => what.startsWith("which file")),
    [],
  );
  assert.is(
    gaps(account("default"), plain()).some((what) => what.startsWith("which file")),
    true,
  );
});

test("a pod that got its network with that account afterwards shows that the right is back", () => {
  const made = (time: string, part: Partial<FactKinds["kube.pod"]> = {}): Fact =>
    pod({
      name: "web",
      uid: "uid-web",
      node: "n1",
      created: at(time),
      startedAt: at(time),
      conditions: [ready("True", "2024-03-05T10:29:40Z")],
      ...part,
    });
  const isOver = (other: Fact, what?: string): boolean => {
    const { outcome } = denied(account("calico-cni-plugin"), [...plain(), other], what);
    return outcome.over;
  };
  assert.is(isOver(made("2024-03-05T10:29:30Z")), true);
  assert.is(isOver(made("2024-03-05T10:28:00Z")), false, "made before the last call that was denied");
  const host = made("2024-03-05T10:29:30Z", {
    template: { containers: [], hostPaths: [], serviceAccount: null, hostNetwork: true },
  });
  assert.is(isOver(host), false, "no network of its own");
  const other = 'create resource "ipamhandles" in API group "crd.projectcalico.org" at the cluster scope';
  assert.is(isOver(made("2024-03-05T10:29:30Z"), other), false, "not every call needs that right");
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import type { Rule } from "#model/rule.js";
import { type Followed, nodeFiles } from "#rules/cni/_credential.js";
import agentUnhealthy from "#rules/cni/cni-agent-unhealthy.js";
import diverged from "#rules/cni/cni-conf-dir-diverged.js";
import invalid from "#rules/cni/cni-conflist-invalid.js";
import stale from "#rules/cni/cni-hostpath-mount-stale-inode.js";
import podGone from "#rules/cni/cni-kubeconfig-token-pod-gone.js";
import rbac from "#rules/cni/cni-rbac-denied.js";
import recreated from "#rules/cni/cni-service-account-recreated.js";
import expired from "#rules/cni/cni-token-expired.js";
import wrongAccount from "#rules/cni/cni-token-wrong-service-account.js";
import issuer from "#rules/cni/token-issuer-changed.js";
import key from "#rules/cni/token-signing-key-changed.js";
import type { Collected } from "#test/rules/_facts.js";
import { judge, verdicts } from "#test/rules/_facts.js";
import {
  agent,
  CONF_DIR,
  CONFLIST,
  config,
  directory,
  file,
  KUBECONFIG,
  kubeconfig,
  link,
  netconf,
  plain,
  refusal,
  said,
  scene,
  token,
} from "./_nodes.js";

const test = suite("the credential in use");

const follow = (facts: readonly Fact[], part: Omit<Collected, "facts"> = {}): Followed => {
  const { view, context } = scene(facts, part);
  return nodeFiles(view, context).get("n1")?.followed ?? { state: "none" };
};
/** The kubeconfig that counts, else the state. */
const real = (...facts: readonly Fact[]): string => {
  const followed = follow(facts);
  return followed.state === "followed" ? followed.credential.real : followed.state;
};
/** The configuration that wins: each names a kubeconfig of its own. */
const winner = (...names: readonly string[]): string =>
  real(
    config(),
    directory(CONF_DIR),
    ...names.flatMap((name) => [
      file(`${CONF_DIR}/${name}`),
      netconf(`${CONF_DIR}/${name}`, `/kc/${name}`),
      kubeconfig(`/kc/${name}`),
      file(`/kc/${name}`),
    ]),
  ).replace("/kc/", "");

test("an empty directory, and one of other files, gives no credential", () => {
  assert.is(winner(), "none");
  assert.is(winner("10-calico.conflist.bak", "05-x.disabled", "notes.txt", "conf"), "none");
});

test("a copy that is not loaded does not win, though it sorts first", () => {
  assert.is(winner("05-old.conflist.bak", "10-calico.conflist"), "10-calico.conflist");
});

test("the first in ASCII order wins", () => {
  assert.is(winner("100-x.conflist", "10-y.conflist"), "10-y.conflist");
  assert.is(winner("10-x.conf", "05-y.json"), "05-y.json");
  assert.is(winner("a.conflist", "ZZZ.conflist"), "ZZZ.conflist");
  assert.is(winner("Z.conflist", "9.conflist"), "9.conflist");
  assert.is(winner("10.conflist", "1-x.conflist"), "1-x.conflist");
  assert.is(winner("10-x.conflist", ".hidden.conf"), ".hidden.conf");
});

test("a directory of a fitting name is passed over, and a link to a file is followed", () => {
  const folder = directory(`${CONF_DIR}/00-a.conflist`);
  assert.is(real(...plain(), folder), KUBECONFIG);
  const linked = [
    link(`${CONF_DIR}/00-a.conflist`, "/opt/real.conflist"),
    file("/opt/real.conflist"),
    netconf("/opt/real.conflist", "/opt/kc"),
    kubeconfig("/opt/kc"),
    file("/opt/kc"),
  ];
  assert.is(real(...plain(), ...linked), "/opt/kc");
});

test("a file that wins and was not collected leaves it open, with its name", () => {
  const followed = follow([...plain(), file(`${CONF_DIR}/00-a.conflist`)]);
  assert.is(followed.state === "unknown" && followed.missing[0].what, `the content of ${CONF_DIR}/00-a.conflist`);
});

test("the kubeconfig counts that the configuration names, wherever it lies, and no sibling", () => {
  const elsewhere = [
    config(),
    directory(CONF_DIR),
    file(CONFLIST),
    file(KUBECONFIG),
    kubeconfig(KUBECONFIG),
    netconf(CONFLIST, "/opt/own/calico-kubeconfig"),
  ];
  assert.is(real(...elsewhere), "unknown");
  assert.is(
    real(...elsewhere, kubeconfig("/opt/own/calico-kubeconfig"), file("/opt/own/calico-kubeconfig")),
    "/opt/own/calico-kubeconfig",
  );
});

test("links on the way are followed, and cited", () => {
  const way = link(CONF_DIR, "/opt/cni/conf");
  const followed = follow([
    config(),
    way,
    directory("/opt/cni/conf"),
    file("/opt/cni/conf/10-calico.conflist"),
    file("/opt/cni/conf/calico-kubeconfig"),
    netconf("/opt/cni/conf/10-calico.conflist", KUBECONFIG),
    kubeconfig("/opt/cni/conf/calico-kubeconfig"),
  ]);
  assert.is(followed.state === "followed" && followed.credential.real, "/opt/cni/conf/calico-kubeconfig");
  assert.is(followed.state === "followed" && followed.credential.named, KUBECONFIG);
  assert.ok(followed.state === "followed" && followed.credential.path.includes(way.evidence));
  assert.equal(followed.state === "followed" && followed.credential.unverified, []);
});

test("a directory that was not listed in full makes the winner an unverified premise", () => {
  const followed = follow([...plain().filter((f) => f.kind !== "path"), file(KUBECONFIG)]);
  assert.equal(followed.state === "followed" && followed.credential.unverified, [
    "the directory of 10-calico.conflist was not listed in full",
  ]);
});

/** Every rule that judges a credential. */
/** Rules that a 401 refutes by its own text. */
const BY_TEXT: ReadonlySet<Rule> = new Set([rbac, wrongAccount]);
const RULES = [podGone, expired, recreated, wrongAccount, rbac, issuer, key, diverged, stale];

for (const [what, facts] of [
  [
    "a plugin that takes no kubeconfig, as flannel and cilium",
    [config(), directory(CONF_DIR), file(CONFLIST), netconf(CONFLIST, null)],
  ],
  ["a kubeconfig without a token, as with client certificates", plain(token({ kind: "absent", iat: null, exp: null }))],
] as const) {
  test(`${what}, decides nothing for any rule that judges it`, () => {
    for (const rule of RULES) {
      const world = scene([...facts, agent()]);
      world.publish("sym:failed-kill-pod", [refusal("401")]);
      // What the answer itself says is said whatever is on the node.
      // That the runtime reads where the agent writes holds without a credential.
      const decided = BY_TEXT.has(rule) || rule === diverged;
      assert.equal(verdicts(judge(rule, world)), decided ? ["refuted n1"] : [], rule.id);
    }
  });
}

test("a token that cannot be read is a gap for every rule that judges it, and no verdict", () => {
  for (const kind of ["opaque", "malformed"] as const) {
    for (const rule of RULES.filter((r) => !BY_TEXT.has(r))) {
      assert.equal(verdicts(said(rule, ...plain(token({ kind })), agent())), ["undetermined n1"], `${rule.id} ${kind}`);
    }
  }
});

test("a healthy node yields no finding, no forecast and no gap but of what was not collected", () => {
  const facts = [...plain(), agent()];
  for (const rule of [podGone, expired, diverged, invalid, agentUnhealthy])
    assert.equal(verdicts(said(rule, ...facts)), ["refuted n1"], rule.id);
  for (const rule of [rbac, wrongAccount]) assert.equal(said(rule, ...facts), [], rule.id);
});

test("an invalid configuration that sorts first is found, and one that sorts later is not", () => {
  const broken = (name: string): readonly Fact[] => {
    const base = netconf(`${CONF_DIR}/${name}`, null);
    return [file(`${CONF_DIR}/${name}`), { ...base, value: { ...base.value, valid: false, problem: "not JSON" } }];
  };
  assert.equal(verdicts(said(invalid, ...plain(), ...broken("99-x.conflist"))), ["refuted n1"]);
  assert.equal(verdicts(said(invalid, ...plain(), ...broken("00-x.conflist"))), ["found n1"]);
});

test.run();

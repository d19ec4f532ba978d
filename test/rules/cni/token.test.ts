import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact, KubeconfigValue } from "#model/fact.js";
import type { Outcome } from "#model/finding.js";
import type { Rule } from "#model/rule.js";
import agentUnhealthy from "#rules/cni/cni-agent-unhealthy.js";
import diverged from "#rules/cni/cni-conf-dir-diverged.js";
import stale from "#rules/cni/cni-hostpath-mount-stale-inode.js";
import podGone from "#rules/cni/cni-kubeconfig-token-pod-gone.js";
import rbac from "#rules/cni/cni-rbac-denied.js";
import recreated from "#rules/cni/cni-service-account-recreated.js";
import expired from "#rules/cni/cni-token-expired.js";
import wrongAccount from "#rules/cni/cni-token-wrong-service-account.js";
import clockOff from "#rules/cni/node-clock-off.js";
import issuerChanged from "#rules/cni/token-issuer-changed.js";
import signingKey from "#rules/cni/token-signing-key-changed.js";
import { at, type Collected, fact, judge, NOW, node, pod, publish, texts, verdicts } from "#test/rules/_facts.js";
import {
  agent,
  directory,
  file,
  KUBECONFIG,
  kubeconfig,
  mount,
  plain,
  ready,
  refusal,
  said,
  scene,
  token,
} from "./_nodes.js";

const test = suite("tokens");

const bound = (uid = "uid-gone", more = {}) =>
  token({ pod: { name: "calico-node-old", uid }, exp: at("2025-03-05T06:00:00Z"), ...more });
const holder = (more: Parameters<typeof pod>[0] = {}) =>
  pod({ namespace: "kube-system", name: "calico-node-old", uid: "uid-gone", ...more });
const headline = (outcomes: readonly Outcome[]): string =>
  texts(outcomes.flatMap((o) => ("statements" in o ? [o.statements[0]] : [])))[0] ?? "";

test("a token without a pod is not bound to one", () => {
  assert.equal(verdicts(said(podGone, ...plain(), agent())), ["refuted n1"]);
});

test("a token whose pod exists is no orphan, whoever owns it", () => {
  assert.equal(verdicts(said(podGone, ...plain(bound()), agent(), holder())), ["refuted n1"]);
});

test("a pod within a minute after its deadline still vouches for its token, and one after that does not", () => {
  const terminating = (deletion: string) => said(podGone, ...plain(bound()), holder({ deletion: at(deletion) }));
  assert.equal(verdicts(terminating("2024-03-05T10:40:00Z")), ["refuted n1"]);
  assert.equal(verdicts(terminating("2024-03-05T10:29:00Z")), ["refuted n1"]);
  assert.equal(verdicts(terminating("2024-03-05T10:28:59Z")), ["found n1", "foreseen n1"]);
});

test("a pod of the same name with another uid does not save the token", () => {
  const again = holder({ uid: "uid-new" });
  assert.equal(verdicts(said(podGone, ...plain(bound()), agent(), again)), ["found n1", "foreseen n1"]);
});

test("pods that were not collected in full decide nothing", () => {
  for (const state of ["truncated", "failed", "denied", "not-attempted"] as const) {
    const world = scene([...plain(bound()), agent()], { coverage: { "kube.pod": state } });
    assert.equal(verdicts(judge(podGone, world)), ["undetermined n1"], state);
  }
});

test("a pod that is there vouches, however little of the list was collected", () => {
  const world = scene([...plain(bound()), holder()], { coverage: { "kube.pod": "truncated" } });
  assert.equal(verdicts(judge(podGone, world)), ["refuted n1"]);
});

test("what is refused already is not foreseen, unless it is refused for another reason or elsewhere", () => {
  const after = (error: string, node = "n1") => {
    const world = scene([...plain(bound()), agent()]);
    world.publish("sym:failed-kill-pod", [refusal(error, node)]);
    return verdicts(judge(podGone, world));
  };
  assert.equal(after("401"), ["found n1"]);
  assert.equal(after("timeout"), ["found n1", "foreseen n1"]);
  assert.equal(after("401", "n2"), ["found n1", "foreseen n1", "undetermined n2"]);
});

test("a path in the check that is to be run is one word of a shell", () => {
  const [finding] = said(podGone, ...plain(bound()), agent());
  assert.is(finding?.outcome, "found");
  const value = { node: "n1", path: "/etc/x; rm -rf /" };
  const { verify } = podGone.consequence({ value, ended: null } as never);
  const [asked] = verify.flat();
  assert.ok(asked?.run.includes("--kubeconfig '/etc/x; rm -rf /' "), asked?.run);
});

/** A fact as it was collected at another time than the rest. */
const collected = <F extends Fact>(of: F, time: string): F => ({
  ...of,
  artifact: { ...of.artifact, collectedAt: at(time) },
});
const why = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.flatMap((o) => (o.outcome === "undetermined" ? [o.missing[0].why] : []));
/** What is said of a bound token whose pod is in no list, of pods collected then. */
const listedAt = (time: string, of = bound()) =>
  said(podGone, ...plain(of), ...[agent(), pod({ name: "other", uid: "o" })].map((p) => collected(p, time)));

test("a list of pods that may be older than the token does not judge it", () => {
  assert.equal(why(listedAt("2024-03-05T06:00:00Z")), ["the list is older than the token"]);
  assert.equal(why(listedAt("2024-03-05T06:01:00Z")), ["the list is older than the token"]);
  assert.equal(verdicts(listedAt("2024-03-05T06:01:01Z")), ["found n1", "foreseen n1"]);
});

test("files of a node that may be older than its present agent do not judge what that agent holds", () => {
  const since = (created: string, state = "True", ...more: readonly Fact[]) =>
    said(podGone, ...plain(bound()), agent(undefined, { conditions: [ready(state, created)] }, created), ...more);
  assert.equal(why(since("2024-03-05T10:29:00Z")), ["the node's files are older than its CNI agent"]);
  assert.equal(why(since("2024-03-05T10:28:59Z", "False")), ["the agent was still starting"]);
  assert.equal(verdicts(since("2024-03-05T10:28:59Z")), ["found n1", "foreseen n1"]);
  assert.equal(verdicts(since("2024-03-05T10:28:00Z", "False")), ["found n1", "foreseen n1"]);
  const fresh = (iat: string) => kubeconfig("/opt/cni/calico-kubeconfig", token({ iat: at(iat) }));
  const beside = (iat: string) => verdicts(since("2024-03-05T10:29:30Z", "True", fresh(iat)));
  assert.equal(beside("2024-03-05T10:29:30Z"), ["found n1", "foreseen n1"]);
  assert.equal(beside("2024-03-05T10:29:29Z"), ["undetermined n1"]);
});

test("an agent whose init containers still run has not written yet, for ten minutes", () => {
  const init = { name: "install-cni", image: null, init: true, ready: false, restarts: 0, startedAt: null };
  const since = (created: string, state: string) =>
    verdicts(said(podGone, ...plain(bound()), agent(undefined, { containers: [{ ...init, state }] }, created)));
  assert.equal(since("2024-03-05T10:25:00Z", "running"), ["undetermined n1"]);
  assert.equal(since("2024-03-05T10:25:00Z", "terminated:Completed"), ["found n1", "foreseen n1"]);
  assert.equal(since("2024-03-05T10:20:00Z", "running"), ["found n1", "foreseen n1"]);
});

const jwks = (kids: readonly string[]): Fact<"kube.jwks"> => fact("kube.jwks", { kids } as never);
/** What is said where calls are refused with 401 since ten. */
const refusedFor = (rule: Rule, ...facts: readonly Fact[]): readonly Outcome[] => {
  const world = scene([...plain(), ...facts]);
  world.publish("sym:failed-create-sandbox", [refusal("401")]);
  return judge(rule, world);
};

test("a key that is not published is one that is not accepted only where calls are refused, and nothing with it is accepted since", () => {
  const unknown = jwks(["k0"]);
  assert.equal(why(said(signingKey, ...plain(), unknown)), ["no call with that token is in evidence"]);
  assert.equal(verdicts(said(signingKey, ...plain(), unknown, worked("n1", "2024-03-05T09:00:00Z"))), ["refuted n1"]);
  assert.equal(verdicts(refusedFor(signingKey, unknown)), ["found n1"]);
  assert.equal(verdicts(refusedFor(signingKey, unknown, worked("n1", "2024-03-05T09:00:00Z"))), ["found n1"]);
  const peers = (kid: string, created: string): readonly string[] => {
    const facts = [...plain(), ...plain(token({ kid }), "n2"), worked("n2", created), unknown];
    const world = scene(facts, { moment: { nodes: ["n1", "n2"] } });
    world.publish("sym:failed-create-sandbox", [refusal("401")]);
    return verdicts(judge(signingKey, world)).filter((v) => v.endsWith(" n1"));
  };
  assert.equal(peers("k1", "2024-03-05T10:20:00Z"), ["refuted n1"], "the peer works with the same key");
  assert.equal(peers("k2", "2024-03-05T10:20:00Z"), ["found n1"], "another key");
  assert.equal(peers("k1", "2024-03-05T09:00:00Z"), ["found n1"], "before the refusals");
});

test("a pod on the host's network, one that is older than the file, or one that is not ready shows nothing", () => {
  const accepts = (of: Parameters<typeof pod>[0], written = "2024-03-05T06:00:00Z") => {
    const base = worked("n1", "2024-03-05T09:00:00Z") as ReturnType<typeof pod>;
    const facts = [...plain(), file(KUBECONFIG, written), jwks(["k0"]), { ...base, value: { ...base.value, ...of } }];
    return verdicts(said(signingKey, ...facts));
  };
  assert.equal(accepts({}), ["refuted n1"]);
  assert.equal(accepts({}, "2024-03-05T09:30:00Z"), ["undetermined n1"]);
  assert.equal(accepts({ conditions: [] }), ["undetermined n1"]);
  assert.equal(accepts({ node: "n2" }), ["undetermined n1"]);
  const template = { containers: [], hostPaths: [], serviceAccount: null, hostNetwork: true };
  assert.equal(accepts({ template }), ["undetermined n1"]);
});

test("an issuer that a token which works names as well is accepted beside the server's own", () => {
  const facts = (created: string, iat = "2024-03-05T06:00:00Z") => [
    ...plain(token({ iss: "https://old" })),
    ...plain(token({ iss: "https://old", iat: at(iat) }), "n2"),
    worked("n2", created),
    issuer("https://new"),
  ];
  const of = (...args: Parameters<typeof facts>): readonly string[] => {
    const world = scene(facts(...args), { moment: { nodes: ["n1", "n2"] } });
    world.publish("sym:failed-create-sandbox", [refusal("401")]);
    return verdicts(judge(issuerChanged, world)).filter((v) => v.endsWith(" n1"));
  };
  assert.equal(of("2024-03-05T10:20:00Z"), ["refuted n1"]);
  assert.equal(of("2024-03-05T09:00:00Z"), ["found n1"]);
  assert.equal(of("2024-03-05T09:00:00Z", "2024-03-05T08:00:00Z"), ["refuted n1"], "a younger token");
});

test("a kubeconfig that names another server than its peers', or trusts another authority, is judged by no list", () => {
  const of = (own: Partial<KubeconfigValue>, ...others: readonly Partial<KubeconfigValue>[]): readonly string[] => {
    const names = ["n1", ...others.map((_, i) => `n${i + 2}`)];
    const facts = [own, ...others].flatMap((value, i) =>
      plain(token(), names[i]).map((f) =>
        f.kind === "kubeconfig" ? ({ ...f, value: { ...f.value, ...value } } as Fact) : f,
      ),
    );
    const world = scene([...facts, jwks(["k0"])], { moment: { nodes: names } });
    world.publish("sym:failed-create-sandbox", [refusal("401")]);
    return verdicts(judge(signingKey, world)).filter((v) => v.endsWith(" n1"));
  };
  const [here, there] = ["https://10.43.0.1:443", "https://10.77.0.5:6443"];
  assert.equal(of({ server: there }, { server: here }, { server: here }), ["undetermined n1"]);
  assert.equal(of({ server: there }, { server: here }, { server: there }), ["found n1"], "a peer names it, too");
  assert.equal(of({ server: "https://127.0.0.1:6443" }, { server: here }), ["found n1"], "itself");
  assert.equal(of({ server: here }, { server: here }), ["found n1"]);
  assert.equal(of({ server: there }), ["found n1"], "no peer");
  assert.equal(of({ caSha256: "a" }, { caSha256: "b" }), ["undetermined n1"]);
  assert.equal(of({ caSha256: "a" }, { caSha256: null }), ["found n1"]);
});

test("a pod that the list has by another uid than the token, under a name that is never given twice, is of another cluster", () => {
  const of = (owner: string | null) =>
    verdicts(
      said(
        podGone,
        ...plain(bound()),
        holder({ uid: "uid-new", ...(owner ? { owner: { kind: owner, name: "calico-node", uid: "u" } } : {}) }),
      ),
    );
  assert.equal(of("DaemonSet"), ["undetermined n1"]);
  assert.equal(of("StatefulSet"), ["found n1", "foreseen n1"]);
  assert.equal(of(null), ["found n1", "foreseen n1"]);
});

test("a list of pods does not judge a token whose key the API server does not publish, unless such a token works", () => {
  const of = (...facts: readonly Fact[]) => verdicts(said(podGone, ...plain(bound()), ...facts));
  assert.equal(of(jwks(["k1"])), ["found n1", "foreseen n1"]);
  assert.equal(of(jwks(["k0"])), ["undetermined n1"]);
  assert.equal(of(jwks(["k0"]), worked("n1", "2024-03-05T09:00:00Z")), ["found n1", "foreseen n1"]);
});

test("keys that may be older than the token do not judge it", () => {
  const key = (kid: string, time: string) => refusedFor(signingKey, collected(jwks([kid]), time));
  assert.equal(why(key("k0", "2024-03-05T06:01:00Z")), ["the list is older than the token"]);
  assert.equal(verdicts(key("k0", "2024-03-05T06:02:00Z")), ["found n1"]);
  assert.equal(verdicts(key("k1", "2024-03-05T10:29:30Z")), ["refuted n1"]);
});

const issuer = (name: string): Fact<"kube.issuer"> => fact("kube.issuer", { issuer: name });

/** Calls are refused from 10:00 to 10:29; the list that speaks for the token was read then. */
const BY_LIST: readonly (readonly [Rule, (time: string) => readonly Fact[], string])[] = [
  [podGone, (time) => [collected(holder(), time)], "the list of pods"],
  [
    recreated,
    (time) => [
      collected(fact("kube.serviceaccount", { namespace: "kube-system", name: "calico-node", uid: "uid-sa" }), time),
    ],
    "the list of service accounts",
  ],
  [signingKey, (time) => [collected(jwks(["k1"]), time)], "the keys that the API server publishes"],
  [issuerChanged, (time) => [collected(issuer("https://api.exa"), time)], "the issuer that the API server names"],
];

const SAME = {
  kid: "k1",
  iss: "https://api.exa",
  namespace: "kube-system",
  serviceAccount: { name: "calico-node", uid: "uid-sa" },
};

for (const [rule, list, what] of BY_LIST) {
  const judged = (time: string, held?: string): readonly Outcome[] => {
    const world = scene([...plain(bound("uid-gone", SAME)), agent(), ...list(time)]);
    const call = refusal("401");
    const value = { ...call.value, heldFromMs: held ? at(held).epochMs : null };
    world.publish("sym:failed-kill-pod", [{ ...call, value }]);
    return judge(rule, world);
  };

  test(`${rule.id}: a list read before the last refusal leaves open what held then, and says when it was read`, () => {
    for (const time of ["2024-03-05T09:59:59Z", "2024-03-05T10:10:00Z", "2024-03-05T10:28:59Z"]) {
      const outcomes = judged(time);
      assert.equal(verdicts(outcomes), ["undetermined n1"], time);
      const [missing] = outcomes.flatMap((o) => (o.outcome === "undetermined" ? o.missing : []));
      assert.is(missing?.what, `${what}, read after the last failure that was seen`);
      assert.is(missing?.why, `what was collected is of ${time.replace("T", " ").replace("Z", " UTC")}, before that`);
      assert.match(missing?.command ?? "", "kubectl get ");
    }
  });

  test(`${rule.id}: a list read after the last refusal refutes, and so does one read while pods are seen to fail`, () => {
    assert.equal(verdicts(judged("2024-03-05T10:29:00Z")), ["refuted n1"]);
    assert.equal(verdicts(judged("2024-03-05T10:10:00Z", "2024-03-05T10:05:00Z")), ["refuted n1"]);
    assert.equal(verdicts(judged("2024-03-05T10:04:00Z", "2024-03-05T10:05:00Z")), ["undetermined n1"]);
  });

  test(`${rule.id}: where no call is refused the list says what is there`, () => {
    const facts = [...plain(bound("uid-gone", SAME)), agent(), ...list("2024-03-05T09:59:59Z")];
    assert.equal(verdicts(judge(rule, scene(facts))), ["refuted n1"]);
  });
}

/** Since when the bound pod is gone, where calls are refused since ten. */
function goneSince(created: string, revised?: string): string {
  const owner = { kind: "DaemonSet", name: "calico-node", uid: "ds-1" };
  const made = { namespace: "kube-system", owner, hash: "h2", created: revised ? at(revised) : null };
  const labels = { "controller-revision-hash": "h2" };
  const world = scene([...plain(bound()), agent(undefined, { labels }, created), fact("kube.revision", made)]);
  world.publish("sym:failed-kill-pod", [refusal("401")]);
  const [outcome] = judge(podGone, world);
  const since = outcome?.outcome === "found" ? outcome.since : null;
  const iso = (ms: number) => new Date(ms).toISOString().slice(11, 16);
  return since ? `${iso(since.epochMs)} to ${iso(since.epochMs + since.precisionMs)}` : "unknown";
}

test("the bound pod is gone since its successor came, unless calls were refused before", () => {
  assert.is(goneSince("2024-03-05T08:00:00Z"), "08:00 to 08:00");
  assert.is(goneSince("2024-03-05T10:10:00Z"), "unknown", "nothing shows that it had gone by then");
  assert.is(goneSince("2024-03-05T05:00:00Z"), "06:00 to 10:00");
});

test("a successor of a revision that came after the first refusal is the first one", () => {
  assert.is(goneSince("2024-03-05T10:10:00Z", "2024-03-05T10:09:00Z"), "10:10 to 10:10");
  assert.is(goneSince("2024-03-05T10:10:00Z", "2024-03-05T09:00:00Z"), "unknown");
});

test("an issuer is a former one only where calls are refused, and the one of secrets never", () => {
  const say = (iss: string, error: string | null) => {
    const world = scene([...plain(token({ iss })), issuer("https://new")]);
    world.publish("sym:failed-create-sandbox", error === null ? [] : [refusal(error)]);
    return verdicts(judge(issuerChanged, world));
  };
  assert.equal(say("https://old", null), []);
  assert.equal(say("https://old", "timeout"), []);
  assert.equal(say("https://old", "401"), ["found n1"]);
  assert.equal(say("kubernetes/serviceaccount", "401"), ["refuted n1"]);
});

test("a refused call on a node that was not collected is a gap, naming its kubeconfig", () => {
  for (const rule of [podGone, expired, signingKey, issuerChanged]) {
    const world = scene([...plain()]);
    world.publish("sym:failed-create-sandbox", [refusal("401", "n9"), refusal("timeout", "n8")]);
    const [gap, ...more] = judge(rule, world).filter((o) => o.subject !== "n1");
    assert.is(gap?.outcome === "undetermined" && gap.missing[0].node, "n9", rule.id);
    assert.equal(more, []);
  }
});

const clock = (apiOffsetS: number | null, apiOffsetErrorS: number | null = 0.5, ofNode = true): Fact<"clock"> =>
  fact("clock", { ofNode, zone: "UTC", synchronised: "yes", apiOffsetS, apiOffsetErrorS }, "n1");

/** What is said of a token that ends then; collected at half past ten. */
const ending = (exp: string | null, ...more: readonly Fact[]): readonly string[] =>
  verdicts(said(expired, ...plain(token({ exp: exp === null ? null : at(exp) })), ...more));

test("a token without an end, and one within its end and the leeway of a minute, is not expired", () => {
  assert.equal(ending(null), ["refuted n1"]);
  assert.equal(ending("2024-03-05T10:30:01Z"), ["refuted n1"]);
});

const NODE = fact("kube.node", { name: "n1" });
test("a token whose end lies within what two clocks may differ is left open, unless the offset is measured", () => {
  assert.equal(ending("2024-03-05T10:29:59Z"), ["undetermined n1"]);
  assert.equal(ending("2024-03-05T10:28:01Z"), ["undetermined n1"]);
  assert.equal(ending("2024-03-05T10:28:01Z", clock(0, 1)), ["found n1", "foreseen n1"]);
  assert.equal(ending("2024-03-05T10:29:59Z", clock(0, 1)), ["refuted n1"]);
});

test("a token is judged by the API server's clock, not by that of a node that runs ahead", () => {
  assert.equal(ending("2024-03-05T10:26:00Z", clock(300, 1)), ["refuted n1"]);
  assert.equal(ending("2024-03-05T10:26:00Z", collected(NODE, "2024-03-05T10:24:00Z")), ["undetermined n1"]);
});

test("a token past its end is expired, since its end, and foreseen to be refused where no call was", () => {
  assert.equal(ending("2024-03-05T10:28:00Z"), ["found n1", "foreseen n1"]);
  const world = scene(plain(token({ exp: at("2024-03-05T08:00:00Z") })));
  world.publish("sym:failed-create-sandbox", [refusal("401")]);
  assert.equal(verdicts(judge(expired, world)), ["found n1"]);
  const [found] = said(expired, ...plain(token({ exp: at("2024-03-05T08:00:00Z") })));
  assert.is(found?.outcome === "found" && found.since?.epochMs, at("2024-03-05T08:00:00Z").epochMs);
  assert.match(headline(found ? [found] : []), /2024-03-05T08:00:00Z, 2 h 30 min before it was read/);
});

test("where calls fail before any token is shown, the next one is not foreseen to be refused, but one that gets through", () => {
  const foretold = (...published: readonly ReturnType<typeof refusal>[]) => {
    const world = scene(plain(token({ exp: at("2024-03-05T08:00:00Z") })));
    world.publish("sym:failed-create-sandbox", published);
    return texts(judge(expired, world).flatMap((o) => (o.outcome === "foreseen" ? [o.statements[0]] : [])));
  };
  const ended = "the token expired at 2024-03-05T08:00:00Z";
  const next = [`The next CNI call on n1 will be refused: ${ended}`];
  assert.equal(foretold(refusal("refused")), [
    `Once a CNI call on n1 reaches the API server, it will be refused: ${ended}`,
  ]);
  assert.equal(foretold(), next);
  assert.equal(foretold(refusal("refused", "n2")), next);
  assert.equal(foretold({ ...refusal("refused"), over: true }), next);
});

/** What is said where the agent's writes do not reach the file, by a mount table that says so. */
const unreached = (facts: readonly Fact[], part: Omit<Collected, "facts"> = {}): readonly Outcome[] =>
  judge(expired, publish(scene([...facts, mount("/etc/cni/net.d", true)], part), stale));

test("a token that a working refresher renews is not foreseen to end", () => {
  assert.equal(ending("2024-03-06T06:00:00Z", agent()), ["refuted n1"]);
});

test("a token of a pod is not foreseen to end, since it ends with that pod", () => {
  assert.equal(verdicts(unreached([...plain(bound()), agent()])), ["refuted n1"]);
});

test("a token whose refresher does not reach the file is foreseen to end, at its end", () => {
  const outcomes = unreached([...plain(), agent()]);
  assert.equal(verdicts(outcomes), ["refuted n1", "foreseen n1|forecast"]);
  const [, forecast] = outcomes;
  assert.is(forecast?.outcome === "foreseen" && forecast.at?.epochMs, at("2024-03-06T06:00:00Z").epochMs);
  assert.is(forecast?.outcome === "foreseen" && forecast.unless, "calico-node-x is replaced");
});

test("a token whose writer writes elsewhere is foreseen to end", () => {
  const facts = [
    ...plain(),
    directory("/opt/cni/conf"),
    file("/opt/cni/conf/calico-kubeconfig"),
    agent("/opt/cni/conf"),
  ];
  assert.equal(verdicts(judge(expired, publish(scene(facts), diverged))), ["refuted n1", "foreseen n1|forecast"]);
});

/** What is said of a token of that life, in a file written then, beside an agent that started then. */
const untouched = (life: { readonly iat: string; readonly exp: string }, written: string, started: string) => {
  const of = token({ iat: at(life.iat), exp: at(life.exp) });
  return verdicts(said(expired, ...plain(of), file(KUBECONFIG, written), agent(undefined, {}, started)));
};

test("a file that its refresher should have written long ago is foreseen to end, and a younger one is not", () => {
  const day = { iat: "2024-03-04T12:00:00Z", exp: "2024-03-05T12:00:00Z" };
  const [early, late] = ["2024-03-04T12:00:00Z", "2024-03-05T00:00:00Z"];
  assert.equal(untouched(day, late, early), ["refuted n1"]);
  assert.equal(untouched(day, early, late), ["refuted n1"]);
  assert.equal(untouched(day, early, early), ["refuted n1", "foreseen n1|forecast"]);
});

test("a refresher with an interval of its own, in its DaemonSet, is not called late", () => {
  const of = token({ iat: at("2024-03-04T12:00:00Z"), exp: at("2024-03-05T12:00:00Z") });
  const env = { CNI_TOKEN_REFRESH_INTERVAL: "22h" };
  const containers = [{ name: "calico-node", image: null, init: false, env, mounts: [] }];
  const template = { containers, hostPaths: [], serviceAccount: null, hostNetwork: true };
  const set = fact("kube.workload", { kind: "DaemonSet", namespace: "kube-system", name: "calico-node", template });
  const early = "2024-03-04T12:00:00Z";
  const facts = [...plain(of), file(KUBECONFIG, early), agent(undefined, {}, early), set];
  assert.equal(verdicts(said(expired, ...facts)), ["refuted n1"]);
});

test("a token of a year is not renewed by a refresher, so its age foretells nothing", () => {
  const year = { iat: "2024-03-04T12:00:00Z", exp: "2025-03-04T12:00:00Z" };
  assert.equal(untouched(year, "2024-03-04T12:00:00Z", "2024-03-04T12:00:00Z"), ["refuted n1"]);
});

/** A pod with a network of its own that became ready on a node: its credential works. */
const worked = (node: string, created: string): Fact =>
  pod({
    name: `web-${node}`,
    node,
    created: at(created),
    conditions: [{ type: "Ready", status: "True", reason: null, message: null, since: at(created), heartbeat: null }],
  });
/** What is said of a token that ends then, where calls are refused since ten. */
const endingAt = (exp: string, ...facts: readonly Fact[]): readonly string[] => {
  const world = scene([...plain(token({ exp: at(exp) })), ...facts]);
  world.publish("sym:failed-create-sandbox", [refusal("401")]);
  return verdicts(judge(expired, world));
};

test("a token that was still good when calls began to be refused is not why", () => {
  assert.equal(endingAt("2024-03-05T09:00:00Z"), ["found n1"]);
  assert.equal(endingAt("2024-03-05T10:20:00Z"), ["refuted n1", "found n1"]);
  assert.equal(endingAt("2024-03-05T10:29:30Z"), ["refuted n1"], "it may have ended by now, and that changes nothing");
  const world = scene(plain(token({ exp: at("2024-03-05T10:20:00Z") })));
  world.publish("sym:failed-create-sandbox", [refusal("401")]);
  const found = judge(expired, world).find((o) => o.outcome === "found");
  assert.equal(found?.about.error, [], "it explains no refusal of before");
});

test("a machine that the cluster does not list is judged by nothing that it holds", () => {
  const of = (name: string, state: "complete" | "truncated" = "complete"): readonly string[] => {
    const facts = [...plain(token({ exp: at("2024-03-05T09:00:00Z") })), fact("kube.node", { name }, name)];
    return verdicts(judge(expired, scene(facts, { coverage: { "kube.node": state } }))).slice(0, 1);
  };
  assert.equal(of("n1"), ["found n1"]);
  assert.equal(of("n2"), ["undetermined n1"]);
  assert.equal(of("n2", "truncated"), ["found n1"]);
});

test("a bound pod whose successor came after the first refusal is not shown to have been gone by then", () => {
  const of = (created: string): readonly string[] => {
    const world = scene([...plain(bound()), agent(undefined, {}, created)]);
    world.publish("sym:failed-kill-pod", [refusal("401")]);
    return judge(podGone, world).flatMap((o) => (o.outcome === "found" ? o.unverified : [o.outcome]));
  };
  assert.equal(of("2024-03-05T08:00:00Z"), []);
  assert.equal(of("2024-03-05T10:10:00Z"), [
    "that calico-node-old was gone when calls began to be refused: its successor came later",
  ]);
});

const untested = (sub: string) => plain(token({ sub }), "n2");
const peer = (sub: string) => [...untested(sub), worked("n2", "2024-03-05T10:20:00Z")];
/** What is said of accounts where n1 is refused with an error and n2 works, or not. */
function accounts(
  error: string | null,
  others: readonly Fact[],
  refusedToo: readonly string[] = [],
): readonly string[] {
  const world = scene([...plain(), ...others], { moment: { nodes: ["n1", "n2"] } });
  const refused = error === null ? [] : [refusal(error), ...refusedToo.map((n) => refusal(error, n))];
  world.publish("sym:failed-create-sandbox", refused);
  return verdicts(judge(wrongAccount, world)).filter((v) => v.endsWith(" n1"));
}

test("an account that differs from the peers' is no cause where nothing is refused, or with 401", () => {
  assert.equal(accounts(null, peer("system:serviceaccount:kube-system:calico-node")), []);
  assert.equal(accounts("401", peer("system:serviceaccount:kube-system:calico-node")), ["refuted n1"]);
  assert.equal(accounts("timeout", peer("system:serviceaccount:kube-system:calico-node")), []);
});

test("an account that is denied and that peers which work present as well is not the wrong one", () => {
  assert.equal(accounts("403", peer("system:serviceaccount:kube-system:calico-cni-plugin")), ["refuted n1"]);
});

test("an account is the wrong one where it is denied and the nodes that work present another", () => {
  const other = peer("system:serviceaccount:kube-system:calico-node");
  assert.equal(accounts("403", other), ["found n1"]);
  assert.equal(accounts("403", []), []);
});

test("a peer with which no call is in evidence proves nothing of its account", () => {
  for (const sub of ["calico-node", "calico-cni-plugin"]) {
    const account = `system:serviceaccount:kube-system:${sub}`;
    const before = worked("n2", "2024-03-05T09:00:00Z");
    const expected = sub === "calico-node" ? ["undetermined n1"] : [];
    assert.equal(accounts("403", untested(account)), expected);
    assert.equal(accounts("403", [...untested(account), before]), expected, "before the refusals");
  }
  assert.equal(accounts("403", untested("system:serviceaccount:kube-system:calico-node"), ["n2"]), []);
});

test("without a peer the release of the agent tells whose token it should be", () => {
  const of = (image: string, env: Record<string, string> = {}): readonly string[] => {
    const template = {
      containers: [{ name: "install-cni", image, init: true, env, mounts: [] }],
      hostPaths: [{ name: "cni-net-dir", path: "/etc/cni/net.d" }],
      serviceAccount: null,
      hostNetwork: true,
    };
    return accounts("403", [agent(undefined, { template })]);
  };
  assert.equal(of("docker.io/calico/cni:v3.29.3"), ["refuted n1"]);
  assert.equal(of("rancher/mirrored-calico-cni:v3.25.1"), ["found n1"]);
  assert.equal(of("calico/cni:v3.29.3", { CALICO_CNI_SERVICE_ACCOUNT: "calico-node" }), ["found n1"]);
  assert.equal(of("registry.local/cni@sha256:0"), []);
});

test("a message that names another user than the token's account does not judge that account", () => {
  const of = (user: string) => {
    const world = scene([...plain(), ...peer("system:serviceaccount:kube-system:calico-node")], {
      moment: { nodes: ["n1", "n2"] },
    });
    const value = { message: `clusterinformations "default" is forbidden: User \\"${user}\\" cannot get resource` };
    world.publish("sym:failed-create-sandbox", [{ ...refusal("403"), value }]);
    return [wrongAccount, rbac].map((rule) =>
      verdicts(judge(rule, world))
        .filter((v) => v.endsWith(" n1"))
        .join(),
    );
  };
  const answered = (user: string | null, error = "403"): readonly string[] => {
    const world = scene([...plain(bound()), jwks(["k0"])]);
    const value = user === null ? {} : { message: `is forbidden: User "${user}" cannot get resource` };
    world.publish("sym:failed-create-sandbox", [{ ...refusal(error), value }]);
    return [signingKey, podGone, clockOff].map((rule) => verdicts(judge(rule, world)).join());
  };
  for (const user of ["system:serviceaccount:kube-system:calico-cni-plugin", "system:anonymous"])
    assert.equal(
      answered(user).map((v) => v.split(",")[0]),
      ["refuted n1", "refuted n1", "refuted n1"],
      user,
    );
  assert.not.equal(answered(null)[2], "refuted n1", "without a user it is not known");
  assert.not.equal(answered(null, "401")[2], "refuted n1");
  assert.equal(of("system:serviceaccount:kube-system:calico-cni-plugin"), ["found n1", "found n1"]);
  assert.equal(of("system:serviceaccount:kube-system:default"), ["undetermined n1", "found n1"]);
  assert.equal(of("system:anonymous"), ["", "refuted n1"]);
});

const timed = (rule: Rule, ...facts: readonly Fact[]): readonly string[] => verdicts(said(rule, ...plain(), ...facts));

test("a clock that was not measured, or that is another machine's, decides nothing", () => {
  assert.equal(timed(clockOff), ["undetermined n1"]);
  assert.equal(timed(clockOff, clock(null, null)), ["undetermined n1"]);
  assert.equal(timed(clockOff, clock(0.2, 0.5, false)), ["undetermined n1"]);
});

test("a measured offset within the leeway refutes, with how close it lay", () => {
  assert.equal(timed(clockOff, clock(-1.4, 0.5)), ["refuted n1"]);
  assert.match(headline(said(clockOff, ...plain(), clock(-1.4, 0.5))), /lay within 1\.9 s of the API server's/);
});

test("an offset whose error reaches over the leeway decides nothing", () => {
  assert.equal(timed(clockOff, clock(50, 30)), ["undetermined n1"]);
  assert.equal(timed(clockOff, clock(70, 30)), ["undetermined n1"]);
});

test("an offset beyond the leeway and its error is found, with its sign", () => {
  assert.match(headline(said(clockOff, ...plain(), clock(95, 2))), /is 1 min 35 s ahead of the API server's/);
  assert.match(headline(said(clockOff, ...plain(), clock(-95, 2))), /is 1 min 35 s behind the API server's/);
});

test("a token that begins over a minute after the collection shows a clock that is off", () => {
  const begun = (iat: string) => verdicts(said(clockOff, ...plain(token({ iat: at(iat) })), clock(0.1)));
  assert.equal(begun("2024-03-05T10:31:00Z"), ["refuted n1"]);
  assert.equal(begun("2024-03-05T10:31:01Z"), ["found n1"]);
});

test("a node's clock that is off explains a certificate's date, and no refused token", () => {
  const off = (error: string) => {
    const world = scene([...plain(), clock(-300, 1)]);
    world.publish("sym:failed-create-sandbox", error === "" ? [] : [refusal(error)]);
    const [outcome] = judge(clockOff, world);
    return `${outcome?.outcome} ${outcome?.about.error}`;
  };
  assert.is(off(""), "found ");
  assert.is(off("401"), "refuted 401");
  assert.is(off("x509: certificate signed by unknown authority"), "refuted 401");
});

test("a denied permission is found where no token was seen, with that said", () => {
  const world = scene([...plain()]);
  world.publish("sym:failed-create-sandbox", [refusal("403", "n9")]);
  const [outcome, ...more] = judge(rbac, world);
  assert.equal(outcome?.outcome === "found" && outcome.unverified, ["what the plugin's credential holds was not seen"]);
  assert.equal(more, []);
});

test("401 or 403 is told by the answer alone, whatever was replaced or not collected since", () => {
  for (const rule of [rbac, wrongAccount]) {
    const of = (error: string, ...facts: readonly Fact[]) => {
      const world = scene(facts);
      world.publish("sym:failed-kill-pod", [refusal(error)]);
      return judge(rule, world);
    };
    const [outcome, ...more] = of("401", file(KUBECONFIG, "2024-03-05T10:29:30Z"));
    assert.is(outcome?.outcome === "refuted" && outcome.standsSince, null, rule.id);
    assert.equal(more, []);
    assert.equal(verdicts(of("timeout")), []);
    assert.equal(
      of("403").filter((o) => o.outcome === "refuted"),
      [],
    );
  }
});

test("an account is not named that was put there after the refusal", () => {
  const of = (mtime: string): string => {
    const world = scene([...plain(), file(KUBECONFIG, mtime)]);
    world.publish("sym:failed-kill-pod", [refusal("401")]);
    return headline(judge(wrongAccount, world));
  };
  assert.match(of("2024-03-05T06:00:00Z"), /calico-cni-plugin/);
  assert.not.match(of("2024-03-05T10:29:01Z"), /calico-cni-plugin/);
});

test("neither a key nor an issuer nor an account dates the fault to the token's issue", () => {
  const world = scene([...plain(token({ iss: "https://old" })), issuer("https://new"), jwks(["k0"])]);
  world.publish("sym:failed-create-sandbox", [refusal("401")]);
  const denied = scene([...plain(), ...peer("system:serviceaccount:kube-system:calico-node")], {
    moment: { nodes: ["n1", "n2"] },
  });
  denied.publish("sym:failed-create-sandbox", [refusal("403")]);
  for (const [rule, at] of [
    [signingKey, world],
    [issuerChanged, world],
    [wrongAccount, denied],
  ] as const) {
    const [outcome] = judge(rule, at);
    assert.is(outcome?.outcome, "found", rule.id);
    assert.is(outcome?.outcome === "found" && outcome.since, null, rule.id);
  }
});

/** What is said of an agent that has not been ready since six, beside calls that fail so. */
function unready(error: string | null, since = "2024-03-05T06:00:00Z", host = "True"): readonly string[] {
  const down = agent(undefined, { conditions: [ready("False", since)] });
  const world = scene([...plain(), down, fact("kube.node", { name: "n1", conditions: [ready(host, since)] }, "n1")]);
  world.publish("sym:failed-create-sandbox", error === null ? [] : [refusal(error)]);
  return verdicts(judge(agentUnhealthy, world));
}

test("an agent that is not ready for long is told, whatever calls fail with; whether it is why is another matter", () => {
  const young = "2024-03-05T10:21:00Z";
  for (const error of ["timeout", "refused", "unreachable", "image-pull"]) {
    assert.equal(unready(error), ["found n1"], error);
    assert.equal(unready(error, young), [], error);
  }
  for (const error of ["401", "other:no-such-thing"]) {
    assert.equal(unready(error), ["found n1", "undetermined n1"], error);
    assert.equal(unready(error, young), ["undetermined n1"], error);
  }
  for (const error of ["agent-not-ready", "not-initialised"]) assert.equal(unready(error), ["found n1"], error);
});

test("an agent that is not ready is told without a failing call after ten minutes, and not of a silent node", () => {
  assert.equal(unready(null), ["found n1"]);
  assert.equal(unready(null, "2024-03-05T10:21:00Z"), []);
  assert.equal(unready("agent-not-ready", "2024-03-05T10:21:00Z"), ["found n1"]);
  assert.equal(unready("agent-not-ready", undefined, "Unknown"), []);
});

/** What is said of a node whose agent's pod is listed without its volumes, where calls of a plugin fail with an error. */
function byName(
  daemonSet: string,
  error: string,
  more: Omit<Collected, "facts"> & { readonly facts?: readonly Fact[] } = {},
) {
  const owner = { kind: "DaemonSet", name: daemonSet, uid: "ds-2" };
  const down = { owner, name: `${daemonSet}-x`, conditions: [ready("False", "2024-03-05T06:00:00Z")] };
  const { facts = [], ...part } = more;
  const world = scene([fact("kube.node", { name: "n1" }, "n1"), pod(down), ...facts], part);
  world.publish("sym:failed-create-sandbox", [refusal(error)]);
  return judge(agentUnhealthy, world);
}

test("an agent whose DaemonSet was not collected is known by its name, which is a premise", () => {
  for (const name of ["cilium", "kube-flannel-ds", "calico-node", "canal", "antrea-agent", "aws-node"]) {
    const [outcome, ...more] = byName(name, "agent-not-ready");
    assert.is(outcome?.outcome, "found", name);
    assert.match(outcome?.outcome === "found" ? (outcome.unverified[0] ?? "") : "", /by its DaemonSet's name/);
    assert.equal(more, []);
  }
});

test("a DaemonSet of another name is no agent, and then the list of DaemonSets is missing", () => {
  for (const name of ["cilium-envoy", "bridge-monitor", "node-exporter"]) {
    const [outcome] = byName(name, "agent-not-ready", { coverage: { "kube.workload": "not-attempted" } });
    assert.match(outcome?.outcome === "undetermined" ? outcome.missing[0].what : "", /list of DaemonSets/, name);
    assert.equal(verdicts(byName(name, "timeout")), [], name);
  }
});

test("of several agents by name the one whose plugin is configured counts, and none where that is not known", () => {
  const flannel = pod({
    name: "kube-flannel-ds-y",
    owner: { kind: "DaemonSet", name: "kube-flannel-ds", uid: "ds-3" },
    conditions: [ready("True", "2024-03-05T06:00:00Z")],
  });
  assert.equal(verdicts(byName("calico-node", "agent-not-ready", { facts: [flannel] })), ["undetermined n1"]);
  const facts = [flannel, ...plain()];
  assert.equal(verdicts(byName("calico-node", "agent-not-ready", { facts })), ["found n1"]);
});

test("every rival of a refused call has a row where only pods and events were collected", () => {
  const world = scene([pod({ name: "x" })], { moment: { nodes: [] }, coverage: { "kube.workload": "not-attempted" } });
  world.publish("sym:failed-kill-pod", [refusal("401")]);
  for (const rule of [podGone, expired, signingKey, issuerChanged, rbac, wrongAccount, clockOff, agentUnhealthy])
    assert.equal(judge(rule, world).length, 1, rule.id);
});

/** A failed call that asked no API server, or (null) one of which that is not shown. */
const call = (error: string, tail: string | null = null, node = "n1", aside = tail === null ? null : "unasked") => ({
  ...refusal(error, node),
  value: { aside, tail },
});
const STAT = "stat /var/lib/x/nodename: no such file or directory";
const DIAL = "dial tcp 10.96.0.1:443: connect: connection refused";
const PRESENTED = [podGone, recreated, expired, signingKey, issuerChanged, clockOff];

test("calls that asked no API server rule out what only a presented token or a clock can bring about, citing their text", () => {
  for (const rule of PRESENTED) {
    const world = scene([], { moment: { nodes: [] } });
    world.publish("sym:failed-kill-pod", [call("agent-not-ready", STAT)]);
    world.publish("sym:failed-create-sandbox", [call("refused", DIAL)]);
    const [outcome, ...more] = judge(rule, world);
    assert.is(outcome?.outcome === "refuted" && outcome.excludes, "cause", rule.id);
    assert.equal(more, [], rule.id);
    const text = headline(outcome ? [outcome] : []);
    assert.match(text, `${STAT} and ${DIAL}: no request reached the API server that could judge a token`, rule.id);
  }
});

test("one refused, dated or cut answer on the same node leaves them as they were", () => {
  for (const rule of PRESENTED)
    for (const error of ["401", "x509", "other:x"]) {
      const of = (...calls: readonly ReturnType<typeof call>[]) => {
        const world = scene(plain(bound()), {
          coverage: { "kube.pod": "not-attempted", "kube.serviceaccount": "failed" },
        });
        world.publish("sym:failed-create-sandbox", calls);
        return verdicts(judge(rule, world));
      };
      assert.equal(of(call(error), call("refused", DIAL)), of(call(error)), `${rule.id} ${error}`);
      assert.equal(
        of(call("refused", DIAL, "n7"), call(error)).filter((v) => v.endsWith("n1")),
        of(call(error)),
        rule.id,
      );
    }
});

test("a connection that ends in TLS, and an answer that comes after the token was accepted, rule them out as well", () => {
  const of = (aside: string, rule: Rule): string | null => {
    const world = scene([], { moment: { nodes: [] } });
    world.publish("sym:failed-create-sandbox", [call("x", "TEXT", "n1", aside)]);
    const [outcome] = judge(rule, world);
    return outcome?.outcome === "refuted" ? headline([outcome]) : null;
  };
  for (const rule of PRESENTED) {
    assert.is(
      of("unverified", rule),
      "What failed on n1 ended in TEXT: the connection ended before a token is sent",
      rule.id,
    );
    assert.is(
      of("answered", rule),
      "What failed on n1 ended in TEXT: what answers so has accepted the token before",
      rule.id,
    );
  }
  assert.match(of("expired-certificate", podGone) ?? "", "before a token is sent");
  assert.is(of("expired-certificate", clockOff), null, "a clock may be why it counts as expired");
  assert.is(of("other", podGone), null);
});

test("what a token is like is still told where the calls asked nobody: a latent fault is not ended by them", () => {
  const world = scene([...plain(token({ exp: at("2024-03-05T08:00:00Z") }))]);
  world.publish("sym:failed-create-sandbox", [call("refused", DIAL)]);
  assert.equal(verdicts(judge(expired, world)), ["refuted n1", "found n1", "foreseen n1"]);
});

test("what was read before the moment's end is dated by when it was read, and judged by that time", () => {
  const late = { moment: { collectedAt: at("2024-03-05T10:44:00Z") } };
  const seen = (rule: Rule, facts: readonly Fact[], error: string | null = null) => {
    const world = scene(facts, late);
    world.publish("sym:failed-create-sandbox", error === null ? [] : [refusal(error)]);
    return judge(rule, world).flatMap((o) => (o.outcome === "found" ? [o.lastSeen?.epochMs] : []));
  };
  const read = [at(NOW).epochMs];
  const ended = token({ exp: at("2024-03-05T08:00:00Z") });
  assert.equal(seen(expired, plain(ended)), read);
  assert.equal(seen(podGone, [...plain(bound()), agent()]), read);
  assert.equal(seen(signingKey, [...plain(), fact("kube.jwks", { kids: ["other"] })], "401"), read);
  assert.equal(seen(clockOff, [...plain(), clock(95, 2)]), read);
  assert.match(headline(judge(expired, scene(plain(ended), late))), /, 2 h 30 min before it was read/);
  // Half a minute over its deadline when the pods were listed, and long over it when the last bundle was finished.
  const terminating = [...plain(bound()), holder({ deletion: at("2024-03-05T10:29:30Z") })];
  assert.equal(verdicts(judge(podGone, scene(terminating, late))), ["refuted n1"]);
  const down = agent(undefined, { conditions: [ready("False", "2024-03-05T10:29:00Z")] });
  assert.equal(verdicts(judge(agentUnhealthy, scene([node("n1"), ...plain(), down], late))), []);
});

test.run();

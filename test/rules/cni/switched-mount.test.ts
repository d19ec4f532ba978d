import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Fact } from "#model/fact.js";
import type { Finding, Found, Outcome } from "#model/finding.js";
import type { Command, Consequence } from "#model/rule.js";
import stale from "#rules/cni/cni-hostpath-mount-stale-inode.js";
import { at, texts, verdicts } from "#test/rules/_facts.js";
import {
  agent,
  CONF_DIR,
  config,
  directory,
  file,
  kubeconfig,
  link,
  mount,
  netconf,
  onNode,
  plain,
  said,
  table,
  token,
  V2,
} from "./_nodes.js";

const test = suite("a removed directory and a link that was led elsewhere are two things");

const [OLD, NEW] = ["/srv/cni-a", "/srv/cni-b"];
const LATER = "2024-03-05T09:00:00Z";

/** A node whose `/etc/cni/net.d` leads to another directory since eight, under an agent that has been running since five. */
const retargeted = (part: { written?: string; made?: string; root?: string; old?: readonly Fact[] } = {}) =>
  said(
    stale,
    config(),
    link(CONF_DIR, NEW, part.made ?? "2024-03-05T08:00:00Z"),
    ...(part.old ?? [directory(OLD), file(`${OLD}/calico-kubeconfig`, part.written ?? LATER)]),
    directory(NEW),
    file(`${NEW}/10-calico.conflist`),
    file(`${NEW}/calico-kubeconfig`, "2024-03-05T06:00:00Z"),
    netconf(`${NEW}/10-calico.conflist`, `${CONF_DIR}/calico-kubeconfig`),
    kubeconfig(`${NEW}/calico-kubeconfig`),
    agent(),
    mount(part.root ?? OLD),
  );

const only = (outcomes: readonly Outcome[]): Found => {
  assert.equal(verdicts(outcomes), ["found n1"]);
  return outcomes[0] as Found;
};
const after = (outcome: Found, ended: Finding["ended"] = null) =>
  stale.consequence({ ...outcome, ended } as unknown as Finding);
const story = (outcome: Found): string => texts(outcome.statements).join("\n");

/** The commands of a verification, those that belong together in their order. */
const checks = ({ verify }: Pick<Consequence, "verify">): readonly Command[] =>
  verify.flatMap((v) => ("run" in v ? [v] : v));

test("the listing, the mount table and the link's own time show a link that was led elsewhere", () => {
  const outcome = only(retargeted());
  assert.is(outcome.since?.epochMs, at("2024-03-05T08:00:00Z").epochMs);
  assert.is(stale.labelOf?.({ ...outcome } as unknown as Finding), "CNI agent holds the directory of a former link");
  const told = story(outcome);
  assert.match(told, /has \/srv\/cni-a mounted, and \/etc\/cni\/net\.d leads to \/srv\/cni-b/);
  assert.match(told, /The link \/etc\/cni\/net\.d has led to \/srv\/cni-b since 2024-03-05T08:00:00Z/);
  assert.match(told, /\/srv\/cni-a is still there: calico-kubeconfig in it was last written at 2024-03-05T09:00:00Z/);
  assert.not.match(told, /removed|replace|marks|deleted/);
});

test("its checks differ before and after the repair, and nothing speaks of a removal", () => {
  const { actions, stops, ...rest } = after(only(retargeted()));
  assert.match(
    checks(rest)[0]?.run ?? "",
    /grep -HF ' \/srv\/cni-a \/host\/etc\/cni\/net\.d ' \/proc\/\[0-9\]\*\/mountinfo/,
  );
  assert.is(checks(rest)[0]?.expect, "no output");
  const doneWhen = String(actions[0]?.doneWhen);
  assert.match(doneWhen, /has mounted what \/etc\/cni\/net\.d leads to/);
  assert.match(String(stops), /the link \/etc\/cni\/net\.d was led to another directory under a running pod/);
  for (const said of [doneWhen, String(stops)]) assert.not.match(said, /removed|replaced/);
});

test("another directory is no proof where nothing parts the two, or the link is older than the pod", () => {
  assert.equal(verdicts(retargeted({ written: "2024-03-05T06:00:00Z" })), ["undetermined n1"]);
  assert.equal(verdicts(retargeted({ made: "2024-03-05T04:00:00Z" })), ["undetermined n1"]);
  assert.equal(verdicts(retargeted({ old: [] })), ["undetermined n1"]);
  assert.equal(verdicts(retargeted({ old: [directory(OLD)] })), ["undetermined n1"]);
  assert.equal(verdicts(retargeted({ root: NEW })), ["refuted n1"]);
});

const SNAP = "/var/snap/microk8s";
const [THEN, NOW] = [`${SNAP}/7180/args/cni-network`, `${SNAP}/7222/args/cni-network`];
const THROUGH = `${SNAP}/current/args/cni-network`;

/** A node of microk8s whose `current` was led from revision 7180 to 7222. */
const refreshed = (root: string, deleted = false, made: string | null = "2024-03-05T08:00:00Z", of = token()) =>
  said(
    stale,
    config({ path: `${SNAP}/current/args/containerd.toml`, cni: [table(V2, THROUGH)] }),
    link(`${SNAP}/current`, "7222", made),
    ...(deleted ? [] : [directory(THEN), file(`${THEN}/calico-kubeconfig`, LATER)]),
    directory(NOW),
    file(`${NOW}/10-calico.conflist`),
    file(`${NOW}/calico-kubeconfig`),
    netconf(`${NOW}/10-calico.conflist`, `${THROUGH}/calico-kubeconfig`),
    kubeconfig(`${NOW}/calico-kubeconfig`, of),
    agent(THROUGH),
    mount(root, deleted),
  );

test("a snap that was refreshed is told by its link", () => {
  const outcome = only(refreshed(THEN));
  assert.match(story(outcome), /has \S+7180\S+ mounted, the directory of an earlier revision/);
  assert.match(story(outcome), /The link \/var\/snap\/microk8s\/current has led to 7222 since 2024-03-05T08:00:00Z/);
  assert.not.match(story(outcome), /removed|replace|marks/);
  assert.match(checks(after(outcome))[0]?.run ?? "", /7180/);
  assert.is(outcome.value["link"], `${SNAP}/current`);
  // A link of unknown time says nothing of since when.
  const undated = only(refreshed(THEN, false, null));
  assert.is(undated.since, null);
  assert.not.match(story(undated), /has led to/);
});

test("a former revision that is gone is a removed directory, looked for under its own name", () => {
  const outcome = only(refreshed(THEN, true));
  assert.match(
    story(outcome),
    /still has the removed directory \/var\/snap\/microk8s\/7180\/args\/cni-network mounted/,
  );
  assert.match(story(outcome), /The link \/var\/snap\/microk8s\/current has led to 7222 since/);
  assert.not.match(story(outcome), /current\/args\/cni-network was made/);
  assert.match(
    checks(after(outcome))[0]?.run ?? "",
    /grep -H '?\/var\/snap\/microk8s\/7180\/args\/cni-network\/\/deleted/,
  );
  assert.is(stale.labelOf?.({ ...outcome } as unknown as Finding), null);
});

test("no action is due before the collection", () => {
  // Collected on 5 March at half past ten.
  const due = (exp: string) => after(only(refreshed(THEN, false, undefined, token({ exp: at(exp) })))).actions[0];
  assert.is(due("2024-03-05T09:30:00Z")?.due, null);
  assert.is(due("2024-03-05T09:30:00Z")?.priority, "Urgent");
  assert.is(due("2024-03-06T09:30:00Z")?.due?.epochMs, at("2024-03-06T09:30:00Z").epochMs);
  const ended = story(only(refreshed(THEN, false, undefined, token({ exp: at("2024-03-05T09:30:00Z") }))));
  assert.match(ended, /Its token expired at 2024-03-05T09:30:00Z/);
});

test("without a mount table the link on the way is named for what it is", () => {
  const facts = [
    config({ path: `${SNAP}/current/args/containerd.toml`, cni: [table(V2, THROUGH)] }),
    link(`${SNAP}/current`, "7222", "2024-03-05T08:00:00Z"),
    directory(NOW, { btime: onNode("2024-03-05T07:00:00Z") }),
    file(`${NOW}/10-calico.conflist`),
    file(`${NOW}/calico-kubeconfig`),
    netconf(`${NOW}/10-calico.conflist`, `${THROUGH}/calico-kubeconfig`),
    kubeconfig(`${NOW}/calico-kubeconfig`),
    agent(THROUGH),
  ];
  const outcome = only(said(stale, ...facts));
  assert.match(
    story(outcome),
    /the link \/var\/snap\/microk8s\/current on the way to \S+current\/args\/cni-network was made at/,
  );
  const { stops, ...rest } = after(outcome);
  // Nothing tells which of the two it was: the check holds for both.
  assert.match(checks(rest)[0]?.run ?? "", /grep -lF ' \/host\/etc\/cni\/net\.d ' .*\/root"\/host\/etc\/cni\/net\.d/);
  assert.match(String(stops), /the times say/);
});

test("a directory that was removed is told as before", () => {
  const outcome = only(said(stale, ...plain(), agent(), mount(CONF_DIR, true)));
  assert.match(story(outcome), /still has the removed directory \/etc\/cni\/net\.d mounted/);
  assert.match(checks(after(outcome))[0]?.run ?? "", /grep -H '?\/etc\/cni\/net\.d\/\/deleted/);
});

test.run();

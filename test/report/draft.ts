import type { Evidence, Locator } from "#model/evidence.js";
import type { Instant } from "#model/instant.js";
import { parseInstant } from "#model/instant.js";
import type { Draft } from "#model/review.js";
import { code, count, known, say, time, told, word } from "#model/statement.js";

/** A piece of evidence of the hand-made incident below. */
export const piece = (member: string, excerpt: string, locator: Locator = { kind: "whole" }): Evidence => ({
  bundle: "a".repeat(64),
  node: "n1",
  member,
  sha256: "b".repeat(64),
  origin: `/etc/${member}`,
  locator,
  excerpt,
});

export function at(text: string): Instant {
  const instant = parseInstant(text, "api");
  if (instant === null) throw new Error(`not a time: ${text}`);
  return instant;
}

const event = piece("cluster/events.json", "connection is unauthorized: Unauthorized", {
  kind: "json",
  pointer: "/items/3",
});
const token = piece("node/fs/kubeconfig", "user: x\ntoken: eyJh.eyJp.", { kind: "lines", from: 3, to: 4 });
const link = piece("paths.tsv", "/etc/cni/net.d|d", { kind: "row", line: 12 });
const pods = piece("cluster/pods.json", "", { kind: "absence", query: "pod uid 1|2", searched: "27 pods" });

const refused = say`Since ${time(at("2026-05-23T02:01:31Z"), event)} the API server refused ${count(6, "teardown", event)} on ${code("n1", event)} with ${code("connection is unauthorized: Unauthorized|401", event)}.`;
const bound = say`The token is bound to pod ${code("agent-`x`-px6bj", token)}, which is not among the pods collected${code("uid|1", pods)}.`;
const checks = known("The API server looks the pod up on each request", {
  source: "kubernetes pkg/serviceaccount/claims.go",
  version: "v1.32.0",
});
export const directory = say`On ${code("n1", link)} ${code("/etc/cni/net.d", link)} is a directory since ${time(at("2021-09-14"), link)}`;
const linked = say`The other nodes have had a link there since ${time(at("2024-06"), link)}.`;

const finding = (
  id: string,
  mechanism: string,
  title: string,
  statements: Draft["findings"][number]["statements"],
) => ({
  id,
  mechanism,
  title,
  role: "failure" as const,
  root: id === "f3",
  confidence: "established" as const,
  nodes: ["n1"],
  moments: ["m1"],
  since: "2026-05-23T02:01:31Z",
  lastSeen: null,
  endedBy: null,
  statements,
  unverified: [] as string[],
});

const missing = {
  kind: "node.mount",
  node: "n1",
  what: "the mount table of the agent",
  why: "not attempted",
  command: "sudo sh collect.sh --node n1 | tee out",
};

/** A review before numbering, as review/ would hand it on; every section filled. A new one on each call. */
export function makeDraft(): Draft {
  return {
    schema: "inquest-review/1",
    tool: { name: "inquest", version: "0.1.0" },
    title: "teardown refused — token bound to a deleted pod",
    slug: "teardown-refused-stale-token",
    date: "2026-05-23",
    zone: "Australia/Brisbane",
    tags: ["n1", "calico", "true", "1.30"],
    status: "Ongoing",
    severity: { proposed: "Medium", reason: "redundancy was reduced." },
    duration: { from: "2026-05-23T02:01:31Z", to: "2026-05-23T03:00:12Z", activeMs: 3_521_000, latentMs: 13_260_000 },
    summary: [
      [refused, bound],
      [checks, told("we replaced it | by hand", "P. Person")],
    ],
    timeline: timeline(),
    chains: chains(),
    hypotheses: hypotheses(),
    impact: impact(),
    warnings: warnings(),
    resolution: resolution(),
    forecasts: [
      {
        mechanism: "token-bound-to-deleted-pod",
        title: "a token is bound to a pod that is gone",
        rule: "renewal-lost",
        node: "n1",
        at: "2026-05-23T22:20Z",
        on: "the next renewal after expiry",
        unless: "pod agent-4t5hk on n1 is replaced",
        confidence: "probable",
        statements: [directory],
      },
    ],
    lessons: { well: [linked], badly: [directory], surprise: [refused] },
    actions: actions(),
    questions: ["Who made the links in June 2024, and why not on n1?"],
    gaps: [{ ...missing, blocks: ["renewal-lost"], decides: ["whether renewal was lost"] }],
    technical: {
      environment: [{ name: "Kubernetes", statement: say`n1 runs ${word("v1.32.2", token)}` }],
      signatures: [{ title: "refused", text: 'error: ```bad``` --8<-- "/etc/passwd"\n| a | b |', evidence: [event] }],
    },
    references: [{ source: "https://kubernetes.io/docs/reference", version: "2026-01" }],
    examined: [say`${count(27, "pod", pods)} were examined`],
    findings: findings(),
    links: [{ cause: "f2", effect: "f1", relation: "triggers", order: "verified", confidence: "established" }],
    moments: [
      { id: "m1", from: "2026-05-23T02:52:00Z", to: "2026-05-23T02:57:00Z", bundles: ["a".repeat(64)], nodes: ["n1"] },
    ],
    refused: [],
    custody: custody(),
  };
}

const timeline = (): Draft["timeline"] => [
  { at: "2021-09-14", approximate: false, statement: directory, source: "ctime" },
  { at: "2024-06", approximate: false, statement: linked, source: "mtime" },
  { at: "2026-05-22T22:20Z", approximate: false, statement: bound, source: "pod start" },
  { at: "2026-05-23T02:01:31Z", approximate: false, statement: refused, source: "event, first seen" },
  { at: "2026-05-23T03:00:12Z", approximate: true, statement: refused, source: "event, last seen" },
  { at: "2026-05-23T22:20Z", approximate: true, statement: directory, source: "token exp" },
];

const chains = (): Draft["chains"] => [
  {
    id: "c1",
    title: "teardown refused",
    steps: ["f1", "f2"],
    answers: [
      { finding: "f1", question: "How did the teardown fail?", statements: [refused, checks] },
      { finding: "f2", question: "How did the token come to be refused?", statements: [bound] },
    ],
    continuesIn: null,
    stop: "the evidence holds nothing before it",
  },
  {
    id: "c2",
    title: "replacements pending",
    steps: ["f4", "f2"],
    answers: [{ finding: "f4", question: "How did the replacements stay pending?", statements: [refused] }],
    continuesIn: { chain: "c1", fromStep: 1 },
    stop: "",
  },
];

const hypotheses = (): Draft["hypotheses"] => [
  {
    mechanism: "token-expired",
    title: "the token expired",
    of: ["f1"],
    status: "refuted",
    statements: [say`The token is good until ${time(at("2027-05-22T00:15:29Z"), token)}`],
    missing: [],
    evidence: [token],
  },
  {
    mechanism: "renewal-lost",
    title: "the renewal reaches nobody",
    of: ["f1"],
    status: "open",
    statements: [],
    missing: [missing],
    evidence: [],
  },
];

const impact = (): Draft["impact"] => ({
  rows: [
    {
      subject: "jiva/replica|1",
      effect: say`${count(6, "replica", event)} not ready`,
      wanted: 18,
      available: 12,
      since: "2026-05-23T02:01:31Z",
      until: null,
    },
  ],
  intervals: [{ name: "fault laid to first failure", statement: say`${word("3 h 41 min", token)}` }],
  scope: [say`${count(1, "node", event)} of 3`],
});

const resolution = (): Draft["resolution"] => ({
  diagnosis: [
    {
      finding: "f1",
      looked: [
        { node: "n1", kind: "file", text: "/etc/`x`" },
        { node: null, kind: "command", text: "kubectl get events -A -o json" },
        { node: "n1", kind: "command", text: "stat /etc/cni/net.d" },
      ],
      statements: [refused],
    },
    { finding: null, looked: [], statements: [bound] },
  ],
  changes: [
    {
      rule: "path-replaced",
      kind: "repair",
      at: "2026-05-23T03:00Z",
      statements: [say`${code("/etc/cni/net.d", link)} became a link`],
    },
    { rule: "drift", kind: "change", at: null, statements: [linked] },
  ],
  fix: [
    {
      finding: "f2",
      step: "Replace the agent on n1",
      commands: [{ run: "kubectl -n kube-system delete pod agent-4t5hk", expect: "deleted" }],
    },
    { finding: "f4", step: "Scale again", commands: [{ run: "kubectl scale x", expect: null }] },
  ],
  verification: [{ run: "kubectl get pods -A | grep -c Terminating", expect: "0" }],
});

const actions = (): Draft["actions"] => [
  {
    title: "Replace agent-4t5hk on n1",
    type: "repair",
    priority: "Urgent",
    due: null,
    doneWhen: "its mount table shows no deleted directory",
    covers: ["f2"],
  },
  {
    title: "Set cni-net-dir to containerd's conf_dir",
    type: "prevent",
    priority: "Low",
    due: null,
    doneWhen: "both name one directory",
    covers: ["f3"],
  },
];

const findings = (): Draft["findings"] => [
  finding("f1", "sym:teardown-refused", "pods cannot be torn down", [refused]),
  {
    ...finding("f2", "token-bound-to-deleted-pod", "a token is bound to a pod that is gone", [bound]),
    unverified: ["the clocks agree"],
  },
  { ...finding("f3", "path-shadowed", "a path differs from its peers", [directory]), role: "contributing-factor" },
  { ...finding("f4", "sym:pending", "replacements are pending", [refused]), endedBy: "2026-05-23T03:00Z" },
];

const custody = (): Draft["custody"] => [
  {
    id: "a".repeat(64),
    file: "inquest-n1.tar.gz",
    sha256: "a".repeat(64),
    node: "n1",
    collector: "collect.sh 1.0.0",
    collectedFrom: "2026-05-23T02:52:00Z",
    collectedTo: "2026-05-23T02:57:00Z",
    state: "complete",
    manifest: "verified",
    members: 63,
    issues: [{ code: "W_EXTRA", member: "node/fs/_0001", message: "not in the manifest" }],
  },
];

const warnings = (): Draft["warnings"] => ({
  benign: [
    {
      rule: "benign:x",
      title: "A warning of a start",
      form: "event",
      name: "FailedMount",
      reason: "it came no more since",
      count: 2,
      objects: 1,
      nodes: ["n1"],
      statements: [
        say`2 ${code("FailedMount", event)} warnings about Pod ${code("shop/`web`|0", event)}: seen, benign because it came no more since`,
      ],
    },
  ],
  unexplained: [
    {
      rule: null,
      title: null,
      form: "event",
      name: "Odd",
      reason: null,
      count: 7,
      objects: 3,
      nodes: [],
      statements: [say`7 ${code("Odd", event)} warnings about 3 Pods ${code("shop/web-1", event)} and 2 more`],
    },
  ],
  more: { benign: { kinds: 0, count: 0 }, unexplained: { kinds: 2, count: 9 } },
});

import { createWorld, type World } from "#engine/world.js";
import type { Artifact, Coverage } from "#model/artifact.js";
import { evidenceIn } from "#model/evidence.js";
import type { CoverageEntry, Fact, FactKind, FactKinds, PodTemplate } from "#model/fact.js";
import type { Change, Found, Observation, Outcome } from "#model/finding.js";
import { API_CLOCK, type Instant, parseInstant } from "#model/instant.js";
import type { Intake } from "#model/intake.js";
import type { ChangeCard, Moment, Needs, Rule, TimelineCard, Views } from "#model/rule.js";
import { plainText, type Statement } from "#model/statement.js";

/** An instant of the API's clock from ISO 8601. */
export function at(text: string, clock: string = API_CLOCK): Instant {
  const instant = parseInstant(text, clock);
  if (!instant) throw new Error(`no instant: ${text}`);
  return instant;
}

/** When the moment of `world` is collected, unless it says otherwise. */
export const NOW = "2024-03-05T10:30:00Z";

const BUNDLE = "b".repeat(64);

/** An artifact of the cluster's part; `node` makes it one of a node's. */
export const artifact = (part: Partial<Artifact> = {}): Artifact => ({
  bundle: BUNDLE,
  node: null,
  kind: "api",
  origin: "pods",
  member: "cluster/pods.json",
  sha256: "a".repeat(64),
  coverage: "complete",
  exit: 0,
  note: null,
  collectedAt: at(NOW),
  bytes: 1,
  form: "items",
  ...part,
});

const TEMPLATE: PodTemplate = { containers: [], hostPaths: [], serviceAccount: null, hostNetwork: false };
const NOBODY = { namespace: "shop", name: "x", uid: null, created: null, owner: null, labels: {} };

/** What a fact of each kind holds where a test does not say. */
const DEFAULTS: { readonly [K in FactKind]?: FactKinds[K] } = {
  "kube.pod": {
    ...NOBODY,
    uid: "uid-x",
    node: "n1",
    phase: "Running",
    startedAt: null,
    deletion: null,
    graceSeconds: null,
    finalizers: [],
    conditions: [],
    containers: [],
    template: TEMPLATE,
    nodeSelector: {},
    nodeAffinity: [],
    antiAffinity: [],
    claims: [],
  },
  "kube.node": {
    name: "n1",
    uid: null,
    created: null,
    labels: {},
    unschedulable: false,
    taints: [],
    conditions: [],
    kubeletVersion: null,
    runtimeVersion: null,
  },
  "kube.event": {
    reason: "",
    type: "Warning",
    component: "kubelet",
    node: "n1",
    objectKind: "Pod",
    namespace: "shop",
    message: "",
    first: null,
    last: null,
    count: 1,
    objects: [],
    moreObjects: 0,
  },
  "kube.workload": {
    ...NOBODY,
    kind: "ReplicaSet",
    desired: 1,
    ready: 1,
    available: 1,
    updated: null,
    template: null,
    strategy: null,
  },
  "kube.revision": {
    namespace: "kube-system",
    name: "r",
    owner: null,
    revision: 1,
    created: null,
    hash: null,
    template: null,
  },
  path: {
    path: "/etc/cni/net.d",
    type: "d",
    mode: "0755",
    owner: "root",
    group: "root",
    size: null,
    mtime: null,
    ctime: null,
    btime: null,
    target: null,
    listing: null,
  },
  "cni.netconf": {
    path: "/etc/cni/net.d/10-x.conflist",
    valid: true,
    problem: null,
    problemLine: null,
    name: "x",
    plugins: [],
  },
  kubeconfig: {
    path: "/etc/cni/net.d/x-kubeconfig",
    valid: true,
    problem: null,
    server: null,
    tokenLine: null,
    caSha256: null,
    token: {
      kind: "jwt",
      alg: null,
      kid: null,
      iss: null,
      sub: null,
      iat: null,
      nbf: null,
      exp: null,
      namespace: null,
      serviceAccount: null,
      pod: null,
      node: null,
    },
  },
  log: { source: "kubelet", kind: "journal", sample: "", first: null, last: null, lastEvidence: null, count: 1 },
};

let serial = 0;

/** A fact of any kind from what the test says of it; the rest is a plain default. `node` is where it was collected or lives. */
export function fact<K extends FactKind>(kind: K, value: Partial<FactKinds[K]>, node: string | null = null): Fact<K> {
  serial += 1;
  const own = artifact(kind.startsWith("kube.") ? {} : { node, kind: "file", origin: kind, member: `node/${kind}` });
  const full = { ...DEFAULTS[kind], ...value } as FactKinds[K];
  const shown = JSON.stringify(full)?.slice(0, 80) ?? "";
  return {
    kind,
    node,
    value: full,
    artifact: own,
    evidence: evidenceIn(own, { kind: "json", pointer: `/items/${serial}` }, shown),
  };
}

export const pod = (value: Partial<FactKinds["kube.pod"]>): Fact<"kube.pod"> =>
  fact("kube.pod", { uid: `uid-${value.name ?? "x"}`, ...value }, value.node === undefined ? "n1" : value.node);

export const node = (name: string, value: Partial<FactKinds["kube.node"]> = {}): Fact<"kube.node"> =>
  fact("kube.node", { name, labels: { "kubernetes.io/hostname": name }, ...value }, name);

/** A series of one object or more, each with the series' message unless it has its own. */
export function event(
  value: Partial<Omit<FactKinds["kube.event"], "objects">> & {
    readonly objects?: readonly Partial<FactKinds["kube.event"]["objects"][number]>[];
  },
): Fact<"kube.event"> {
  const base = fact("kube.event", { ...value, objects: [] } as Partial<FactKinds["kube.event"]>, value.node ?? "n1");
  const { first, last, count, message } = base.value;
  const objects = (value.objects ?? []).map((object) => ({
    name: "x",
    uid: null,
    message,
    first,
    last,
    count,
    evidence: base.evidence,
    ...object,
  }));
  return { ...base, value: { ...base.value, objects } };
}

export interface Collected {
  readonly facts: readonly Fact[];
  /** Kinds that were collected, and how completely; every other kind has not been attempted. Default: all cluster kinds whole. */
  readonly coverage?: Readonly<Partial<Record<FactKind, Coverage>>>;
  readonly moment?: Partial<Moment>;
  /** Origin of the artifacts that cover workloads. */
  readonly workloads?: readonly string[];
}

const WHOLE: Readonly<Partial<Record<FactKind, Coverage>>> = {
  "kube.pod": "complete",
  "kube.node": "complete",
  "kube.event": "complete",
  "kube.workload": "complete",
  "kube.revision": "complete",
};

/** One moment's world of hand-made facts. */
export function world({ facts, coverage = WHOLE, moment, workloads }: Collected): World {
  const entries = Object.entries(coverage).flatMap(([kind, state]): CoverageEntry[] => {
    const own = facts.filter((f) => f.kind === kind);
    const origins = kind === "kube.workload" ? (workloads ?? ["replicasets", "deployments", "statefulsets"]) : [kind];
    const nodes = kind.startsWith("kube.") ? [null] : [...new Set(own.map((f) => f.node))];
    return nodes.flatMap((on) =>
      origins.map((origin) => ({
        kind: kind as FactKind,
        node: on,
        artifact: artifact({ node: on, origin, coverage: state }),
        coverage: state,
        facts: own.length,
      })),
    );
  });
  const intake: Intake = { artifacts: [], facts, issues: [], coverage: entries };
  return createWorld(intake, {
    id: "m1",
    startedAt: at(NOW),
    collectedAt: at(NOW),
    bundles: [BUNDLE],
    nodes: ["n1"],
    ...moment,
  });
}

/** What a rule says of a world. Findings of other rules may be published into it before. */
export function judge(rule: Rule, of: World): readonly Outcome[] {
  const views = Object.fromEntries(Object.entries(rule.needs).map(([name, kind]) => [name, of.view(kind)]));
  return [...rule.match(views as Views<Needs>, of.context)];
}

/** What a rule says of facts that were collected whole. */
export const runRule = (rule: Rule, ...facts: readonly Fact[]): readonly Outcome[] => judge(rule, world({ facts }));

export const foundBy = (rule: Rule, ...facts: readonly Fact[]): readonly Found[] =>
  runRule(rule, ...facts).filter((o): o is Found => o.outcome === "found");

/** `found n1`, `refuted n1`, … in order. */
export const verdicts = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.map((o) => `${o.outcome} ${o.subject}`);

/** What was seen and is no symptom, as it is told; an outcome of another kind is shown as such. */
export const slights = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.flatMap((o) => (o.outcome === "slight" ? texts(o.statements) : [`${o.outcome} ${o.subject}`]));

export const texts = (statements: readonly Statement[]): readonly string[] => statements.map((s) => plainText(s));

/** `<time> <sentence>` of each row, sorted. */
export const rows = (card: TimelineCard, of: World): readonly string[] =>
  [...card.observe(of)]
    .map((o: Observation) => `${new Date(o.at.epochMs).toISOString()} ${plainText(o.statement)}`)
    .sort();

export const changes = (card: ChangeCard, earlier: World, later: World): readonly Change[] => [
  ...card.compare(earlier, later),
];

/** Runs rules and makes their findings visible to time lines and changes. */
export function publish(of: World, ...rules: readonly Rule[]): World {
  for (const rule of rules)
    of.publish(
      rule.id,
      judge(rule, of).filter((o): o is Found => o.outcome === "found"),
    );
  return of;
}

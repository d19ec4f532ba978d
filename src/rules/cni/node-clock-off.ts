import type { Evidence } from "#model/evidence.js";
import type { Finding, Found } from "#model/finding.js";
import { UNMEASURED_SKEW_MS } from "#model/instant.js";
import {
  type Consequence,
  defineRule,
  effect,
  found,
  type MatchContext,
  NO_CONSEQUENCE,
  refuted,
  shellWord,
  undetermined,
} from "#model/rule.js";
import { code, known, lapse, say, time, word } from "#model/statement.js";
import { agentOf } from "#rules/kubelet/_agent-text.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { seenAt } from "#rules/kubelet/_pods.js";
import { apiNow } from "./_api-time.js";
import { askWith } from "./_ask-with.js";
import { type ClockSign, clockSigns } from "./_clock-signs.js";
import { nodeFiles } from "./_credential.js";
import { pluginValue } from "./_credential-words.js";
import { GO_X509, K8S_CLAIMS } from "./_references.js";
import { callNodes, neverJudged, refusedOn, refusedWith } from "./_refusal.js";

export default defineRule({
  id: "node-clock-off",
  title: "a clock is off by more than the API server tolerates",
  label: "clock that is off",
  asks: "How did a good token or certificate come to be refused?",
  kind: "mechanism",
  needs: { clocks: "clock", kubeconfigs: "kubeconfig", ntps: "clock.ntp", events: "kube.event" },
  uses: ["sym:failed-kill-pod", "sym:failed-create-sandbox"],
  explains: [
    effect("sym:failed-kill-pod", ["node", "error"], "propagates"),
    effect("sym:failed-create-sandbox", ["node", "error"], "propagates"),
  ],
  *match({ clocks }, context) {
    const files = context.derive(nodeFiles);
    const nodes = [...files.keys(), ...callNodes(context).filter((node) => isRival(node, context))];
    for (const node of [...new Set(nodes)].sort()) {
      const followed = files.get(node)?.followed ?? { state: "unknown" };
      const base = { subject: node, about: { node: [node], error: ["401"] } };
      const clock = clocks.on(node).find((c) => c.value.ofNode);
      const token = followed.state === "followed" ? followed.credential : null;
      const starts = token?.token.nbf ?? token?.token.iat ?? null;
      const ahead = token && starts ? starts.epochMs - apiNow(token, context).latest : 0;
      const offset = clock?.value.apiOffsetS ?? null;
      const error = clock?.value.apiOffsetErrorS ?? 0;
      const calls = refusedOn(context, node);
      const signs = clockSigns(node, context);
      const [first] = signs;
      const unasked = neverJudged(context, node, "401", "clock");
      const dated = calls.some((c) =>
        c.statements.some((s) => s.evidence.some((e) => /x509: .*expired or is not yet valid/.test(e.excerpt))),
      );
      if (token && starts && ahead > UNMEASURED_SKEW_MS) {
        yield found({
          ...base,
          since: null,
          lastSeen: seenAt(token.kubeconfig, context.moment),
          value: { node, shownBy: "token", path: token.real, ...pluginValue(token) },
          statements: [
            say`The token on ${code(node, token.tokenEvidence)} begins at ${time(starts, token.tokenEvidence)}, ${lapse(ahead, token.tokenEvidence)} after the collection: the clock of the node or that of the API server is off`,
          ],
        });
      } else if (clock && offset !== null && Math.abs(offset) - error > UNMEASURED_SKEW_MS / 1000) {
        // A token is judged by the API server's clock; a node's own judges certificates only.
        if (calls.length > 0 && !dated) {
          yield refuted({
            ...base,
            statements: [
              say`The clock of ${code(node, clock.evidence)} is ${lapse(offset * 1000, clock.evidence)} ${word(offset > 0 ? "ahead of" : "behind", clock.evidence)} the API server's, which judges tokens by its own`,
            ],
          });
          continue;
        }
        yield found({
          ...base,
          about: { node: [node], error: dated ? ["x509"] : [] },
          since: null,
          lastSeen: seenAt(clock, context.moment),
          value: { node, shownBy: "offset" },
          statements: [
            say`The clock of ${code(node, clock.evidence)} is ${lapse(offset * 1000, clock.evidence)} ${word(offset > 0 ? "ahead of" : "behind", clock.evidence)} the API server's`,
          ],
        });
      } else if (clock && offset !== null && Math.abs(offset) + error <= UNMEASURED_SKEW_MS / 1000) {
        yield refuted({
          ...base,
          statements: [
            say`The clock of ${code(node, clock.evidence)} lay within ${word(`${(Math.abs(offset) + error).toFixed(1)} s`, clock.evidence)} of the API server's`,
          ],
        });
      } else if (first?.outcome === "right") {
        yield refuted({ ...base, statements: [first.statement] });
      } else if (first) {
        if (calls.length > 0 && !first.dated) {
          yield refuted({
            ...base,
            statements: [
              say`${first.statement}; the API server judges tokens by its own, and nothing shows a certificate that is good by that`,
            ],
            excludes: "cause",
          });
        }
        yield found({
          ...base,
          about: { node: [node], error: first.dated ? ["x509"] : [] },
          since: null,
          lastSeen: context.moment.collectedAt,
          // What two ways agree in needs no premise of the one.
          unverified: signs.some((s) => s.unverified.length === 0) || signs.length > 1 ? [] : first.unverified,
          value: { node, shownBy: "signs" },
          statements: [
            first.statement,
            ...signs.slice(1).map((s) => s.statement),
            say`What ${code(node, headlineOf(first))} itself stamped, its kubelet's events among it, is of that clock: a span from the API server's times to those is off by as much`,
          ],
        });
      } else if (unasked) {
        yield unasked;
      } else if (calls.length === 0 || !calls.every((c) => isLocal(c) || c.value["ofNoCredential"] === true)) {
        yield undetermined({
          ...base,
          missing: [
            {
              ...clocks.missing(`the offset between the clock of ${node} and the API server's`, node),
              ...(clock ? { why: "not measured: the run that reached the node reached no API server" } : {}),
            },
          ],
        });
      }
    }
  },
  known: [
    known("A token is refused where it begins more than 60 s ahead of the API server's clock", K8S_CLAIMS),
    known("A certificate is judged by the clock of the machine that checks it", GO_X509),
  ],
  consequence,
  references: [K8S_CLAIMS, GO_X509],
  falsePositives: ["a clock that stepped while the collector ran"],
  examples: {
    found: ["cni/clock-off.yaml"],
    refuted: ["cni/calls-asked-nobody.yaml"],
    undetermined: ["cni/token-pod-gone.yaml"],
  },
  tags: ["clock", "token"],
});

/** Signs always cite. */
const headlineOf = ({ statement }: ClockSign): Evidence => statement.evidence[0] as Evidence;

/** A node that was not collected is judged by what failed there alone. */
const isRival = (node: string, context: MatchContext): boolean =>
  refusedWith(context, "401").includes(node) || neverJudged(context, node, "401", "clock") !== null;

/** What is said of a node's own agent, of an image or of a missing plugin compares no clocks, whoever was asked. */
const LOCAL: ReadonlySet<string> = new Set(["not-initialised", "plugin-missing", "image-pull"]);
const isLocal = (call: Found): boolean => (call.about.error ?? []).every((e) => LOCAL.has(e) || agentOf(e) !== null);

function consequence(finding: Finding): Consequence {
  const [node, path, shownBy] = ["node", "path", "shownBy"].map((k) => String(finding.value[k] ?? "")) as [
    string,
    string,
    string,
  ];
  const inferred = shownBy === "token";
  const synchronised = {
    run: `# on ${shellWord(node)}\ntimedatectl show -p NTPSynchronized --value`,
    expect: "yes",
  };
  return {
    ...NO_CONSEQUENCE,
    fix:
      finding.ended !== null
        ? []
        : [
            {
              step: inferred
                ? `Find which clock is off, that of ${node} or that of an API server's host, and let its time service set it. A token is refused until its own begin has come.`
                : `Let the time service of ${node} set its clock.`,
              commands: [
                {
                  run: `# on ${shellWord(node)}${inferred ? ", and on the host of each API server" : ""}: which time is it in UTC, and is it kept?\ndate -u '+%F %T'; timedatectl show -p NTP -p NTPSynchronized`,
                  expect:
                    "the time of a clock that you trust, NTP=yes and NTPSynchronized=yes; where it is so on a host, leave that host alone",
                },
                {
                  run: "# on the host whose clock is off, as root: let its time service run, which steps or slews it\ntimedatectl set-ntp true",
                  expect:
                    "no output; `NTP not supported` where no time service is installed, and then that comes first",
                },
                { ...synchronised, run: "# on that host, a minute later\ntimedatectl show -p NTPSynchronized --value" },
                ...(inferred ? [askWith(node, path, finding.value)] : []),
              ],
            },
          ],
    verify: [synchronised, ...(inferred ? [probeNode(node)] : [])],
    actions: [
      ...(finding.ended !== null
        ? []
        : [
            {
              title: inferred
                ? `Set the clock that is off right: that of ${node}, or that of an API server's host`
                : `Set the clock of ${node} right`,
              type: "repair" as const,
              priority: "Urgent" as const,
              doneWhen: inferred
                ? `the clocks of ${node} and of every API server's host are synchronised and agree, and a pod with its own network can be created and deleted on ${node}`
                : `the clock of ${node} is synchronised, and lies within a second of the API server's`,
            },
          ]),
      {
        title: "Alert on a node whose clock is not synchronised, or is over 10 s off the API server's",
        type: "detect",
        priority: "High",
        doneWhen: "the alert fires on a test node whose time service is stopped and whose clock is moved",
      },
    ],
    stops: inferred
      ? "that a clock is off follows from the token's begin, which lies after the collection; which clock it is, and what moved it, is not in the evidence"
      : shownBy === "offset"
        ? "the offset is measured; what moved the clock is not in the evidence"
        : "the evidence shows the clock; what moved it is not in it",
  };
}

import type { Evidence } from "#model/evidence.js";
import type { Fact, FactKind } from "#model/fact.js";
import type { Finding, Missing, Outcome } from "#model/finding.js";
import { type Consequence, type FactView, found, type MatchContext, NO_CONSEQUENCE, shellWord } from "#model/rule.js";
import { citing, code, codes, say } from "#model/statement.js";
import { probeNode } from "#rules/kubelet/_consequences.js";
import { isRelated, isServiceOf } from "./_agent-name.js";
import type { Asked } from "./_agent-nowhere.js";
import { readOn } from "./_leftover.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;
type Unit = Fact<"unit">;
const views = (view: View): View => view;

/** The service of a node that is a plugin's agent, and that systemd lists as failed there. */
export const failedService = ({ node, plugin }: Asked, context: MatchContext): Unit | undefined =>
  context
    .derive(views)("unit")
    .on(node)
    .find(({ value }) => isThere(value) && isServiceOf(plugin, value.name));

/** Of a unit whose file is gone nothing can be started again. */
const isThere = ({ load }: Unit["value"]): boolean => load !== "not-found";

/** What was asked for as a service, and cannot be told from what was collected. */
export function openService(asked: Asked, context: MatchContext): Missing | null {
  const { node, plugin } = asked;
  const units = context.derive(views)("unit");
  const alike = units.on(node).find(({ value }) => isThere(value) && isRelated(plugin, value.name, []));
  if (alike)
    return {
      ...units.missing(`whether ${alike.value.name} of ${node} is the agent of the plugin ${plugin}`, node),
      why: "it has failed, and goes by another name than that agent's service",
      command: statusOf(alike.value.name, node),
    };
  const [peer] = runOn(asked, context);
  if (!peer) return null;
  const { name } = peer.value;
  return {
    ...units.missing(`the state of the service of ${node} that runs ${name} on ${peer.node}`, node),
    why: `on ${peer.node} the agent of the plugin ${plugin} runs, and is no pod; what became of it on ${node} was not collected`,
    command: statusOf(`${name.replace(/[^\w.-]/g, "")}*`, node),
  };
}

const statusOf = (unit: string, node: string): string =>
  `systemctl list-units --all --no-pager ${shellWord(unit)}   # on ${node}, as root`;

/** Processes on other nodes that are the plugin's agent. Where the lists show no pod of it, they are services. */
const runOn = ({ node, plugin }: Asked, context: MatchContext): readonly Fact<"process">[] =>
  context.moment.nodes
    .filter((peer) => peer !== node && loads(peer, plugin, context))
    .flatMap((peer) => context.derive(views)("process").on(peer))
    .filter(({ value }) => isRelated(plugin, value.name, []));

const loads = (node: string, plugin: string, context: MatchContext): boolean =>
  readOn(node, context)?.netconf.value.plugins.some((p) => p.type === plugin) === true;

/** The agent is a service of the node, and has failed. */
export function stopped(
  asked: Asked,
  { value, evidence }: Unit,
  [none, noSet]: readonly [Evidence, Evidence],
  context: MatchContext,
): Outcome {
  const { subject, node, plugin, errors } = asked;
  const alike = runOn(asked, context).filter((p) => isServiceOf(plugin, p.value.name));
  const [peer, ...more] = alike.map((p) => p.evidence);
  return found({
    subject,
    about: { node: [node], error: errors },
    since: null,
    lastSeen: context.moment.collectedAt,
    unverified: peer ? [] : [`${value.name} is taken for the agent of ${plugin} by its name`],
    value: { node, plugin, service: value.name },
    statements: [
      say`The agent of ${code(plugin, none)} on ${code(node, evidence)} is the service ${code(value.name, evidence)}, and systemd lists it there as failed`,
      say`No pod goes by the name of that plugin's agent${citing(none)}, and no DaemonSet${citing(noSet)}`,
      ...(peer
        ? [
            say`On ${codes([...new Set(alike.map((p) => p.node ?? ""))], 8, peer, ...more)} it runs as ${code(alike[0]?.value.name ?? "", peer)}, with a configuration of the same plugin`,
          ]
        : []),
    ],
  });
}

/** What follows where the agent is a service that has failed: a second agent beside it would be the next fault. */
export function serviceConsequence({ value, ended, role }: Finding): Consequence {
  const [node, unit] = [String(value["node"]), String(value["service"])];
  const it = shellWord(unit);
  const over = ended !== null;
  const here = `# on ${shellWord(node)}, as root`;
  return {
    ...NO_CONSEQUENCE,
    fix: over
      ? []
      : [
          {
            step: `See with what ${unit} on ${node} failed, and mend that; only then start it again. The agent is a service of the node: nothing is to be installed beside it.`,
            commands: [
              {
                run: `${here}\nsystemctl status --no-pager --full ${it}`,
                expect: "how it ended: an exit code, or a signal",
              },
              { run: `${here}\njournalctl --no-pager -n 100 -u ${it}`, expect: "the error with which it ended" },
              {
                run: `# once that is mended; on ${shellWord(node)}, as root\nsystemctl restart ${it} && systemctl is-active ${it}`,
                expect: "active",
              },
            ],
          },
        ],
    verify: [{ run: `# on ${shellWord(node)}\nsystemctl is-active ${it}`, expect: "active" }, probeNode(node)],
    actions: over
      ? []
      : [
          {
            title: `Bring ${unit} of ${node} back to work`,
            type: "repair",
            priority: role === "latent-condition" ? "High" : "Urgent",
            doneWhen: `it is active, and a pod with its own network can be created and deleted on ${node}`,
          },
        ],
    stops: `${unit} is listed as failed; with what it ended, and when, is not in the evidence`,
  };
}

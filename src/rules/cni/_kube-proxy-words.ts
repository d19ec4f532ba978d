import type { FactKind } from "#model/fact.js";
import { order } from "#model/instant.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { citing, code, codes, type Statement, say, time } from "#model/statement.js";
import { addressText } from "#rules/kubelet/_dialled.js";
import { CITED, type Pod, podName, readyAt } from "#rules/kubelet/_pods.js";
import type { AgentDial } from "./_agent-dials.js";
import type { Served } from "./_agent-state.js";
import { type ApiCalls, apiCalls, toldNodes } from "./_api-calls.js";
import { kubeProxies } from "./_kube-proxy.js";
import { headlineEvidence } from "./_refusal.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

const views = (view: View): View => view;

/** What called it, who says so, and whose address it is. */
export function called(node: string, calls: ApiCalls): readonly Statement[] {
  const [first, ...rest] = calls.failing.map(headlineEvidence);
  const { dial } = calls;
  const text = addressText(calls);
  const its = calls.shown
    ? [say`${code(text, calls.shown)} is the address of the Service ${code("default/kubernetes", calls.shown)}`]
    : [];
  const calledIt = first
    ? [say`Calls of the CNI plugin on ${code(node, first)} dialled ${code(text, first, ...rest)} in vain`]
    : [];
  return [...calledIt, ...(dial ? [saying(text, dial, first !== undefined)] : []), ...its];
}

function saying(address: string, { agent, text, last, evidence }: AgentDial, also: boolean): Statement {
  const what = also
    ? say`The CNI agent there, ${code(agent.value.name, evidence)}, called it as well`
    : say`The CNI agent there, ${code(agent.value.name, evidence)}, called ${code(address, evidence)} in vain`;
  const said = say`${what}: ${code(cut(text), evidence)}`;
  return last ? say`${said}, last at ${time(last, evidence)}` : said;
}

const MOST = 300;
const cut = (text: string): string => (text.length <= MOST ? text : `${text.slice(0, MOST - 1)}…`);

/** Nodes where kube-proxy was ready, and nothing called that address in vain. */
export function elsewhere(node: string, calls: ApiCalls, context: MatchContext): readonly Statement[] {
  const all = context.derive(apiCalls);
  const told = context.derive(toldNodes);
  const [searched] = context
    .derive(views)("kube.event")
    .coverage()
    .searched(`call of ${addressText(calls)} that failed`);
  const well = [...context.derive(kubeProxies)].flatMap(([peer, pod]) => {
    const since = peer === node || all.has(peer) || told.has(peer) ? null : readyAt(pod);
    return since && calls.first && order(since.at, calls.first) === "before"
      ? [{ peer, evidence: since.evidence }]
      : [];
  });
  const [first, ...rest] = well.sort((a, b) => (a.peer < b.peer ? -1 : 1));
  if (!first || !searched || told.has(null) || context.derive(views)("kube.event").coverage().state !== "complete")
    return [];
  const nodes = codes(
    well.map(({ peer }) => peer),
    8,
    first.evidence,
    ...rest.slice(0, CITED - 1).map(({ evidence }) => evidence),
  );
  return [
    say`On ${nodes} kube-proxy was ready all the while, and no event${citing(searched)} tells of a call of that address which failed`,
  ];
}

/** A pod got its network on the node all the same, and nothing had started kube-proxy for it. */
export const withoutIt = (node: string, pod: Pod, { pod: name, made, evidence }: Served): Statement =>
  say`${code(name, ...evidence)}, made on ${code(node, ...evidence)} at ${time(made, ...evidence)}, after calls had begun to fail, got its network while ${code(podName(pod), pod.evidence)} was not ready either`;

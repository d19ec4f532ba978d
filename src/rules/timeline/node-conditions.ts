import { cite } from "#model/fact.js";
import { defineTimeline } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { contacts } from "#rules/kubelet/_contact.js";
import { readyOf } from "#rules/kubelet/_node-ready.js";
import { earlierOutages, pastOutages } from "#rules/kubelet/_past-outage.js";
import { words } from "#rules/kubelet/_pods.js";
import { isPressure } from "#rules/kubelet/_pressure.js";
import { deedsOf, evictionRow, pressureDeeds } from "#rules/kubelet/_pressure-events.js";
import { isApproximate } from "./_troubled.js";

/** When nodes came under pressure, and whom they evicted then; earlier outages; when those that are not Ready were last heard of, first logged why, and became so; of those that are again, when they were told to be not, and when they were back. */
export default defineTimeline({
  id: "node-conditions",
  *observe({ view, context }) {
    for (const [name, outages] of context.derive(earlierOutages))
      for (const { from, to } of outages)
        for (const [{ at, evidence }, reason, what] of [
          [from, "NodeNotReady", "not Ready"],
          [to, "NodeReady", "Ready"],
        ] as const)
          yield {
            at,
            approximate: isApproximate(at.precisionMs),
            statement: say`${code(name, evidence)} was told to be ${words(what, evidence)} (${code(reason, evidence)}).`,
            source: "event",
          };
    for (const [name, { from, to, event, ready }] of context.derive(pastOutages)) {
      yield {
        at: from,
        approximate: isApproximate(from.precisionMs),
        statement: say`${code(name, event)} was told to be not Ready (${code("NodeNotReady", event)}).`,
        source: "event",
      };
      if (to)
        yield {
          at: to,
          approximate: isApproximate(to.precisionMs),
          statement: say`The condition of ${code(name, ready)} becomes ${code("Ready=True", ready)}.`,
          source: "node condition",
        };
    }
    for (const [name, contact] of context.derive(contacts)) {
      const { certificate } = contact;
      const posts = contact.state === "running" && contact.from ? [{ ...contact.from, text: contact.error }] : [];
      const says = certificate?.from ? [{ ...certificate.from, text: certificate.text }] : [];
      for (const [what, rows] of [
        ["a failed post", posts],
        ["what is wrong with its client certificate", says],
      ] as const)
        for (const { at, evidence, text } of rows)
          yield {
            at,
            approximate: isApproximate(at.precisionMs),
            statement: say`The kubelet of ${code(name, evidence)} first logs ${words(what, evidence)}: ${code(text, evidence)}.`,
            source: "log",
          };
    }
    for (const node of view("kube.node").all) {
      for (const [at, { type, status, since }] of node.value.conditions.entries()) {
        if (status !== "True" || !since || !isPressure(type)) continue;
        const evidence = cite(node, `/status/conditions/${at}`);
        yield {
          at: since,
          approximate: isApproximate(since.precisionMs),
          statement: say`The condition of ${code(node.value.name, evidence)} becomes ${code(`${type}=True`, evidence)}.`,
          source: "node condition",
        };
        const evictions = evictionRow(
          node.value.name,
          deedsOf(context.derive(pressureDeeds), node.value.name, type, since),
        );
        if (evictions) yield { ...evictions, approximate: isApproximate(evictions.at.precisionMs), source: "event" };
      }
      const ready = readyOf(node);
      if (!ready || ready.condition.status === "True") continue;
      const { condition, evidence } = ready;
      const { since, heartbeat, status } = condition;
      const name = code(node.value.name, evidence);
      if (status === "Unknown" && heartbeat) {
        yield {
          at: heartbeat,
          approximate: isApproximate(heartbeat.precisionMs),
          statement: say`Last report of the kubelet of ${name}.`,
          source: "node condition",
        };
      }
      if (since) {
        yield {
          at: since,
          approximate: isApproximate(since.precisionMs),
          statement: say`The condition of ${name} becomes ${code(`Ready=${status}`, evidence)}.`,
          source: "node condition",
        };
      }
    }
  },
});

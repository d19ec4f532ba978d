import { parseConditions, stampTransitions } from "./condition.js";
import { isList, type JsonMap, mapAt, present, textAt } from "./json.js";
import { buildObject, type ObjectContext, timeOf } from "./object.js";
import { typeOf } from "./resource.js";
import { latestVersion } from "./version.js";

const shorts = ["conds", "version", "heartbeat", "unschedulable"];

const pressures = [
  ["MemoryPressure", "KubeletHasSufficientMemory"],
  ["DiskPressure", "KubeletHasNoDiskPressure"],
  ["PIDPressure", "KubeletHasSufficientPID"],
] as const;

/**
 * A node as kubectl shows it: without a word on its conditions it is healthy.
 * @throws ScenarioError where a short name has a value which it cannot have
 */
export function buildNode(item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const unschedulable = item["unschedulable"] === true;
  const taints = [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }];
  const made = { spec: unschedulable ? { unschedulable, taints } : {}, status: statusOf(item, context, place) };
  const node = buildObject(withRole(item, context), typeOf("nodes"), shorts, made, context, place);
  return stampTransitions(node, context, true, timeOf(item, "heartbeat", place));
}

/** Merges the label of a role which the scenario's own list of nodes gives. */
function withRole(item: JsonMap, context: ObjectContext): JsonMap {
  const role = context.scenario.nodes.find((node) => node.name === item["name"])?.role;
  if (role === undefined || !/^[a-z][a-z-]*$/.test(role)) return item;
  return { ...item, labels: { [`node-role.kubernetes.io/${role}`]: "", ...mapAt(item, "labels") } };
}

function statusOf(item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const explicit = isList(mapAt(item, "status")["conditions"]);
  const conds = parseConditions(item["conds"], place) ?? (explicit ? [] : healthyConditions());
  const name = textAt(item, "name") ?? "";
  const address = context.scenario.nodes.find((node) => node.name === name)?.ip;
  const addresses = [
    ...(address === undefined ? [] : [{ type: "InternalIP", address }]),
    { type: "Hostname", address: name },
  ];
  const containerd = latestVersion(textAt(context.scenario.cluster, "containerd"));
  const nodeInfo = present({
    kubeletVersion: textAt(item, "version") ?? kubernetesVersion(context),
    containerRuntimeVersion: containerd === undefined ? undefined : `containerd://${containerd}`,
  });
  return present({ addresses, conditions: conds.length > 0 ? conds.map(explain) : undefined, nodeInfo });
}

function kubernetesVersion(context: ObjectContext): string | undefined {
  const version = latestVersion(textAt(context.scenario.cluster, "k8s"));
  return version === undefined ? undefined : version.replace(/^(?=\d)/, "v");
}

function healthyConditions(): readonly JsonMap[] {
  return [...pressures.map(([type]) => ({ type, status: "False" })), { type: "Ready", status: "True" }];
}

/** The reasons that kubelet and node controller always write. */
function explain(condition: JsonMap): JsonMap {
  if (condition["reason"] !== undefined) return condition;
  if (condition["status"] === "Unknown") {
    return { ...condition, reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." };
  }
  if (condition["type"] === "Ready") {
    const ready = condition["status"] === "True";
    return {
      ...condition,
      reason: ready ? "KubeletReady" : "KubeletNotReady",
      ...(ready ? { message: "kubelet is posting ready status" } : {}),
    };
  }
  const fine = pressures.find(([type]) => type === condition["type"])?.[1];
  return fine === undefined || condition["status"] === "True" ? condition : { ...condition, reason: fine };
}

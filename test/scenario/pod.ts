import { parseConditions, stampTransitions } from "./condition.js";
import { isList, isMap, type Json, type JsonMap, mapAt, numberAt, present, textAt } from "./json.js";
import { show } from "./key.js";
import { buildObject, createdAt, type ObjectContext, timeOf } from "./object.js";
import { typeOf } from "./resource.js";
import { fail } from "./scenario-error.js";

const shorts = ["node", "phase", "ready", "restarts", "conds", "waiting", "init", "exit", "ip", "hostNetwork", "pvc"];

/** What the short names of a pod say. */
interface PodState {
  readonly node: string | undefined;
  readonly phase: string;
  readonly readyContainers: number;
  readonly containers: readonly string[];
  readonly restarts: number;
  readonly waiting: string | undefined;
  readonly init: string | undefined;
  readonly exit: number | undefined;
  readonly deleted: string | undefined;
  readonly started: string | undefined;
  /** Whether the kubelet has written a status: a pod that nothing was said of stays as the scheduler left it. */
  readonly seenByKubelet: boolean;
}

/**
 * A pod as kubectl shows it.
 * @throws ScenarioError where a short name has a value which it cannot have
 */
export function buildPod(item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const state = readState(item, context, place);
  const pod = buildObject(
    item,
    typeOf("pods"),
    shorts,
    { spec: specOf(item, state), status: statusOf(item, state, context, place) },
    context,
    place,
  );
  return stampTransitions(pod, context, false);
}

function readState(item: JsonMap, context: ObjectContext, place: string): PodState {
  const node = textAt(item, "node") ?? textAt(mapAt(item, "spec"), "nodeName");
  const [readyContainers, count] = readReady(item, place);
  const waiting = textAt(item, "waiting");
  const init = textAt(item, "init");
  const exit = numberAt(item, "exit");
  const restarts = numberAt(item, "restarts") ?? 0;
  const phase =
    textAt(item, "phase") ??
    textAt(mapAt(item, "status"), "phase") ??
    (node !== undefined && readyContainers > 0 ? "Running" : "Pending");
  const started = timeOf(item, "started", place);
  const seen = started ?? waiting ?? init ?? exit ?? (restarts > 0 || undefined);
  const seenByKubelet = node !== undefined && (seen !== undefined || phase !== "Pending");
  return {
    node,
    phase,
    readyContainers,
    containers: containerNames(item, count),
    restarts,
    waiting,
    init,
    exit,
    deleted: timeOf(item, "deleted", place),
    started: started ?? (seenByKubelet ? createdAt(item, context, place) : undefined),
    seenByKubelet,
  };
}

function readReady(item: JsonMap, place: string): readonly [number, number] {
  const value = item["ready"];
  if (value === undefined) {
    const well = textAt(item, "phase") === "Running" && item["waiting"] === undefined && item["exit"] === undefined;
    return [well ? 1 : 0, 1];
  }
  const match = typeof value === "string" ? /^(\d+)\/(\d+)$/.exec(value) : null;
  const [ready, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || ready > count)
    fail("value", place, `ready is ${show(value)}; allowed is a/b with a up to b, such as "0/1"`);
  return [ready, count];
}

/** Containers named by the item itself, else after the pod's owner. */
function containerNames(item: JsonMap, count: number): readonly string[] {
  for (const said of [mapAt(item, "spec")["containers"], mapAt(item, "status")["containerStatuses"]]) {
    if (isList(said) && said.length > 0)
      return said.map((one, at) => (isMap(one) ? textAt(one, "name") : undefined) ?? `c${at + 1}`);
  }
  const base = workloadName(item).slice(0, 60);
  return Array.from({ length: count }, (_, at) => (at === 0 ? base : `${base}-${at + 1}`));
}

/** The name of the workload behind a pod, without the hash that a controller appends. */
export function workloadName(item: JsonMap): string {
  const [kind, owner] = (textAt(item, "owner") ?? "").split("/");
  const own = textAt(item, "name") ?? textAt(mapAt(item, "metadata"), "name") ?? "main";
  if (owner === undefined || kind === "Node") return own;
  return kind === "ReplicaSet" || kind === "Job" ? owner.replace(/(?<=.)-[a-z0-9]+$/, "") : owner;
}

function specOf(item: JsonMap, state: PodState): JsonMap {
  const claims = typeof item["pvc"] === "string" ? [item["pvc"]] : isList(item["pvc"]) ? item["pvc"] : [];
  const volumes = claims.map((claim, at) => ({
    name: `volume-${at + 1}`,
    persistentVolumeClaim: { claimName: String(claim) },
  }));
  const mounts = volumes.map((volume) => ({ name: volume.name, mountPath: `/${volume.name}` }));
  return present({
    nodeName: state.node,
    hostNetwork: item["hostNetwork"] === true ? true : undefined,
    containers: state.containers.map((name, at) =>
      at === 0 && mounts.length > 0 ? { name, volumeMounts: mounts } : { name },
    ),
    initContainers: state.init === undefined ? undefined : [{ name: "init" }],
    volumes: volumes.length > 0 ? volumes : undefined,
  });
}

function statusOf(item: JsonMap, state: PodState, context: ObjectContext, place: string): JsonMap {
  const conds = parseConditions(item["conds"], place) ?? defaultConditions(state);
  const hostNetwork = item["hostNetwork"] === true || mapAt(item, "spec")["hostNetwork"] === true;
  const hostIP = state.node === undefined || !state.seenByKubelet ? undefined : context.nodeAddress(state.node);
  const podIP = textAt(item, "ip") ?? (hostNetwork ? hostIP : undefined);
  return present({
    phase: state.phase,
    conditions: conds.length > 0 ? conds.map((condition) => explain(condition, state)) : undefined,
    hostIP,
    podIP,
    podIPs: podIP === undefined ? undefined : [{ ip: podIP }],
    startTime: state.started,
    initContainerStatuses: state.init === undefined ? undefined : [initStatus(state.init, state.exit, state.restarts)],
    containerStatuses: state.seenByKubelet
      ? state.containers.map((name, at) => containerStatus(name, at, state))
      : undefined,
  });
}

function defaultConditions(state: PodState): readonly JsonMap[] {
  if (state.node === undefined) return [{ type: "PodScheduled", status: "False" }];
  if (!state.seenByKubelet) return [{ type: "PodScheduled", status: "True" }];
  const ready = state.phase === "Running" && state.readyContainers === state.containers.length ? "True" : "False";
  return [
    { type: "Initialized", status: state.init === undefined ? "True" : "False" },
    { type: "Ready", status: ready },
    { type: "ContainersReady", status: ready },
    { type: "PodScheduled", status: "True" },
  ];
}

/** The reasons that kubelet and scheduler always write with a status that is not True. */
function explain(condition: JsonMap, state: PodState): JsonMap {
  if (condition["status"] !== "False" || condition["reason"] !== undefined) return condition;
  if (condition["type"] === "PodScheduled") return { ...condition, reason: "Unschedulable" };
  if (condition["type"] === "Initialized") {
    return { ...condition, reason: "ContainersNotInitialized", message: "containers with incomplete status: [init]" };
  }
  if (condition["type"] !== "Ready" && condition["type"] !== "ContainersReady") return condition;
  if (state.phase === "Succeeded") return { ...condition, reason: "PodCompleted" };
  const unready = state.containers.slice(state.readyContainers);
  return {
    ...condition,
    reason: "ContainersNotReady",
    message: `containers with unready status: [${unready.join(" ")}]`,
  };
}

function containerStatus(name: string, at: number, state: PodState): JsonMap {
  const ready = at < state.readyContainers;
  const first = at === (state.readyContainers < state.containers.length ? state.readyContainers : 0);
  const exited = first && state.exit !== undefined && state.init === undefined ? state.exit : undefined;
  const now = currentState(ready, exited, state);
  const ended = exited !== undefined && now["terminated"] === undefined;
  return {
    name,
    state: now,
    lastState: ended ? { terminated: termination(exited) } : {},
    ready,
    restartCount: first && state.init === undefined ? state.restarts : 0,
    started: now["running"] !== undefined,
  };
}

function currentState(ready: boolean, exit: number | undefined, state: PodState): JsonMap {
  const running = { running: present({ startedAt: state.started }) };
  if (state.phase === "Succeeded") return { terminated: termination(exit ?? 0) };
  if (state.phase === "Failed") return { terminated: termination(exit ?? 1) };
  if (ready) return running;
  if (state.waiting !== undefined) return { waiting: { reason: state.waiting } };
  if (state.init !== undefined) return { waiting: { reason: "PodInitializing" } };
  if (exit !== undefined) return { terminated: termination(exit) };
  if (state.phase === "Pending") return { waiting: { reason: "ContainerCreating" } };
  // A deleted pod that is no longer ready has been stopped: what keeps it is something else than its process.
  return state.deleted === undefined ? running : { terminated: termination(0) };
}

function termination(exitCode: number): Record<string, Json> {
  return { exitCode, reason: exitCode === 0 ? "Completed" : "Error" };
}

function initStatus(reason: string, exit: number | undefined, restarts: number): JsonMap {
  const ended = ["Error", "Completed", "OOMKilled"].includes(reason);
  const terminated = { exitCode: exit ?? (reason === "Completed" ? 0 : 1), reason };
  return {
    name: "init",
    state: ended ? { terminated } : { waiting: { reason } },
    lastState: ended || exit === undefined ? {} : { terminated: termination(exit) },
    ready: reason === "Completed",
    restartCount: restarts,
  };
}

import { isList, type Json, type JsonMap, mapAt, numberAt, present, textAt } from "./json.js";
import { show } from "./key.js";
import { buildObject, type ObjectContext } from "./object.js";
import { workloadName } from "./pod.js";
import { typeOf } from "./resource.js";
import type { ResourceKind } from "./scenario.js";
import { fail } from "./scenario-error.js";

const templateShorts = ["images", "volumes", "env"];
const countShorts = ["replicas", "readyReplicas", "desired", "ready", "updated"];

/** Where the volumes of a CNI agent are mounted, as the upstream manifests have it. */
const cniMounts: Readonly<Record<string, string>> = {
  "cni-net-dir": "/host/etc/cni/net.d",
  "cni-bin-dir": "/host/opt/cni/bin",
};

/**
 * A ReplicaSet, Deployment, StatefulSet or DaemonSet as kubectl shows it.
 * @throws ScenarioError where a short name has a value which it cannot have
 */
export function buildWorkload(kind: ResourceKind, item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const counts = readCounts(item, place);
  const template = templateOf(item, textAt(item, "name") ?? "main", place);
  const made =
    kind === "daemonsets"
      ? { spec: present({ template }), status: daemonStatus(counts) }
      : { spec: present({ replicas: counts.desired, template }), status: replicaStatus(kind, counts) };
  return buildObject(item, typeOf(kind), [...countShorts, ...templateShorts], made, context, place);
}

/**
 * A ControllerRevision as kubectl shows it: the template lies under `data.spec.template`.
 * @throws ScenarioError where a short name has a value which it cannot have
 */
export function buildRevision(item: JsonMap, context: ObjectContext, place: string): JsonMap {
  const owner = workloadName(item);
  const name = textAt(item, "name") ?? "";
  const hash = name.startsWith(`${owner}-`) ? { "controller-revision-hash": name.slice(owner.length + 1) } : {};
  const template = templateOf(item, owner, place);
  const made = present({
    revision: numberAt(item, "revision"),
    data: template === undefined ? undefined : { spec: { template: { $patch: "replace", ...template } } },
  });
  const labelled = { ...item, labels: { ...hash, ...mapAt(item, "labels") } };
  return buildObject(labelled, typeOf("controllerrevisions"), [...templateShorts, "revision"], made, context, place);
}

interface Counts {
  readonly desired: number | undefined;
  readonly current: number | undefined;
  readonly ready: number | undefined;
  readonly updated: number | undefined;
}

function readCounts(item: JsonMap, place: string): Counts {
  for (const key of countShorts) {
    const fits = typeof item[key] === "number" || (key === "ready" && /^\d+\/\d+$/.test(String(item[key])));
    if (item[key] !== undefined && !fits) fail("value", place, `${key} is ${show(item[key])}; allowed is a number`);
  }
  const column = /^(\d+)\/(\d+)$/.exec(String(item["ready"]));
  const desired =
    numberAt(item, "desired") ?? numberAt(item, "replicas") ?? (column === null ? undefined : Number(column[2]));
  return {
    desired,
    current: numberAt(item, "replicas") ?? desired,
    ready:
      numberAt(item, "readyReplicas") ?? numberAt(item, "ready") ?? (column === null ? undefined : Number(column[1])),
    updated: numberAt(item, "updated"),
  };
}

/** The API leaves these numbers out where they are 0. */
function positive(count: number | undefined): number | undefined {
  return count === 0 ? undefined : count;
}

function replicaStatus(kind: ResourceKind, counts: Counts): JsonMap {
  const { current, ready, updated } = counts;
  const missing = current !== undefined && ready !== undefined ? Math.max(current - ready, 0) : undefined;
  return present({
    replicas: current,
    readyReplicas: positive(ready),
    availableReplicas: positive(ready),
    updatedReplicas: positive(updated),
    unavailableReplicas: kind === "deployments" ? positive(missing) : undefined,
  });
}

function daemonStatus(counts: Counts): JsonMap {
  const { desired, ready, updated } = counts;
  const missing = desired !== undefined && ready !== undefined ? Math.max(desired - ready, 0) : undefined;
  return present({
    desiredNumberScheduled: desired,
    currentNumberScheduled: counts.current,
    numberMisscheduled: desired === undefined ? undefined : 0,
    numberReady: ready,
    numberAvailable: positive(ready),
    numberUnavailable: positive(missing),
    updatedNumberScheduled: positive(updated),
  });
}

function templateOf(item: JsonMap, name: string, place: string): JsonMap | undefined {
  if (templateShorts.every((key) => item[key] === undefined)) return undefined;
  const images = imagesOf(item["images"], place);
  const installers = images.filter((image) => /cni/i.test(image.replace(/[:@][^/]*$/, "")));
  const others = images.filter((image) => !installers.includes(image));
  const volumes = Object.entries(mapAt(item, "volumes")).map(([volume, path]) => ({
    name: volume,
    hostPath: { path: String(path), type: "" },
  }));
  const env = Object.entries(mapAt(item, "env")).map(([variable, value]) => ({ name: variable, value: String(value) }));
  const mounts = volumes.map((volume) => ({
    name: volume.name,
    mountPath: cniMounts[volume.name] ?? volume.hostPath.path,
  }));
  const ofAgent = mounts.filter((mount) => mount.name !== "cni-bin-dir");
  const ofInstaller = mounts.filter((mount) => mount.name in cniMounts);
  const hasInstaller = installers.length > 0;
  const containers = (others.length > 0 ? others : [undefined]).map((image, at) =>
    container(
      at === 0 || image === undefined ? name : imageName(image),
      image,
      at === 0 ? (hasInstaller ? ofAgent : mounts) : [],
      hasInstaller ? [] : env,
    ),
  );
  const initContainers = installers.map((image, at) =>
    container(at === 0 ? "install-cni" : imageName(image), image, ofInstaller, env),
  );
  return {
    spec: present({
      initContainers: hasInstaller ? initContainers : undefined,
      containers,
      volumes: volumes.length > 0 ? volumes : undefined,
    }),
  };
}

function container(
  name: string,
  image: string | undefined,
  volumeMounts: readonly JsonMap[],
  env: readonly JsonMap[],
): JsonMap {
  return present({
    name,
    image,
    env: env.length > 0 ? env : undefined,
    volumeMounts: volumeMounts.length > 0 ? volumeMounts : undefined,
  });
}

function imageName(image: string): string {
  return (image.split("/").at(-1) ?? image).replace(/[:@].*$/, "");
}

function imagesOf(value: Json | undefined, place: string): readonly string[] {
  if (value === undefined) return [];
  const list = isList(value) ? value : [value];
  return list.map((image) =>
    typeof image === "string"
      ? image
      : fail("value", place, `images has ${show(image)}; allowed is a list of image names`),
  );
}

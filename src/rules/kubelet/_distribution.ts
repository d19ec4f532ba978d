import type { FactKind } from "#model/fact.js";
import type { Finding } from "#model/finding.js";
import type { FactView } from "#model/rule.js";

type Look = <K extends FactKind>(kind: K) => FactView<K>;

/** Distributions that run the kubelet in a program of their own; any other has a unit `kubelet`. */
export type Distribution = "microk8s" | "k3s" | "rke2" | "k0s";

/** What runs the kubelet of a node, and the units that may be the one: a single one where its log was collected. */
export interface KubeletService {
  readonly distribution: Distribution | null;
  readonly units: readonly string[];
}

const UNITS_OF: Readonly<Record<Distribution, readonly string[]>> = {
  microk8s: ["snap.microk8s.daemon-kubelite", "snap.microk8s.daemon-kubelet"],
  k3s: ["k3s", "k3s-agent"],
  rke2: ["rke2-server", "rke2-agent"],
  k0s: ["k0scontroller", "k0sworker"],
};

export const PLAIN: KubeletService = { distribution: null, units: ["kubelet"] };

/** Of all nodes that are listed, once per moment: hand it to `context.derive`. */
export const kubeletServices = (view: Look): ReadonlyMap<string, KubeletService> =>
  new Map(view("kube.node").all.map(({ value }) => [value.name, serviceOf(value, view)] as const));

function serviceOf(
  { name, kubeletVersion, labels }: { name: string; kubeletVersion: string | null; labels: object },
  view: Look,
): KubeletService {
  const journals = new Set(
    view("log")
      .on(name)
      .filter(({ value }) => value.kind === "journal")
      .map(({ value }) => value.source.replace(/\.service$/, "")),
  );
  const distribution =
    byVersion(kubeletVersion) ?? (Object.hasOwn(labels, "microk8s.io/cluster") ? "microk8s" : byJournal(journals));
  if (distribution === null) return PLAIN;
  const all = UNITS_OF[distribution];
  const seen = all.filter((unit) => journals.has(unit));
  return { distribution, units: seen.length === 1 ? seen : all };
}

/** k3s and rke2 (`v1.30.4+k3s1`, `+rke2r1`) and k0s (`+k0s`) carry their name; MicroK8s does not. */
const byVersion = (version: string | null): Distribution | null =>
  (/\+(k3s|rke2|k0s)/.exec(version ?? "")?.[1] as Distribution | undefined) ?? null;

/** Only where no other kubelet logs there: what was there before may lie about. */
function byJournal(journals: ReadonlySet<string>): Distribution | null {
  if (journals.has("kubelet")) return null;
  const named = (Object.keys(UNITS_OF) as Distribution[]).filter((d) => UNITS_OF[d].some((unit) => journals.has(unit)));
  return named.length === 1 ? (named[0] ?? null) : null;
}

/** For a finding, and back: what is put there are plain values. */
export const serviceValue = ({ distribution, units }: KubeletService): Finding["value"] =>
  distribution === null ? {} : { distribution, units: units.join(" ") };

export function serviceFrom({ distribution, units }: Finding["value"]): KubeletService {
  const named = (Object.keys(UNITS_OF) as Distribution[]).find((d) => d === distribution);
  return named && typeof units === "string" ? { distribution: named, units: units.split(" ") } : PLAIN;
}

/** rke2 has its kubelet write a file; the unit tells only of its start. */
export const RKE2_LOG = "/var/lib/rancher/rke2/agent/logs/kubelet.log";

/** For journalctl, which passes over units that do not exist. */
export const unitFlags = ({ units }: KubeletService): string => units.map((unit) => `-u ${unit}`).join(" ");

/** `after` stands behind the command for the reader. */
export function readLog(service: KubeletService, options: string, after = ""): string {
  const journal = `journalctl ${unitFlags(service)} ${options} --no-pager${after}`;
  return service.distribution === "rke2" ? `${journal}\ntail -n 1000 ${RKE2_LOG}${after}` : journal;
}

/** A control plane node of k3s or rke2 has one unit, an agent another: the one that there is. */
export function restartOf({ distribution, units }: KubeletService): string {
  const [unit] = units;
  if (distribution === "microk8s")
    return `snap restart ${units.length === 1 ? unit?.replace(/^snap\./, "") : "microk8s.daemon-kubelite"}`;
  return units.length === 1
    ? `systemctl restart ${unit}`
    : `systemctl restart "$(systemctl list-units --plain --no-legend ${units.map((u) => `${u}.service`).join(" ")} | cut -d ' ' -f 1)"`;
}

/** Where its client certificate lies; k3s and rke2: pkg/agent/config/config.go; MicroK8s: where a kubeconfig names it. */
export const CERTIFICATES: Readonly<Record<Distribution | "plain", string>> = {
  plain: "/var/lib/kubelet/pki/kubelet-client-current.pem",
  microk8s: "/var/snap/microk8s/current/certs/kubelet.crt",
  k3s: "/var/lib/rancher/k3s/agent/client-kubelet.crt",
  rke2: "/var/lib/rancher/rke2/agent/client-kubelet.crt",
  k0s: "/var/lib/k0s/kubelet/pki/kubelet-client-current.pem",
};

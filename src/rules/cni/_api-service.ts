import { atPointer, type Evidence } from "#model/evidence.js";
import { cite, type Fact, type FactKind } from "#model/fact.js";
import { baseName } from "#model/file-tree.js";
import type { Missing } from "#model/finding.js";
import type { FactView, MatchContext } from "#model/rule.js";
import { addressText, canonical, type Dialled } from "#rules/kubelet/_dialled.js";
import { serverHost } from "#rules/kubelet/_sandbox-failures.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/** By what an address is taken for that of the API server's Service. */
export interface ApiAddress {
  /** What shows it in the list of Services; null where that was not collected. */
  readonly shown: Evidence | null;
  readonly unverified: readonly string[];
  readonly missing: readonly Missing[];
}

/** The Service by which what runs in a cluster calls its API server; null where no list holds it. */
const apiService = (view: View): Fact<"kube.service"> | null =>
  view("kube.service").all.find(({ value }) => value.namespace === "default" && value.name === "kubernetes") ?? null;

/** Is it the address of that Service? Null where it is another, or may well be one. */
export function asApiService(dialled: Dialled, context: MatchContext): ApiAddress | null {
  const service = context.derive(apiService);
  const { host, port, asksApi } = dialled;
  if (service && service.value.clusterIps.length > 0) {
    const { clusterIps, ports } = service.value;
    const index = clusterIps.findIndex((address) => canonical(address) === host);
    if (index < 0 || (ports.length > 0 && !ports.includes(port))) return null;
    const listed = atPointer(service.json, "/spec/clusterIPs") !== undefined;
    const shown = cite(service, listed ? `/spec/clusterIPs/${index}` : "/spec/clusterIP");
    return { shown, unverified: [], missing: [] };
  }
  const services = context.derive(views)("kube.service");
  if (services.coverage().state === "complete") return null;
  if (port !== 443 || !asksApi || isLocal(host) || context.derive(ownAddresses).has(host)) return null;
  return {
    shown: null,
    unverified: [
      `that ${addressText(dialled)}, which was asked for the API, is the address of the Service default/kubernetes`,
    ],
    missing: [services.missing("the Service default/kubernetes, with its addresses")],
  };
}

const views = (view: View): View => view;

const isLocal = (host: string): boolean => /^(?:127\.|169\.254\.|0\.)|^(?:::1?|fe[89ab].*)$/.test(host);

/** Kubeconfigs of what calls the API server where it listens: no Service may stand between (the kubelet starts kube-proxy). */
const OWN = /kubelet|kube-?controller|controller-manager|scheduler|admin|bootstrap|^client\.config$/;

/** The addresses of nodes, and those at which a node's kubelet or a control plane calls the API server: none is a Service's. */
function ownAddresses(view: View): ReadonlySet<string> {
  const servers = view("kubeconfig").all.flatMap(({ value }) =>
    value.server !== null &&
    !value.path.includes("/cni/") &&
    (OWN.test(baseName(value.path)) || /\/kubelet\//.test(value.path))
      ? serverHost(value.server)
      : [],
  );
  const hosts = view("kube.node").all.flatMap(({ json }) => {
    const listed = atPointer(json, "/status/addresses");
    return Array.isArray(listed)
      ? listed.map((one) => String((one as { address?: unknown } | null)?.address ?? ""))
      : [];
  });
  return new Set([...servers, ...hosts].flatMap((address) => canonical(address) ?? []));
}

/** The class of an error by which a plugin says that it does not find its agent, without saying which agent that is. */
export const AGENT_NOT_READY = "agent-not-ready";

const SOCKET = (names: string): RegExp =>
  new RegExp(`dial unix \\S*(?:${names})\\S*\\.sock(?:et)?: (?:connect: )?(?:no such file|connection refused)`);
const PORT = (port: number): RegExp =>
  new RegExp(`\\b(?:127\\.0\\.0\\.1|localhost|\\[::1\\]):${port}: (?:connect: )?connection refused`);

/**
 * What plugins say where their own agent is not there, by the type of the plugin whose agent that is: a file that only it writes, or a socket or
 * port of the node on which only it answers (all of a list must be found). In this order: the socket of Kube-OVN lies in Open vSwitch's directory.
 */
const SAID: readonly (readonly [plugin: string, all: readonly RegExp[]])[] = [
  ["calico", [/\/var\/lib\/calico\/nodename\b|check that the calico\/node container is running/]],
  ["flannel", [/\/run\/flannel\/subnet\.env"?: no such file/]],
  ["multus", [SOCKET("multus")]],
  ["kube-ovn", [SOCKET("kube-ovn")]],
  ["cilium-cni", [SOCKET("cilium")]],
  ["antrea", [SOCKET("antrea")]],
  ["calico", [SOCKET("calico")]],
  ["ovn-k8s-cni-overlay", [SOCKET("ovn")]],
  ["openvswitch", [SOCKET("openvswitch")]],
  ["kube-router", [SOCKET("kube-router")]],
  ["weave-net", [SOCKET("weave")]],
  ["weave-net", [/\bweave|allocate IP address/, PORT(6784)]],
  ["aws-cni", [SOCKET("aws-node")]],
  // ipamd, which aws-node runs, answers gRPC there (amazon-vpc-cni-k8s cmd/routed-eni-cni-plugin/cni.go).
  ["aws-cni", [/\baws-cni\b|(?:Add|Del)Network gRPC/, PORT(50051)]],
  ["azure-vnet", [SOCKET("azure-vnet")]],
  // The container networking service (azure-container-networking cns/restserver).
  ["azure-vnet", [/azure|\bCNS\b/, PORT(10090)]],
  ["terway", [SOCKET("terway|eni/eni")]],
  ["spiderpool", [SOCKET("spiderpool")]],
];

/** By its file the plugin of the default network, for whose configuration Multus waits. */
const AWAITED = /readinessindicatorfile(?: @ (\S+))?/i;
const FILES: readonly (readonly [plugin: string, name: RegExp])[] = [
  ["kube-ovn", /kube-ovn/],
  ["ovn-k8s-cni-overlay", /ovn/],
  ["calico", /calico|canal/],
  ["flannel", /flannel/],
  ["cilium-cni", /cilium/],
  ["antrea", /antrea/],
  ["weave-net", /weave/],
  ["aws-cni", /aws/],
  ["azure-vnet", /azure/],
  ["kindnet", /kindnet/],
];

/**
 * The class of a message in which a plugin says that it does not find its agent: `agent-not-ready:<type of the plugin>`, or `agent-not-ready` alone
 * where it does not say whose. Null where the message says nothing of the kind: that the agent is not ready does not make such a text.
 */
export function agentErrorClass(text: string): string | null {
  const [said] = SAID.find(([, all]) => all.every((one) => one.test(text))) ?? [];
  if (said !== undefined) return `${AGENT_NOT_READY}:${said}`;
  const awaited = AWAITED.exec(text);
  if (!awaited) return null;
  const file = awaited[1]?.slice(awaited[1].lastIndexOf("/") + 1) ?? "";
  const [plugin] = FILES.find(([, name]) => name.test(file)) ?? [];
  return plugin === undefined ? AGENT_NOT_READY : `${AGENT_NOT_READY}:${plugin}`;
}

/** The type of the plugin whose agent an error class tells to be missing; an empty text where it does not say whose, null for another class. */
export const agentOf = (errorClass: string): string | null =>
  errorClass === AGENT_NOT_READY
    ? ""
    : errorClass.startsWith(`${AGENT_NOT_READY}:`)
      ? errorClass.slice(AGENT_NOT_READY.length + 1)
      : null;

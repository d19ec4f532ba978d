import type { Finding } from "#model/finding.js";
import { type Action, type Command, type Consequence, shellWord } from "#model/rule.js";
import { certificateOf, newCertificate } from "./_certificate-repair.js";
import type { CertificateWord } from "./_client-certificate.js";
import type { Contact, Failure } from "./_contact.js";
import { type KubeletService, readLog, serviceFrom } from "./_distribution.js";

/** How a kubelet is called of which the log tells how it fails, or of which none was read. */
export const LABELS: Readonly<Record<string, string>> = {
  unanswered: "a kubelet that gets no answer from the API server",
  refused: "a kubelet that the API server refuses",
  distrusted: "a kubelet that does not accept the API server's certificate",
  expired: "a kubelet whose client certificate has expired",
  uncertified: "a kubelet without a valid client certificate",
  other: "a kubelet whose reports do not arrive",
  unknown: "a kubelet that fell silent",
  gone: "a node that the cluster no longer lists",
} satisfies Readonly<Record<Failure | CertificateWord["kind"] | "unknown" | "gone", string>>;

/** What follows from it depends on this: a node that runs is not powered off. */
export function contactValue(contact: Contact | undefined): Finding["value"] {
  if (contact?.certificate)
    return { contact: contact.certificate.kind, server: contact.state === "running" ? contact.server : null };
  if (contact?.state === "running") return { contact: contact.failure, server: contact.server };
  // One whose log goes on runs, whatever keeps its reports from arriving.
  if (contact?.state === "unknown" && contact.said !== null) return { contact: "other", server: null };
  const said = contact?.state === "stopped" && contact.text !== null;
  return { contact: contact?.state ?? null, server: null, ...(said ? { said: true } : {}) };
}

export function silenceConsequence(finding: Finding): Consequence {
  const name = String(finding.value["node"] ?? "");
  const contact = String(finding.value["contact"] ?? "");
  if (contact === "gone") return afterRemoval(name, finding);
  // One that ends for want of a certificate is started again: its machine runs, and that is no matter of it.
  const runs = contact in LABELS && contact !== "unknown";
  const server = finding.value["server"];
  const where = typeof server === "string" ? server : "the API server";
  const service = serviceFrom(finding.value);
  const way = wayOf(contact, name, typeof server === "string" ? server : null, service);
  const said = finding.value["said"] === true;
  return {
    fix: runs ? [way.fix] : [bringBack(name, service), giveUp(name)],
    verify: [
      { run: `kubectl wait --for=condition=Ready node/${shellWord(name)} --timeout=60s`, expect: "condition met" },
    ],
    actions: finding.ended !== null ? [] : [runs ? way.action : ACT(name)],
    questions: [
      isOfCertificate(contact)
        ? `How did the client certificate of the kubelet of ${name} come to be renewed no more: rotation, approval of its requests, a machine that was off when it was due?`
        : runs
          ? `What changed at that time between ${name} and ${where}: network, load balancer, firewall, certificates?`
          : said
            ? `What changed on ${name} before its kubelet gave up with that: its configuration, its version, the container runtime?`
            : `What happened to ${name} at that time: power, network, kubelet?`,
    ],
    stops: said
      ? "its log says with what the kubelet gave up; how it came to that is not in evidence"
      : stopsOf(contact, name, where),
  };
}

/** Nothing is to be brought back: what is left of the node in the API goes by itself, or is taken away by hand. */
function afterRemoval(name: string, { ended }: Finding): Consequence {
  const node = shellWord(name);
  return {
    fix: [
      {
        step: `Let the controllers take away what is still bound to ${name}; they do so within minutes where the node is gone for good`,
        commands: [
          { run: `kubectl get node ${node}`, expect: "NotFound; where it is listed again, its kubelet ends the pods" },
          {
            run: `kubectl get pods -A --field-selector ${shellWord(`spec.nodeName=${name}`)}`,
            expect: "No resources found",
          },
        ],
      },
    ],
    verify: [],
    actions:
      ended !== null
        ? []
        : [
            {
              title: `Find out why pods are left of the removed node ${name}`,
              type: "repair",
              priority: "High",
              doneWhen: `no pod is bound to ${name} any more`,
            },
          ],
    questions: [`Was ${name} taken out of the cluster on purpose, and was it drained before?`],
    stops: "why its pods were not taken away with the node does not stand in what was collected",
  };
}

const isOfCertificate = (contact: string): boolean => contact === "expired" || contact === "uncertified";

function stopsOf(contact: string, name: string, where: string): string {
  if (contact === "unanswered")
    return `what lies between ${name} and ${where}, or what became of that, is not in evidence`;
  if (contact === "refused")
    return "why the API server refuses the kubelet's credential is open: what was collected of its log was searched for a client certificate that has expired or is missing, and none was found";
  if (contact === "expired")
    return "the kubelet says that its client certificate has expired; why it was not renewed in time is not in evidence";
  if (contact === "uncertified")
    return "the kubelet says that it finds no valid client certificate; how it came to be without one is not in evidence";
  if (contact === "distrusted")
    return "which certificate the API server shows, and by which the kubelet judges it, was not collected";
  if (contact === "other") return "why its reports do not arrive is not in evidence";
  if (contact === "unknown")
    return "whether the kubelet stopped, or runs and does not reach the API server, does not stand in what the API server knows of its node: its log would say";
  return "what stopped the kubelet does not stand in what the API server knows of its node";
}

type Step = Consequence["fix"][number];

const look = (name: string, service: KubeletService): Command => ({
  run: `# on ${shellWord(name)}, as root: what does its kubelet say?\n${readLog(service, "-n 100")}`,
  expect: `why it stopped or reaches no API server${service.distribution === null ? "; the unit has another name on microk8s, k3s and rke2" : ""}`,
});

const ready = (name: string): Command => ({
  run: `kubectl get node ${shellWord(name)} -o jsonpath='{.status.conditions[?(@.type=="Ready")]}'`,
  expect: '"status":"True", and a lastHeartbeatTime of the last minutes',
});

const bringBack = (name: string, service: KubeletService): Step => ({
  step: `Bring the kubelet of ${name} back …`,
  commands: [look(name, service), ready(name)],
});

const giveUp = (name: string): Step => ({
  step: `… or, where ${name} will not come back, power it off and only then mark it as out of service. Its pods are then removed and their volumes detached without a word from it: on a machine that still runs, two pods write to one volume.`,
  commands: [
    {
      run: `kubectl get node ${shellWord(name)} -o jsonpath='{.spec.providerID}{"\\n"}{range .status.conditions[?(@.type=="Ready")]}{.status} since {.lastTransitionTime}{"\\n"}{end}'`,
      expect:
        "which machine it is, and `Unknown` or `False` for a while; ask its console or its provider whether it is off, and stop here where it is not",
    },
    {
      run: `# only after the machine is off\nkubectl taint nodes ${shellWord(name)} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`,
      expect: `node/${shellWord(name)} tainted`,
    },
  ],
});

const ACT = (name: string): Action => ({
  title: `Bring the kubelet of ${name} back, or take the node out of service`,
  type: "repair",
  priority: "Urgent",
  doneWhen: `${name} is Ready, or it is off, marked as out of service, and holds no pod any more`,
});

const LEAVE_ON = "Leave the machine on: its kubelet runs, and so may its pods.";

/** The way back of a kubelet that runs. */
function wayOf(
  contact: string,
  name: string,
  server: string | null,
  service: KubeletService,
): { readonly fix: Step; readonly action: Action } {
  const node = shellWord(name);
  const repair = (title: string): Action => ({
    title,
    type: "repair",
    priority: "Urgent",
    doneWhen: `${name} is Ready, and its kubelet logs no failed post of its status any more`,
  });
  const probe = server === null ? [] : [probeOf(node, server)];
  if (isOfCertificate(contact))
    return {
      fix: newCertificate(name, service, ready(name)),
      action: repair(`Give the kubelet of ${name} a new client certificate, and let it renew that again`),
    };
  if (contact === "refused")
    return {
      fix: {
        step: `Let the API server accept the kubelet of ${name} again. ${LEAVE_ON}`,
        commands: [
          certificateOf(name, service, "a time to come"),
          { run: "kubectl get certificatesigningrequests", expect: `none of \`system:node:${node}\` that is Pending` },
          ready(name),
        ],
      },
      action: repair(`Give the kubelet of ${name} a credential that the API server accepts`),
    };
  if (contact === "distrusted")
    return {
      fix: {
        step: `Let the kubelet of ${name} accept the certificate of the API server again. ${LEAVE_ON}`,
        commands: [...probe, ready(name)],
      },
      action: repair(`Let the API server show a certificate that the kubelet of ${name} accepts`),
    };
  if (contact === "other")
    return {
      fix: {
        step: `Find out why the reports of the kubelet of ${name} do not arrive. ${LEAVE_ON}`,
        commands: [look(name, service), ...probe, ready(name)],
      },
      action: repair(`Let the reports of the kubelet of ${name} arrive again`),
    };
  return {
    fix: {
      step: `Open the way between ${name} and ${server ?? "the API server"} again. ${LEAVE_ON}`,
      commands: [...probe, ready(name)],
    },
    action: repair(`Open the way between ${name} and ${server ?? "the API server"} again`),
  };
}

const probeOf = (node: string, server: string): Command => ({
  run: `# on ${node}: does anything answer there?\ncurl -sSvk --max-time 10 ${shellWord(`https://${server}/readyz`)}`,
  expect:
    "a TLS handshake with the API server's certificate, its dates among it, and an HTTP status; a timeout or a refusal says where to look",
});

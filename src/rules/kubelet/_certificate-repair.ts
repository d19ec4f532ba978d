import { type Command, type Consequence, shellWord } from "#model/rule.js";
import { CERTIFICATES, type Distribution, type KubeletService, restartOf } from "./_distribution.js";

/** Where else it may lie. */
const ELSEWHERE: Readonly<Record<Distribution | "plain", string>> = {
  plain: "; the file lies elsewhere on microk8s, k3s and rke2",
  microk8s:
    "; where there is no such file, /var/snap/microk8s/current/credentials/kubelet.config holds it, or a token in its place",
  k3s: "",
  rke2: "",
  k0s: "",
};

/** Whose certificate it is, and until when. */
export function certificateOf(name: string, { distribution }: KubeletService, dates: string): Command {
  const node = shellWord(name);
  const kind = distribution ?? "plain";
  return {
    run: `# on ${node}, as root: until when is its certificate valid, and whose is it?\nopenssl x509 -noout -subject -enddate -in ${CERTIFICATES[kind]}`,
    expect: `${dates}, and \`CN = system:node:${node}\`${ELSEWHERE[kind]}`,
  };
}

/** An expired certificate cannot ask for its successor: somebody else must vouch for the node once more. `ready`: what shows that it did. */
export function newCertificate(name: string, service: KubeletService, ready: Command): Consequence["fix"][number] {
  const { distribution } = service;
  const on = `# on ${shellWord(name)}, as root`;
  const look = certificateOf(name, service, "a time that is past");
  const restart = restartOf(service);
  const lead = `Give the kubelet of ${name} a new client certificate`;
  const leave = "Leave the machine on: its pods may run on.";
  if (distribution === "k3s" || distribution === "rke2")
    return {
      step: `${lead} by a restart of ${distribution}, which at each start renews one that has expired or ends within 90 days. ${leave}`,
      commands: [
        look,
        { run: `${on}; running containers stay\n${restart}`, expect: "no output and exit code 0" },
        certificateOf(name, service, "a time to come"),
        ready,
      ],
    };
  if (distribution === "microk8s")
    return {
      step: `${lead} by the means of MicroK8s, and a restart. ${leave}`,
      commands: [
        look,
        {
          run: `${on}: until when are its authority and its server's certificate valid, and what can be renewed?\nmicrok8s refresh-certs --check\nmicrok8s refresh-certs --help`,
          expect:
            "times to come of the authority: one that has ended is made anew first, and then all nodes have to join again; a node that only works pods gets its certificate anew by `microk8s leave` and a new `microk8s join --worker`",
        },
        {
          run: `${on}, once the file above shows a time to come\n${restart}`,
          expect: "Restarted.",
        },
        ready,
      ],
    };
  if (distribution === "k0s")
    return {
      step: `${lead}: a join token made anew, and a restart. ${leave}`,
      commands: [
        look,
        {
          run: "# on a controller; it prints a credential: hand it over as one\numask 077; k0s token create --role=worker --expiry=1h > join-token",
          expect:
            "a file for the place that `--token-file` in the unit of the node names; it is used where /var/lib/k0s/kubelet.conf and the folder of the certificate are put aside",
        },
        { run: `${on}, once these are in place\n${restart}`, expect: "no output and exit code 0" },
        ready,
      ],
    };
  return byKubeadm(
    name,
    `${lead}: a kubeconfig made anew, or a bootstrap kubeconfig with a fresh token, and a restart. ${leave}`,
    look,
    ready,
  );
}

function byKubeadm(name: string, step: string, look: Command, ready: Command): Consequence["fix"][number] {
  const node = shellWord(name);
  return {
    step,
    commands: [
      look,
      {
        run: `# with kubeadm, on a control plane node; it holds a key: hand it over as one\numask 077; kubeadm kubeconfig user --org system:nodes --client-name ${shellWord(`system:node:${name}`)} > kubelet.conf`,
        expect:
          "a file for /etc/kubernetes/kubelet.conf of that node (`kubeadm alpha kubeconfig` up to 1.19); elsewhere the distribution's own way, such as a bootstrap token or a restart of its service",
      },
      {
        run: `# on ${node}, as root, once that file is in place; keep the old one and kubelet-client-* of the folder above aside\nsystemctl restart kubelet`,
        expect: "no output; kubelet-client-current.pem is made anew, with a time to come: let kubelet.conf name it",
      },
      {
        run: "kubectl get certificatesigningrequests",
        expect: `Approved,Issued for \`system:node:${node}\`; one that is Pending and yours goes on with \`kubectl certificate approve\``,
      },
      ready,
    ],
  };
}

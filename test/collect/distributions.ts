/** A made-up node of one distribution: what lies where, what runs, and what of it a bundle must hold. */
export interface Distribution {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  /** Command lines, each an argument by an argument. */
  readonly processes?: readonly (readonly string[])[];
  /** Contents that decide, by real path. */
  readonly holds: Readonly<Record<string, RegExp>>;
  /** Directories of which every entry is known. */
  readonly listed: readonly string[];
  /** Looked at, and never read. */
  readonly untouched?: readonly string[];
  /** Where a review finds the credential of the CNI plugin; null where the plugin takes none. */
  readonly credential: string | null;
}

/** Put where a secret would be in a file of the distribution; no bundle may hold it. */
export const CANARY = "canary-7f3a-not-for-travel";
/** Put where the CNI's token would be. */
export const TOKEN = "@TOKEN@";

const kubeconfig = (user: string): string => `apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: https://10.96.0.1:443
users:
- name: u
  user:
    ${user}
contexts:
- name: c
  context:
    cluster: local
    user: u
current-context: c
`;
const cniKubeconfig = kubeconfig(`token: "${TOKEN}"`);
const exec = kubeconfig(
  `exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: aws\n      env:\n      - name: AWS_SECRET\n        value: ${CANARY}`,
);
const certificate = kubeconfig("client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem");
const calico = (path: string): string =>
  JSON.stringify({
    name: "k8s-pod-network",
    cniVersion: "0.3.1",
    plugins: [{ type: "calico", kubernetes: { kubeconfig: path } }, { type: "portmap" }],
  });
const chained = (type: string): string => JSON.stringify({ name: "n", cniVersion: "0.4.0", plugins: [{ type }] });
const containerd2 = (confDir: string, binDir: string): string => `version = 2
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${binDir}"
  conf_dir = "${confDir}"
[plugins."io.containerd.grpc.v1.cri".registry.configs."r".auth]
  password = "${CANARY}"
`;
const containerd3 = (confDir: string): string => `version = 3
imports = ["/etc/containerd/conf.d/*.toml"]
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/opt/cni/bin']
  conf_dir = '${confDir}'
`;
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: systemd
rotateCertificates: true
maxPods: 110
staticPodURLHeader:
  Authorization: ["${CANARY}"]
`;
const PEM = ["MIIBszCCAVmgAwIBAgIUFakeFakeFake", "ZmFrZWZha2VmYWtlZmFrZWZha2U="].join("\n");
const CERT = `-----BEGIN CERTIFICATE-----\n${PEM}\n-----END CERTIFICATE-----\n`;
/** What kubelets keep in one file: certificate and key. */
const CERT_AND_KEY = `${CERT}-----BEGIN EC PRIVATE KEY-----\n${Buffer.from(CANARY).toString("base64")}\n-----END EC PRIVATE KEY-----\n`;

const CNI = "/etc/cni/net.d";
const upstreamCni = {
  [`${CNI}/10-calico.conflist`]: calico(`${CNI}/calico-kubeconfig`),
  [`${CNI}/calico-kubeconfig`]: cniKubeconfig,
  "/opt/cni/bin/calico": "",
};
const upstreamHolds = {
  [`${CNI}/10-calico.conflist`]: /calico-kubeconfig/,
  [`${CNI}/calico-kubeconfig`]: /token: "ey/,
};
const kubelet = [
  "/usr/bin/kubelet",
  "--config=/var/lib/kubelet/config.yaml",
  "--kubeconfig=/etc/kubernetes/kubelet.conf",
];
const snap = "/var/snap/microk8s/8612";
const microk8s = (
  name: string,
  rest: Pick<Distribution, "files" | "listed"> & Partial<Distribution>,
): Distribution => ({
  name,
  credential: `${snap}/args/cni-network/calico-kubeconfig`,
  processes: [
    ["/snap/microk8s/8612/kubelite", "--scheduler-args-file=/x"],
    [
      "/snap/microk8s/8612/bin/containerd",
      "--config",
      `${snap}/args/containerd.toml`,
      "--address",
      "/var/snap/microk8s/common/run/containerd.sock",
    ],
  ],
  ...rest,
  links: { "/var/snap/microk8s/current": "8612", ...rest.links },
  files: {
    [`${snap}/args/containerd.toml`]: containerd2(`${snap}/args/cni-network`, `${snap}/opt/cni/bin`),
    [`${snap}/args/cni-network/10-calico.conflist`]: calico(
      "/var/snap/microk8s/current/args/cni-network/calico-kubeconfig",
    ),
    [`${snap}/args/cni-network/calico-kubeconfig`]: cniKubeconfig,
    "/var/snap/microk8s/8511/args/cni-network/calico-kubeconfig": cniKubeconfig,
    [`${snap}/args/kubelet`]: `--kubeconfig=\${SNAP_DATA}/credentials/kubelet.config\n--feature-gates=EventedPLEG=false\n--token=${CANARY}\n`,
    [`${snap}/credentials/kubelet.config`]: kubeconfig(`token: ${CANARY}`),
    [`${snap}/certs/server.crt`]: CERT,
    [`${snap}/certs/server.key`]: CANARY,
    [`${snap}/var/kubernetes/backend/snapshot-1-2-3`]: "x",
    [`${snap}/var/kubernetes/backend/cluster.key`]: CANARY,
    [`${snap}/var/kubernetes/backend/cluster.yaml`]:
      "- Address: 10.0.0.1:19001\n  ID: 3297041220608546238\n  Role: 0\n",
    ...rest.files,
  },
  holds: {
    [`${snap}/args/containerd.toml`]: /conf_dir/,
    [`${snap}/args/cni-network/10-calico.conflist`]: /calico-kubeconfig/,
    [`${snap}/args/cni-network/calico-kubeconfig`]: /token: "ey/,
    [`${snap}/args/kubelet`]: /EventedPLEG=false/,
    [`${snap}/credentials/kubelet.config`]: /server: https/,
    [`${snap}/certs/server.crt`]: /BEGIN CERTIFICATE/,
    [`${snap}/var/kubernetes/backend/cluster.yaml`]:
      /Address: 10\.0\.0\.1:19001\n {2}ID: 3297041220608546238\n {2}Role: 0/,
  },
  untouched: [`${snap}/certs/server.key`, `${snap}/var/kubernetes/backend/cluster.key`],
  listed: [
    `${snap}/args/cni-network`,
    "/var/snap/microk8s/8511/args/cni-network",
    `${snap}/var/kubernetes/backend`,
    ...rest.listed,
  ],
});

/** k3s and rke2 share their layout. */
const rancher = (name: "k3s" | "rke2"): Distribution => {
  const agent = `/var/lib/rancher/${name}/agent`;
  return {
    name,
    credential: `${agent}/etc/cni/net.d/calico-kubeconfig`,
    files: {
      [`${agent}/etc/containerd/config.toml`]: containerd2(
        `${agent}/etc/cni/net.d`,
        `/var/lib/rancher/${name}/data/abc/bin`,
      ),
      [`${agent}/etc/containerd/config.toml.tmpl`]: '{{ template "base" . }}\n',
      [`${agent}/etc/cni/net.d/10-calico.conflist`]: calico(`${agent}/etc/cni/net.d/calico-kubeconfig`),
      [`${agent}/etc/cni/net.d/calico-kubeconfig`]: cniKubeconfig,
      [`/var/lib/rancher/${name}/data/abc/bin/calico`]: "",
      [`${agent}/kubelet.kubeconfig`]: certificate,
      [`${agent}/client-kubelet.crt`]: CERT,
      [`${agent}/client-kubelet.key`]: CANARY,
      [`${agent}/etc/kubelet.conf.d/00-${name}-defaults.conf`]: kubeletConfig,
      [`${agent}/containerd/containerd.log`]: 'time="2026-11-22T12:00:00Z" level=info msg="starting containerd"\n',
      [`/etc/rancher/${name}/config.yaml`]: `token: ${CANARY}\n`,
      [`/var/lib/rancher/${name}/server/token`]: CANARY,
      [`/var/lib/rancher/${name}/server/db/etcd/member/snap/db`]: CANARY,
      [`/var/lib/rancher/${name}/server/tls/server-ca.crt`]: CERT,
    },
    processes: [
      [`/usr/local/bin/${name}`, "server", "--token", CANARY],
      ["containerd", "-c", `${agent}/etc/containerd/config.toml`, "-a", "/run/k3s/containerd/containerd.sock"],
    ],
    holds: {
      [`${agent}/etc/containerd/config.toml`]: /conf_dir/,
      [`${agent}/etc/containerd/config.toml.tmpl`]: /^\[REDACTED/,
      [`${agent}/etc/cni/net.d/10-calico.conflist`]: /calico-kubeconfig/,
      [`${agent}/etc/cni/net.d/calico-kubeconfig`]: /token: "ey/,
      [`${agent}/kubelet.kubeconfig`]: /client-certificate: \/var/,
      [`${agent}/client-kubelet.crt`]: /END CERTIFICATE/,
      [`${agent}/etc/kubelet.conf.d/00-${name}-defaults.conf`]: /cgroupDriver: systemd/,
      [`${agent}/containerd/containerd.log`]: /starting containerd/,
      [`/var/lib/rancher/${name}/server/tls/server-ca.crt`]: /BEGIN CERTIFICATE/,
    },
    untouched: [
      `${agent}/client-kubelet.key`,
      `/var/lib/rancher/${name}/server/db/etcd/member/snap/db`,
      `/etc/rancher/${name}/config.yaml`,
    ],
    listed: [
      `${agent}/etc/cni/net.d`,
      `/var/lib/rancher/${name}/data/abc/bin`,
      `/var/lib/rancher/${name}/server/db/etcd/member/snap`,
    ],
  };
};

export const DISTRIBUTIONS: readonly Distribution[] = [
  {
    name: "kubeadm",
    credential: `${CNI}/calico-kubeconfig`,
    files: {
      ...upstreamCni,
      "/etc/containerd/config.toml": containerd3(CNI),
      "/etc/containerd/conf.d/10-mirror.toml": "version = 3\n",
      "/var/lib/kubelet/config.yaml": kubeletConfig,
      "/var/lib/kubelet/kubeadm-flags.env":
        'KUBELET_KUBEADM_ARGS="--x --pod-infra-container-image=registry.k8s.io/pause:3.9"\n',
      "/etc/kubernetes/kubelet.conf": certificate,
      "/etc/kubernetes/admin.conf": CANARY,
      "/etc/kubernetes/pki/ca.crt": CERT,
      "/etc/kubernetes/pki/ca.key": CANARY,
      "/etc/kubernetes/pki/etcd/server.crt": CERT,
      "/etc/kubernetes/manifests/etcd.yaml": CANARY,
      "/var/lib/kubelet/pki/kubelet-client-2026-11-22-12-00-00.pem": CERT_AND_KEY,
      "/var/lib/etcd/member/snap/db": CANARY,
      "/run/flannel/subnet.env": "FLANNEL_NETWORK=10.244.0.0/16\n",
    },
    links: {
      "/var/lib/kubelet/pki/kubelet-client-current.pem": "/var/lib/kubelet/pki/kubelet-client-2026-11-22-12-00-00.pem",
    },
    processes: [kubelet, ["/usr/bin/containerd"]],
    holds: {
      ...upstreamHolds,
      "/etc/containerd/config.toml": /conf_dir = '\/etc\/cni\/net\.d'/,
      "/etc/containerd/conf.d/10-mirror.toml": /version = 3/,
      "/var/lib/kubelet/config.yaml": /rotateCertificates: true\nmaxPods: 110\n/,
      "/etc/kubernetes/kubelet.conf": /kubelet-client-current\.pem/,
      "/etc/kubernetes/pki/ca.crt": /^-----BEGIN CERTIFICATE-----\nMIIB/,
      "/etc/kubernetes/pki/etcd/server.crt": /BEGIN CERTIFICATE/,
      "/var/lib/kubelet/pki/kubelet-client-2026-11-22-12-00-00.pem":
        /^-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n$/,
      "/run/flannel/subnet.env": /FLANNEL_NETWORK=10/,
    },
    untouched: [
      "/etc/kubernetes/admin.conf",
      "/etc/kubernetes/pki/ca.key",
      "/var/lib/etcd/member/snap/db",
      "/etc/kubernetes/manifests/etcd.yaml",
    ],
    listed: [CNI, "/opt/cni/bin", "/etc/kubernetes/manifests", "/etc/kubernetes/pki/etcd", "/var/lib/etcd/member/snap"],
  },
  microk8s("microk8s, classic", {
    files: { "/var/snap/microk8s/common/var/openebs/pvc-1/revision.counter": "1" },
    listed: ["/var/snap/microk8s/common/var/openebs/pvc-1"],
  }),
  microk8s("microk8s, strict", {
    files: { "/var/snap/microk8s/common/var/lib/kubelet/pki/x.crt": CERT },
    listed: ["/var/snap/microk8s/common/var/lib/kubelet/pki"],
  }),
  rancher("k3s"),
  rancher("rke2"),
  {
    name: "k0s",
    credential: `${CNI}/calico-kubeconfig`,
    files: {
      ...upstreamCni,
      "/etc/k0s/containerd.toml": 'version = 2\nimports = [\n  "/run/k0s/containerd-cri.toml",\n]\n',
      "/run/k0s/containerd-cri.toml": containerd2(CNI, "/opt/cni/bin"),
      "/etc/k0s/k0s.yaml": CANARY,
      "/var/lib/k0s/kubelet.conf": certificate,
      "/var/lib/k0s/kubelet-config.yaml": kubeletConfig,
      "/var/lib/k0s/pki/ca.crt": CERT,
      "/var/lib/k0s/pki/ca.key": CANARY,
      "/var/lib/k0s/etcd/member/wal/0.wal": CANARY,
    },
    processes: [
      ["/usr/local/bin/k0s", "worker", CANARY.repeat(3)],
      ["/var/lib/k0s/bin/containerd", "--config=/etc/k0s/containerd.toml"],
    ],
    holds: {
      ...upstreamHolds,
      "/run/k0s/containerd-cri.toml": /conf_dir/,
      "/var/lib/k0s/kubelet.conf": /client-certificate/,
      "/var/lib/k0s/kubelet-config.yaml": /maxPods/,
      "/var/lib/k0s/pki/ca.crt": /BEGIN CERTIFICATE/,
    },
    untouched: ["/etc/k0s/k0s.yaml", "/var/lib/k0s/pki/ca.key"],
    listed: [CNI, "/var/lib/k0s/etcd/member/wal"],
  },
  {
    name: "EKS",
    credential: null,
    files: {
      "/etc/containerd/config.toml": containerd2(CNI, "/opt/cni/bin"),
      [`${CNI}/10-aws.conflist`]: chained("aws-cni"),
      "/opt/cni/bin/aws-cni": "",
      "/etc/eks/containerd/x.conf": CANARY,
      "/etc/kubernetes/kubelet/config.json": `{"kind": "KubeletConfiguration", "maxPods": 58, "clusterDNS": ["172.20.0.10"], "x": "${CANARY}"}`,
      "/var/lib/kubelet/kubeconfig": exec,
      "/etc/kubernetes/pki/ca.crt": CERT,
      "/var/log/aws-routed-eni/plugin.log":
        '{"level":"error","ts":"2026-11-22T12:00:00.000Z","msg":"Error received from AddNetwork"}\n',
    },
    processes: [
      [
        "/usr/bin/kubelet",
        "--config",
        "/etc/kubernetes/kubelet/config.json",
        "--kubeconfig",
        "/var/lib/kubelet/kubeconfig",
      ],
      ["/usr/bin/containerd"],
    ],
    holds: {
      [`${CNI}/10-aws.conflist`]: /aws-cni/,
      "/etc/kubernetes/kubelet/config.json": /"maxPods": 58, "clusterDNS": \["172/,
      "/var/lib/kubelet/kubeconfig": /command: aws/,
      "/var/log/aws-routed-eni/plugin.log": /AddNetwork/,
    },
    untouched: ["/etc/eks/containerd/x.conf"],
    listed: [CNI, "/opt/cni/bin", "/etc/eks/containerd"],
  },
  {
    name: "AKS",
    credential: null,
    files: {
      "/etc/containerd/config.toml": containerd2(CNI, "/opt/cni/bin"),
      [`${CNI}/10-azure.conflist`]: chained("azure-vnet"),
      "/etc/default/kubelet": `KUBELET_CONFIG=--node-ip=10.0.0.4 --token=${CANARY}\n`,
      "/etc/kubernetes/azure.json": CANARY,
      "/etc/kubernetes/certs/ca.crt": CERT,
      "/etc/kubernetes/certs/client.key": CANARY,
      "/var/lib/kubelet/kubeconfig": certificate,
      "/var/lib/kubelet/bootstrap-kubeconfig": CANARY,
      "/var/log/azure-vnet.log": "2026/11/22 12:00:00 [1] [cni-net] Failed\n",
    },
    processes: [["/usr/local/bin/kubelet", "--kubeconfig", "/var/lib/kubelet/kubeconfig"], ["/usr/bin/containerd"]],
    holds: {
      [`${CNI}/10-azure.conflist`]: /azure-vnet/,
      "/etc/kubernetes/certs/ca.crt": /BEGIN CERTIFICATE/,
      "/var/lib/kubelet/kubeconfig": /client-certificate/,
      "/var/log/azure-vnet.log": /Failed/,
      "/etc/default/kubelet": /REDACTED/,
    },
    untouched: [
      "/etc/kubernetes/azure.json",
      "/etc/kubernetes/certs/client.key",
      "/var/lib/kubelet/bootstrap-kubeconfig",
    ],
    listed: [CNI, "/etc/kubernetes/certs"],
  },
  {
    name: "GKE",
    credential: null,
    files: {
      "/etc/containerd/config.toml": containerd2(CNI, "/home/kubernetes/bin"),
      [`${CNI}/10-gke-ptp.conflist`]: chained("ptp"),
      "/home/kubernetes/bin/ptp": "",
      "/home/kubernetes/kube-env": CANARY,
      "/home/kubernetes/kubelet-config.yaml": kubeletConfig,
      "/var/lib/kubelet/kubeconfig": exec,
      "/etc/srv/kubernetes/pki/x.key": CANARY,
    },
    processes: [
      ["/home/kubernetes/bin/kubelet", "--config", "/home/kubernetes/kubelet-config.yaml"],
      ["/usr/bin/containerd"],
    ],
    holds: {
      [`${CNI}/10-gke-ptp.conflist`]: /ptp/,
      "/home/kubernetes/kubelet-config.yaml": /cgroupDriver/,
      "/var/lib/kubelet/kubeconfig": /command: aws/,
    },
    untouched: ["/home/kubernetes/kube-env", "/etc/srv/kubernetes/pki/x.key"],
    listed: [CNI, "/home/kubernetes/bin"],
  },
  {
    name: "Talos",
    credential: `${CNI}/calico-kubeconfig`,
    files: {
      ...upstreamCni,
      "/etc/containerd/config.toml": "version = 3\n",
      "/etc/cri/containerd.toml": 'version = 3\nimports = ["/etc/cri/conf.d/cri.toml"]\n',
      "/etc/cri/conf.d/cri.toml": containerd3(CNI),
      "/etc/kubernetes/kubelet.yaml": kubeletConfig,
      "/etc/kubernetes/kubeconfig-kubelet": certificate,
      "/system/secrets/kubelet/x.key": CANARY,
    },
    processes: [
      [
        "/usr/local/bin/kubelet",
        "--config=/etc/kubernetes/kubelet.yaml",
        "--kubeconfig=/etc/kubernetes/kubeconfig-kubelet",
      ],
      ["/bin/containerd", "--address", "/run/containerd/containerd.sock", "--config", "/etc/cri/containerd.toml"],
    ],
    holds: {
      ...upstreamHolds,
      "/etc/cri/containerd.toml": /imports/,
      "/etc/cri/conf.d/cri.toml": /conf_dir/,
      "/etc/kubernetes/kubelet.yaml": /maxPods/,
      "/etc/kubernetes/kubeconfig-kubelet": /client-certificate/,
    },
    listed: [CNI, "/opt/cni/bin", "/etc/cri/conf.d"],
  },
  {
    name: "CRI-O",
    credential: `${CNI}/calico-kubeconfig`,
    files: {
      ...upstreamCni,
      "/opt/cni/bin/portmap": "",
      "/etc/crio/crio.conf": '[crio]\nlog_dir = "/var/log/crio/pods"\n',
      "/var/lib/kubelet/config.yaml": kubeletConfig,
    },
    processes: [kubelet, ["/usr/bin/crio"]],
    holds: { ...upstreamHolds, "/etc/crio/crio.conf": /log_dir = "\/var/ },
    listed: [CNI, "/etc/crio"],
  },
  {
    name: "CRI-O, with a CNI directory of its own",
    credential: "/srv/cni/calico-kubeconfig",
    files: {
      "/srv/cni/10-calico.conflist": calico("/srv/cni/calico-kubeconfig"),
      "/srv/cni/calico-kubeconfig": cniKubeconfig,
      "/srv/cni-bin/calico": "",
      "/srv/cni-bin/portmap": "",
      "/etc/crio/crio.conf.d/10-cni.conf": `[crio.network]\nnetwork_dir = "/srv/cni/"\nplugin_dirs = [\n  "/srv/cni-bin/",\n]\npassword = "${CANARY}"\n`,
    },
    processes: [["/usr/bin/crio"]],
    holds: {
      "/etc/crio/crio.conf.d/10-cni.conf": /network_dir = "\/srv\/cni\/"/,
      "/srv/cni/10-calico.conflist": /calico-kubeconfig/,
      "/srv/cni/calico-kubeconfig": /token: "ey/,
    },
    listed: ["/srv/cni", "/srv/cni-bin", "/etc/crio/crio.conf.d"],
  },
  {
    name: "cri-dockerd, with a CNI directory of its own",
    credential: "/etc/cni/net.mk/calico-kubeconfig",
    files: {
      "/etc/cni/net.mk/10-calico.conflist": calico("/etc/cni/net.mk/calico-kubeconfig"),
      "/etc/cni/net.mk/calico-kubeconfig": cniKubeconfig,
      "/etc/containerd/config.toml": 'disabled_plugins = ["cri"]\n',
      "/opt/cni/bin/calico": "",
      "/opt/cni/bin/portmap": "",
    },
    processes: [
      [
        "/usr/bin/cri-dockerd",
        "--container-runtime-endpoint",
        "fd://",
        "--network-plugin=cni",
        "--cni-conf-dir=/etc/cni/net.mk",
      ],
      ["/usr/bin/dockerd", "-H", "fd://"],
    ],
    holds: {
      "/etc/cni/net.mk/10-calico.conflist": /calico-kubeconfig/,
      "/etc/cni/net.mk/calico-kubeconfig": /token: "ey/,
      "/etc/containerd/config.toml": /disabled_plugins = \["cri"\]/,
    },
    listed: ["/etc/cni/net.mk"],
  },
  {
    name: "containerd with imports beside its file, and no directory set",
    credential: `${CNI}/calico-kubeconfig`,
    files: {
      ...upstreamCni,
      "/srv/c/config.toml": 'version = 2\nimports = ["more/*.toml"]\n',
      "/srv/c/more/containerd.toml": "version = 2\n",
    },
    processes: [["/usr/bin/containerd", "--config", "/srv/c/config.toml"]],
    holds: { ...upstreamHolds, "/srv/c/more/containerd.toml": /version = 2/ },
    listed: [CNI, "/srv/c/more"],
  },
  {
    name: "nothing in a usual place",
    credential: "/srv/k/cni/calico-kubeconfig",
    files: {
      "/srv/k/containerd.toml": containerd2("/srv/k/cni", "/srv/k/bin"),
      "/srv/k/cni/10-calico.conflist": calico("/srv/k/cni/calico-kubeconfig"),
      "/srv/k/cni/calico-kubeconfig": cniKubeconfig,
      "/srv/k/kubelet.yaml": kubeletConfig,
      "/srv/k/bin/calico": "",
    },
    processes: [
      ["/srv/k/kubelet", "--config", "/srv/k/kubelet.yaml"],
      ["/srv/k/containerd", "--config=/srv/k/containerd.toml"],
    ],
    holds: {
      "/srv/k/containerd.toml": /conf_dir/,
      "/srv/k/cni/calico-kubeconfig": /token: "ey/,
      "/srv/k/kubelet.yaml": /maxPods/,
    },
    listed: ["/srv/k/cni", "/srv/k/bin"],
  },
];

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_LIMITS } from "#bundle/read.js";
import { reviewBundles } from "#main.js";
import type { Review } from "#model/review.js";
import { buildScenario } from "#test/scenario/build.js";
import { byContainerd, byCrio, byDocker, type Shape, scenarioOf } from "./_shapes.js";

const test = suite("clusters by their runtime");
const folder = mkdtempSync(join(tmpdir(), "inquest-shapes-"));
test.after(() => rmSync(folder, { recursive: true }));

async function review(shape: Shape, faulty: boolean): Promise<{ readonly review: Review; readonly markdown: string }> {
  const files = buildScenario(scenarioOf(shape, faulty), { ext: true }).map(({ name, bytes }) => {
    const path = join(mkdtempSync(join(folder, "b-")), name);
    writeFileSync(path, bytes);
    return path;
  });
  const told = await reviewBundles(files, { zone: "UTC", limits: DEFAULT_LIMITS });
  return { review: told.review, markdown: told.files[0]?.text ?? "" };
}

const chainsOf = ({ chains, findings }: Review): readonly string[] =>
  chains
    .map(({ steps }) =>
      steps
        .map((id) => findings.find((f) => f.id === id))
        .map((f) => `${f?.mechanism} ${f?.confidence}`)
        .join(" < "),
    )
    .sort();

const CONTAINERD_1 = "containerd://1.7.16";
const DIR = "/etc/cni/net.d";
const plain = {
  runtime: CONTAINERD_1,
  processes: { containerd: "/usr/bin/containerd" },
  listings: {},
  reads: DIR,
  failure: byContainerd,
} as const;
const CGROUPS = ["version = 2", '[plugins."io.containerd.grpc.v1.cri".containerd]', '  snapshotter = "overlayfs"'];
const setsDir = (dir: string) => ["version = 2", '[plugins."io.containerd.grpc.v1.cri".cni]', `  conf_dir = "${dir}"`];

/** What all others are held against: containerd with an explicit conf_dir. */
const EXPLICIT: Shape = { ...plain, name: "explicit", files: { "/etc/containerd/config.toml": setsDir(DIR) } };

const K3S = "/var/lib/rancher/k3s/agent/etc/containerd";
const DROP_INS = "/etc/crio/crio.conf.d";
const crio = {
  runtime: "cri-o://1.29.1",
  processes: {
    crio: "/usr/bin/crio",
    kubelet: "/usr/bin/kubelet --container-runtime-endpoint=unix:///var/run/crio/crio.sock",
  },
  files: { [`${DROP_INS}/10-crio.conf`]: ["[crio.runtime]", 'default_runtime = "crun"'] },
  listings: { "/etc/crio": ["crio.conf: absent"], [DROP_INS]: ["-rw-r--r-- root root 2025-01-01T00:00Z 10-crio.conf"] },
  reads: DIR,
  failure: byCrio,
} as const;

const SHAPES: readonly Shape[] = [
  {
    ...plain,
    name: "kubeadm, a file that is silent, drop-ins looked for",
    files: { "/etc/containerd/config.toml": ['imports = ["/etc/containerd/conf.d/*.toml"]', ...CGROUPS] },
    listings: { "/etc/containerd": ["conf.d: absent"] },
  },
  {
    ...plain,
    name: "kubeadm, no file at all",
    files: {},
    listings: { "/etc/containerd": ["config.toml: absent"] },
  },
  {
    ...plain,
    name: "k3s without flannel",
    runtime: "containerd://2.0.4-k3s2",
    processes: {
      containerd: `containerd -c ${K3S}/config.toml -a /run/k3s/containerd/containerd.sock --state /run/k3s/containerd`,
    },
    files: {
      [`${K3S}/config.toml`]: [
        "version = 3",
        `imports = ["${K3S}/config-v3.toml.d/*.toml"]`,
        "[plugins.'io.containerd.cri.v1.images']",
        "  snapshotter = 'overlayfs'",
      ],
    },
    listings: { [K3S]: ["config-v3.toml.d: absent"] },
  },
  {
    ...plain,
    name: "k3s with its own directory",
    runtime: "containerd://2.0.4-k3s2",
    processes: { containerd: `containerd -c ${K3S}/config.toml -a /run/k3s/containerd/containerd.sock` },
    files: {
      [`${K3S}/config.toml`]: [
        "version = 3",
        "[plugins.'io.containerd.cri.v1.runtime'.cni]",
        '  bin_dirs = ["/var/lib/rancher/k3s/data/cni"]',
        '  conf_dir = "/var/lib/rancher/k3s/agent/etc/cni/net.d"',
      ],
    },
    reads: "/var/lib/rancher/k3s/agent/etc/cni/net.d",
  },
  {
    ...plain,
    name: "k0s",
    processes: {
      containerd: "/var/lib/k0s/bin/containerd --config=/etc/k0s/containerd.toml --address=/run/k0s/containerd.sock",
    },
    files: {
      "/etc/k0s/containerd.toml": ["version = 2", 'imports = ["/run/k0s/containerd-cri.toml"]'],
      "/run/k0s/containerd-cri.toml": [
        "version = 2",
        '[plugins."io.containerd.grpc.v1.cri"]',
        '  sandbox_image = "pause:3.9"',
      ],
    },
  },
  {
    ...plain,
    name: "Talos",
    runtime: "containerd://2.0.4",
    processes: {
      containerd: "/bin/containerd --address /run/containerd/containerd.sock --config /etc/cri/containerd.toml",
    },
    files: {
      "/etc/cri/containerd.toml": ["version = 3", 'imports = ["/etc/cri/conf.d/cri.toml"]'],
      "/etc/cri/conf.d/cri.toml": [
        "version = 3",
        "[plugins.'io.containerd.cri.v1.images']",
        "  discard_unpacked_layers = true",
      ],
    },
  },
  { ...crio, name: "CRI-O as packaged" },
  {
    ...crio,
    name: "CRI-O by its own word",
    files: {},
    listings: {},
    commands: { "crio config": ["[crio.network]", "#"] },
  },
  {
    ...crio,
    name: "CRI-O, another directory and a network by name",
    files: {
      ...crio.files,
      [`${DROP_INS}/20-net`]: [
        "[crio.network]",
        'network_dir = "/srv/cni/"',
        'cni_default_network = "k8s-pod-network"',
      ],
    },
    listings: {
      "/etc/crio": ["crio.conf: absent"],
      [DROP_INS]: [
        "-rw-r--r-- root root 2025-01-01T00:00Z 10-crio.conf",
        "-rw-r--r-- root root 2025-01-01T00:00Z 20-net",
      ],
    },
    reads: "/srv/cni",
    // sorts first, and is not the one: its kubeconfig holds a dead token
    others: { "05-old.conflist": ["old-network", "/opt/old/kubeconfig"] },
    dead: ["/opt/old/kubeconfig"],
  },
  {
    ...plain,
    name: "cri-dockerd",
    runtime: "docker://24.0.7",
    processes: {
      "cri-dockerd": "/usr/bin/cri-dockerd --container-runtime-endpoint fd:// --network-plugin=cni",
      dockerd: "/usr/bin/dockerd -H fd://",
      containerd: "/usr/bin/containerd",
    },
    files: { "/etc/containerd/config.toml": ['disabled_plugins = ["cri"]'] },
    failure: byDocker,
  },
  {
    ...plain,
    name: "dockershim",
    runtime: "docker://20.10.7",
    kubelet: "v1.22.17",
    processes: {
      kubelet: "/usr/bin/kubelet --network-plugin=cni --kubeconfig=/etc/kubernetes/kubelet.conf",
      dockerd: "/usr/bin/dockerd",
    },
    files: {},
    failure: byDocker,
  },
];

const explicit = await review(EXPLICIT, true);

test("what the shapes are held against has a chain to its root", () => {
  const chains = chainsOf(explicit.review);
  assert.ok(
    chains.some((c) => /^sym:pod-stuck-terminating .*cni-kubeconfig-token-pod-gone established/.test(c)),
    chains.join("\n"),
  );
});

for (const shape of [EXPLICIT, ...SHAPES]) {
  test(`${shape.name}: healthy, no fault is found`, async () => {
    const { review: told } = await review(shape, false);
    assert.equal(
      told.findings.map((f) => f.mechanism),
      [],
    );
    assert.equal(told.forecasts, []);
    assert.is(told.status, "No fault found");
  });

  test(`${shape.name}: faulty, the chains are those of an explicit conf_dir`, async () => {
    const { review: told } = await review(shape, true);
    assert.equal(chainsOf(told), chainsOf(explicit.review));
  });
}

const DEFAULTS: readonly (readonly [string, RegExp])[] = [
  [
    "kubeadm, a file that is silent, drop-ins looked for",
    /containerd's configuration on .east. \(.*config\.toml.*\) sets no conf_dir, so its default/,
  ],
  [
    "kubeadm, no file at all",
    /containerd on .east. was started as .* does not exist: it has no configuration, so its default/,
  ],
  ["CRI-O as packaged", /CRI-O's configuration on .east. \(.*10-crio\.conf.*\) sets no network_dir, so its default/],
  [
    "CRI-O by its own word",
    /CRI-O's configuration on .east. as .*crio config.* prints it sets no network_dir, so its default/,
  ],
  ["cri-dockerd", /cri-dockerd.* on .east. was started without .*--cni-conf-dir.*, so its default/],
];
for (const [name, sentence] of DEFAULTS) {
  test(`${name}: that a default is in force is said, healthy or not`, async () => {
    const shape = SHAPES.find((s) => s.name === name) as Shape;
    for (const faulty of [false, true]) assert.match((await review(shape, faulty)).markdown, sentence);
  });
}

/** Each is healthy, and something dead or stale lies where the runtime in use does not look. */
const NEAR: readonly Shape[] = [
  {
    ...crio,
    name: "CRI-O, with a containerd's leftovers",
    files: {
      ...crio.files,
      "/etc/containerd/config.toml": setsDir("/opt/old/net.d"),
      "/opt/old/net.d/10-calico.conflist": [
        '{"name": "k", "plugins": [{"type": "calico", "kubernetes": {"kubeconfig": "/opt/old/net.d/kc"}}]}',
      ],
    },
    dead: ["/opt/old/net.d/kc"],
  },
  {
    ...EXPLICIT,
    name: "containerd, with CRI-O's leftovers",
    files: {
      ...EXPLICIT.files,
      "/etc/crio/crio.conf": ["[crio.network]", 'network_dir = "/opt/old/net.d"'],
      "/opt/old/net.d/10-calico.conflist": [
        '{"name": "k", "plugins": [{"type": "calico", "kubernetes": {"kubeconfig": "/opt/old/net.d/kc"}}]}',
      ],
    },
    dead: ["/opt/old/net.d/kc"],
  },
  {
    ...EXPLICIT,
    name: "a dead token in a file that the conflist does not name",
    dead: ["/etc/cni/net.d/old-kubeconfig"],
  },
  {
    ...crio,
    name: "CRI-O, a conflist that sorts later names a dead one",
    others: { "90-old.conflist": ["old", "/opt/old/kubeconfig"] },
    listings: { ...crio.listings, "/opt/cni/bin": ["-rwxr-xr-x root root 2025-01-01T00:00Z calico"] },
    dead: ["/opt/old/kubeconfig"],
  },
];
for (const shape of NEAR) {
  test(`${shape.name}: neither finding nor forecast`, async () => {
    const { review: told } = await review(shape, false);
    assert.equal([told.findings.map((f) => f.mechanism), told.forecasts, told.status], [[], [], "No fault found"]);
  });
}

/** Each holds a dead token in the usual directory, and nothing shows that the runtime reads it. */
const OPEN: readonly (readonly [Shape, RegExp, RegExp])[] = [
  [
    {
      ...EXPLICIT,
      name: "files of two runtimes, and no word on which runs",
      runtime: null,
      processes: {},
      files: { ...EXPLICIT.files, "/etc/crio/crio.conf": ["[crio]"] },
    },
    /which container runtime serves the kubelet of east/,
    /crictl version/,
  ],
  [
    {
      ...plain,
      name: "a named file that is gone",
      processes: { containerd: "containerd --config /etc/containerd/config.toml" },
      files: {},
      listings: { "/etc/containerd": ["config.toml: absent"] },
    },
    /configuration \/etc\/containerd\/config\.toml, which its command line names/,
    /containerd --config \/etc\/containerd\/config\.toml config dump/,
  ],
  [
    {
      ...plain,
      name: "a drop-in that is listed and was not read",
      files: { "/etc/containerd/config.toml": ['imports = ["/etc/containerd/conf.d/*.toml"]', ...CGROUPS] },
      listings: { "/etc/containerd/conf.d": ["-rw-r--r-- root root 2025-01-01T00:00Z 9.toml"] },
    },
    /the container runtime's configuration/,
    /containerd config dump/,
  ],
  [
    { ...plain, name: "nobody looked for a file", files: {} },
    /the container runtime's configuration/,
    /containerd config dump/,
  ],
  [
    { ...crio, name: "CRI-O, nobody looked for drop-ins", files: { "/etc/crio/crio.conf": ["[crio]"] }, listings: {} },
    /CRI-O's configuration/,
    /crio config/,
  ],
  [
    {
      ...plain,
      name: "Docker without a command line",
      runtime: "docker://24.0.7",
      processes: {},
      files: {},
      failure: byDocker,
    },
    /command line of cri-dockerd/,
    /ps -eo args/,
  ],
];
for (const [shape, what, command] of OPEN) {
  test(`${shape.name}: it stays open, and the gap says what would tell`, async () => {
    const { review: told } = await review(shape, true);
    assert.not.ok(
      told.findings.some((f) => f.mechanism.startsWith("cni-kubeconfig") || f.mechanism === "cni-conf-dir-diverged"),
    );
    assert.ok(!told.hypotheses.some((h) => h.mechanism === "cni-kubeconfig-token-pod-gone" && h.status === "refuted"));
    assert.ok(
      told.gaps.some((g) => what.test(g.what) && command.test(g.command ?? "")),
      JSON.stringify(told.gaps, null, 1),
    );
  });
}

test.run();

import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { collect, leaks, put, remove, scratch, token } from "./collect/host.js";

/** From the node to the review: what is planted in a tree must appear in no bundle, no review, and nowhere on the terminal. */
const test = suite("canaries from the node to the review");
const work = scratch();
test.after(() => remove(work));

const canaries = new Map<string, string>();
const plant = (name: string, value: string): string => {
  canaries.set(name, value);
  return value;
};

test("neither a token's signature nor a private key nor a password leaves the node", async () => {
  const root = join(work, "host");
  const jwt = await token({
    iss: "https://kubernetes.default.svc",
    sub: "system:serviceaccount:kube-system:calico-node",
    iat: 1795349465,
    exp: 1826885465,
    "kubernetes.io": { namespace: "kube-system", pod: { name: "calico-node-a", uid: "uid-a" } },
  });
  plant("signature", jwt.signature);
  const pem = generateKeyPairSync("rsa", { modulusLength: 2048 })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString();
  plant("private key", pem.split("\n")[5] ?? "");
  const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: https://10.0.0.1:443
`;
  put(root, "/etc/hostname", "node-a\n");
  put(
    root,
    "/etc/containerd/config.toml",
    `version = 2\n[plugins."io.containerd.grpc.v1.cri".cni]\n  conf_dir = "/etc/cni/net.d"\n[plugins."io.containerd.grpc.v1.cri".registry.configs."r".auth]\n  password = "${plant("registry password", "registryPassw0rd-1")}"\n`,
  );
  put(
    root,
    "/etc/cni/net.d/10-calico.conflist",
    '{"name":"n","cniVersion":"0.3.1","plugins":[{"type":"calico","kubernetes":{"kubeconfig":"/etc/cni/net.d/calico-kubeconfig"}}]}',
  );
  put(
    root,
    "/etc/cni/net.d/calico-kubeconfig",
    `${kubeconfig}users:\n- name: calico\n  user:\n    token: ${jwt.whole}\n    client-key-data: ${Buffer.from(pem).toString("base64")}\ncurrent-context: c\ncontexts:\n- name: c\n  context:\n    cluster: local\n    user: calico\n`,
    0o600,
  );
  put(
    root,
    "/var/log/calico/cni/cni.log",
    `2026-11-22 12:08:29.696 [INFO][1] x: token ${jwt.whole} https://admin:${plant("URL password", "urlPassw0rd-2")}@example/\n${pem}\n`,
  );
  const bundle = collect({ out: join(work, "bundles"), args: ["--root", root, "--no-cluster"] });
  assert.equal(leaks(bundle, canaries), []);

  const out = join(work, "out");
  const cli = spawnSync(process.execPath, [resolve("dist/src/cli.js"), "review", join(work, "bundles"), "-o", out], {
    encoding: "utf8",
  });
  assert.is(cli.status, 0, cli.stderr);
  const texts = [cli.stdout, cli.stderr, ...readdirSync(out).map((name) => readFileSync(join(out, name), "utf8"))];
  assert.ok(
    texts.some((text) => text.includes("calico-node-a")),
    "the review speaks of the token's pod",
  );
  for (const [name, value] of canaries) {
    for (const text of texts)
      assert.not.ok(text.includes(value) || text.includes(Buffer.from(value).toString("base64")), name);
  }
});

test.run();

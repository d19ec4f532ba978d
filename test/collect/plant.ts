import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { put } from "./host.js";
import {
  certificate,
  certificateData,
  clientKey,
  digits,
  EVIDENCE,
  jwt,
  LINES,
  opaque,
  password,
  plainWord,
  proxyPassword,
  secrets,
  slashed,
  spent,
} from "./shapes.js";
import { programs, type Step } from "./tables.js";

/** A mark that each planted content carries, so that a step which gathered nothing is noticed. */
export const MARK = "planted-here";

const kubeToken = jwt("JWT in a kubeconfig");
/** Latin-1, so that a byte which is not UTF-8 stays one. */
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const SHARE = 16;
let turn = 0;
/** Free text with secrets and evidence in turns. Each call has the next sixteen shapes: the whole is too much for every step. */
export function text(length = SHARE): string {
  const from = turn;
  turn = (turn + length) % LINES.length;
  const share = Array.from({ length }, (_, n) => LINES[(from + n) % LINES.length] ?? "");
  const mixed = share.flatMap((line, n) => [line, EVIDENCE[n % EVIDENCE.length] ?? ""]);
  return [MARK, ...mixed, ...EVIDENCE, MARK, ""].join("\n");
}

const ARGUMENTS: readonly string[] = [
  "--v=2",
  `--token=${opaque}`,
  "--password",
  password,
  `--etcd-password=${password}`,
  `--bootstrap-token=${kubeToken}`,
  `-p${password}`,
  "-u",
  `admin:${password}`,
  `--proxy=http://u:${proxyPassword}@h`,
  "-a",
  password,
  `--password=${slashed}`,
  "--db-pw",
  digits,
  "--pat",
  plainWord,
  "-t",
  plainWord,
  `--data=${slashed}`,
  `--cid=${digits}`,
  "--config=/etc/x.toml",
];
const args = `${ARGUMENTS.join("\n")}\nHTTPS_PROXY=http://u:${proxyPassword}@10.0.0.9:3128\n# --token=${opaque}\n--root-dir=/${MARK}\n`;
const ps = `    PID    PPID                  STARTED COMMAND
      1       0 Sun Nov 22 12:00:00 2026 /sbin/init
    ${`77       1 Sun Nov 22 12:00:00 2026 /usr/bin/kubelet ${ARGUMENTS.join(" ")} --root-dir=/${MARK}`}
     78       1 Sun Nov 22 12:00:00 2026 [kworker/0:1-events]
     79       1 Sun Nov 22 12:00:00 2026 [x --password ${password}]
     80       1 Sun Nov 22 12:00:00 2026 mysql -uroot -p${secrets.get("mysql")} -h db
     81       1 Sun Nov 22 12:00:00 2026 sshpass -p ${password} ssh x
     82       1 Sun Nov 22 12:00:00 2026 psql postgres://u:${password}@h/db
     83       1 Sun Nov 22 12:00:00 2026 sh -c curl -H "Authorization: Bearer ${opaque}" x
     85       1 Sun Nov 22 12:00:00 2026 vault login ${plainWord}
     86       1 Sun Nov 22 12:00:00 2026 ngrok authtoken ${plainWord}
     84       1 Sun Nov 22 12:00:00 2026 a title with ${kubeToken}
${password}
`;
const toml = `version = 2
imports = ["/etc/containerd/conf.d/*.toml"]
root = "/${MARK}"
[plugins."io.containerd.grpc.v1.cri".cni]
  conf_dir = "/opt/planted/net.d"
  bin_dir = "/opt/planted/bin"
[plugins."io.containerd.grpc.v1.cri".registry.configs."r".auth]
  username = "robot"
  password = "${password}"
  auth = '${opaque}'
  pass = ${digits}
  level = "pw=${slashed}"
  identitytoken = """
${opaque}
"""
[plugins."x".headers]
  Authorization = ["Basic ${Buffer.from(`x:${password}`).toString("base64")}", "${opaque}"]
[proxy]
  address = "http://u:${proxyPassword}@h"
  inline = { token = "${opaque}", x = '${password}' }
  ${password}
[registry.mirrors."https://u:${proxyPassword}@mirror"]
`;
const kubeconfig = `# ${password}
apiVersion: v1
kind: Config
preferences: {note: ${password}}
clusters:
- name: ${MARK}
  cluster:
    server: https://u:${proxyPassword}@10.152.183.1:443
    proxy-url: http://u:${proxyPassword}@h
    certificate-authority-data: ${certificateData}
users:
- name: calico
  user:
    token: "${kubeToken}"
    username: admin
    password: ${password}
    client-key-data: ${clientKey}
    client-certificate-data: ${clientKey}
    auth-provider: {config: {refresh-token: ${opaque}}}
    exec:
      command: aws
      args: [--token, ${opaque}]
      env:
      - name: AWS_SECRET_ACCESS_KEY
        value: ${opaque}
    long: >-
      ${opaque}
      ${password}
- user: {token: ${opaque}}
`;
const cni = (kube: string): string =>
  JSON.stringify(
    {
      name: MARK,
      cniVersion: "0.3.1",
      plugins: [
        {
          type: "calico",
          k8s_auth_token: opaque,
          etcd_endpoints: `https://root:${password}@10.0.0.1:2379`,
          etcd_key: clientKey,
          pass: Number(digits),
          unknown: [password, { deep: opaque }],
          kubernetes: { kubeconfig: kube, token: kubeToken },
        },
      ],
    },
    null,
    2,
  );
const json = `{"info": ${cni("/opt/planted/kubeconfig")}, "Source": ${JSON.stringify(cni("/x"))}, "name": "${MARK}", "${opaque}": 1, "config": {"registry": {"auth": "${opaque}", "password": "${password}"}}}\n`;

const metadata = (name: string) => ({
  annotations: {
    "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({
      env: [{ name: "X", value: password }],
      x: text,
    }),
    "example.com/password": password,
    "volume.example/x": plainWord,
    "deployment.kubernetes.io/x": `pass=${slashed}`,
    "kubernetes.io/config.hash": opaque,
    "deployment.kubernetes.io/revision": "3",
  },
  labels: {
    "k8s-app": MARK,
    "example.com/db_pw": plainWord,
    "join-token": digits,
    token: `ghp_${secrets.get("GitHub token")}`,
    "app.kubernetes.io/x": spent.slice(0, 30),
  },
  managedFields: [{ manager: "kubectl", fieldsV1: { [`v:"${password}"`]: {} } }],
  name,
  namespace: "kube-system",
  uid: "c24bd616-92e5-4d0f-a9c1-0242ac120002",
});
const object = {
  metadata: metadata("calico-node-62mdv"),
  data: { x: password, "tls.key": clientKey },
  message: text(3),
  note: text(3),
  reason: "FailedKillPod",
  secrets: [{ name: "default-token-x2x4l" }],
  spec: {
    nodeName: "n",
    containers: [
      {
        name: "calico-node",
        image: `u:${password}@registry/x:1`,
        args: ARGUMENTS,
        command: ["sh", "-c", `curl -u admin:${password} http://x; ${LINES[0]}`],
        env: [
          { name: "DB_PASSWORD", value: password },
          { name: "HARMLESS", value: opaque },
          { name: "CALICO_X", value: `http://u:${proxyPassword}@h` },
        ],
        livenessProbe: { httpGet: { httpHeaders: [{ name: "Authorization", value: opaque }] } },
      },
    ],
    csi: { driver: "x", volumeAttributes: { secret: password, token: opaque } },
    iscsi: { iqn: "iqn.2026", chapAuthSession: true, user: password },
    holderIdentity: `${MARK} ${opaque}`.slice(0, MARK.length),
    unknown: text(),
  },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "False", message: text(2), reason: "X" }] },
};
const listOf = (kind: string): string =>
  `${JSON.stringify({ apiVersion: "v1", items: [{ apiVersion: "v1", kind, ...object }], kind: "List" }, null, 4)}\n`;
const raw = `${JSON.stringify({ major: "1", issuer: MARK, kid: MARK, keys: [{ kid: MARK, d: opaque, p: password }], token: opaque, message: text() })}\n`;

/** Contents of each structured mode of the filter. */
export const byMode: Readonly<Record<string, string>> = { args, toml, kubeconfig, json, api: listOf("Pod"), raw, ps };
const content = (mode: string, what: string): Buffer => {
  const found = mode === "text" ? text() : byMode[mode];
  if (found === undefined)
    throw new Error(`${what}: test/collect/plant.ts has no content of the filter's mode ${mode}`);
  return bytes(found);
};

/** What names in directories and targets of links may hold. */
const NAMES = ["GitHub token", "GitLab token", "Slack token"].map((name, n) => {
  const prefix = ["ghp_", "glpat-", "xoxb-1234567890-"][n];
  return `${prefix}${secrets.get(name)}`;
});

export interface Expectation {
  readonly mine: (row: Readonly<Record<string, string>>) => boolean;
  readonly holds: string;
}

export interface Planted {
  readonly root: string;
  readonly bin: string;
  /** For each step that yields contents: whether this row of the index is its, and what its member holds then. */
  readonly expected: ReadonlyMap<string, Expectation>;
}

const instance = (pattern: string): string => pattern.replaceAll(/\[[^\]]*\]/g, "x").replaceAll("*", "planted");
const quoted = (words: string): string => `'${words.replaceAll("'", "'\\''")}'`;

/** A node's tree and its programs in which every step of the collector meets every secret. A step that is not understood is an error. */
/** Makes a condition of the table of commands true: `PATH`, `=PROCESS`, `tables:PROGRAM`, or what begins with `@`. */
function meet(need: string, root: string): void {
  if (need === "@TCP_DIAG@") put(root, "/sys/module/tcp_diag/there", "");
  else if (need.startsWith("@")) put(root, "/run/containerd/containerd.sock", "");
  else if (need.startsWith("=")) put(root, `/proc/${900 + need.length}/comm`, `${need.slice(1, 16)}\n`);
  else if (need.startsWith("tables:")) {
    put(root, "/sys/module/nf_tables/there", "");
    put(root, "/proc/net/ip_tables_names", "filter\n");
  } else put(root, join(need, "there"), "");
}

export function plant(work: string, steps: readonly Step[]): Planted {
  const root = join(work, "root");
  const bin = join(work, "bin");
  const data = join(work, "data");
  const expected = new Map<string, Expectation>();
  const cases = new Map<string, string[]>();
  let stderrs = 0;
  const printed = (name: string, what: Buffer): string => {
    put(data, name, what);
    // each command has another of the secrets on standard error, whose first line becomes a note
    const line = LINES[stderrs++ % LINES.length]?.split("\n")[0] ?? "";
    put(data, `${name}.err`, bytes(`${line}\n`));
    return `cat ${quoted(join(data, name))}; cat ${quoted(join(data, `${name}.err`))} >&2`;
  };
  const of = (kind: string, origin: string, holds = MARK): Expectation => ({
    mine: (row) => row["kind"] === kind && row["origin"] === origin,
    holds,
  });

  put(root, "/etc/hostname", "n\n");
  // the tree of the running machine: only there are commands run
  put(root, "/proc/sys/kernel/random/boot_id", readFileSync("/proc/sys/kernel/random/boot_id"));
  put(root, "/etc/containerd/conf.d/planted.toml", bytes(toml));
  put(root, "/opt/planted/net.d/10-planted.conflist", bytes(cni("/opt/planted/kubeconfig")));
  put(root, "/opt/planted/kubeconfig", bytes(kubeconfig));
  put(root, "/opt/planted/bin/calico", "");
  for (const file of [
    "/etc/containerd/conf.d/planted.toml",
    "/opt/planted/net.d/10-planted.conflist",
    "/opt/planted/kubeconfig",
  ])
    expected.set(`what a configuration names: ${file}`, of("file", file));

  const slugs = new Map<string, number>();
  for (const [at, step] of steps.entries()) {
    const { table, verb, words } = step;
    const name = `${table}: ${verb} ${words.join(" ")}`;
    const last = words.at(-1) ?? "";
    switch (`${table} ${verb}`) {
      case "path_steps list": {
        for (const odd of NAMES) put(root, join(last, odd), "");
        mkdirSync(join(root, last), { recursive: true });
        symlinkSync(`https://u:${proxyPassword}@host/`, join(root, last, "odd-link"));
        break;
      }
      case "path_steps hop":
        break;
      case "path_steps file":
      case "path_steps log": {
        const mode = verb === "log" ? "text" : (words[0] ?? "");
        const path = instance(last);
        put(root, path, content(mode, name));
        expected.set(name, of("file", path));
        break;
      }
      case "path_steps cni":
        put(root, join(last, "10-planted.conflist"), bytes(cni("/opt/planted/kubeconfig")));
        put(root, join(last, "calico-kubeconfig"), bytes(kubeconfig));
        expected.set(name, of("file", join(last, "10-planted.conflist")));
        expected.set(`${name}, kubeconfig`, of("file", join(last, "calico-kubeconfig")));
        break;
      case "path_steps containerd":
      case "path_steps crio": {
        const path = instance(last);
        put(root, path, bytes(toml));
        expected.set(name, of("file", path));
        break;
      }
      // a key beside the certificate never reaches the filter
      case "path_steps cert": {
        const path = instance(last);
        put(
          root,
          path,
          bytes(`${certificate}\n${LINES.find((line) => line.startsWith("-----BEGIN RSA"))}\n${password}\n`),
        );
        expected.set(name, of("file", path, "-----BEGIN CERTIFICATE-----"));
        break;
      }
      case "path_steps podlogs": {
        const path = join(instance(last), "0.log");
        put(root, path, bytes(text()));
        expected.set(name, of("file", path));
        break;
      }
      case "command_steps cmd":
      case "command_steps now":
      case "command_steps tail":
      case "command_steps count":
      case "command_steps zone": {
        const [mode = "", slug = "", ...line] = words;
        while (line[0]?.startsWith("?")) meet((line.shift() ?? "").slice(1), root);
        const [program = "", ...rest] = line;
        const nth = slugs.get(slug) ?? 0;
        slugs.set(slug, nth + 1);
        const substituted = steps.slice(at + 1).some((other) => other.table === table && other.words[1] === slug);
        const print = printed(`${slug}.${nth}`, content(mode, name));
        // a word between two @ depends on the node, and may be none
        const parts = rest.join(" ").split(/ ?@[A-Z_]+@ ?/);
        const whole = quoted(parts.filter((part) => part !== "").join(" "));
        const lines = cases.get(program) ?? [];
        // a step with a substitute fails and prints nothing but an error, so that the substitute has its turn
        const act = substituted ? `${print.replace(/^.*?; /, "")}; exit 1` : `${print}; exit 0`;
        cases.set(program, [
          ...lines,
          `${whole} | ${parts.map(quoted).join(parts.at(-1) === "" ? "*" : "*' '")}) ${act} ;;`,
        ]);
        const members = [`bundle/node/cmd/${slug}.txt`, `bundle/node/cmd/${slug}.2.txt`];
        expected.set(name, {
          mine: (row) =>
            (substituted ? row["kind"] === "command" : members.includes(row["member"] ?? "")) &&
            (row["origin"] ?? "").startsWith(`${program} ${parts[0]}`.trim()),
          holds: substituted ? "" : verb === "count" ? " lines in all" : MARK,
        });
        break;
      }
      case "journal_units unit":
        expected.set(name, of("journal", last));
        break;
      case "api_steps api":
      case "api_steps names": {
        const plural = last.startsWith("events.") ? last : last.split(".")[0];
        expected.set(name, of("api", plural ?? ""));
        break;
      }
      case "api_steps types":
        expected.set(name, of("api", "api-resources"));
        break;
      case "api_steps raw":
        expected.set(name, of("api", last));
        break;
      default:
        throw new Error(
          `${name}: a new verb; teach test/collect/plant.ts what it gathers, so that secrets are planted there`,
        );
    }
  }
  mkdirSync(join(root, "/var/log/journal/x"), { recursive: true });
  const units = steps.filter((step) => step.verb === "unit").map((step) => `${step.words[0]}.service`);
  cases.set("journalctl", [
    `*' -F '*) echo ${quoted(units.join("\n"))}; exit 0 ;;`,
    `*) ${printed("journal", bytes(text()))}; exit 0 ;;`,
  ]);
  const kubectl = [
    // among the types that the server knows all are that are asked for
    `*' api-resources '*) echo ${quoted(
      steps
        .filter((step) => step.verb === "api" || step.verb === "names")
        .map((step) => step.words[0])
        .join("\n"),
    )}; ${printed("types", bytes(text()))}; exit 0 ;;`,
    // answers that are no JSON, and are filtered as text
    `*' -o name') ${printed("names", bytes(text()))}; exit 0 ;;`,
    `*'get --raw /readyz'* | *'get --raw /livez'*) ${printed("health", bytes(text()))}; exit 0 ;;`,
    `*'get --raw'*) ${printed("raw", bytes(raw))}; echo 'I1122 x.go:1]     Date: Sun, 22 Nov 2026 12:23:25 GMT' >&2; exit 0 ;;`,
    `*' logs '*) ${printed("log", bytes(text()))}; exit 0 ;;`,
    `*' pods '*) ${printed("pods", bytes(listOf("Pod")))}; exit 0 ;;`,
    `*) ${printed("list", bytes(listOf("X")))}; exit 0 ;;`,
  ];
  cases.set("kubectl", kubectl);
  expected.set("a log of the agent", of("podlog", "kube-system/calico-node-62mdv/calico-node"));

  let pid = 100;
  for (const variable of ["AGENTS", "RUNTIMES"]) {
    for (const program of programs(variable)) {
      pid++;
      put(root, `/proc/${pid}/cmdline`, bytes(`/usr/bin/${program}\0${ARGUMENTS.join("\0")}\0--root-dir=/${MARK}\0`));
      put(root, `/proc/${pid}/mountinfo`, bytes(text()));
      expected.set(`process ${program}`, of("proc", `/proc/${pid}/cmdline`));
      if (variable === "AGENTS") expected.set(`mounts of ${program}`, of("proc", `/proc/${pid}/mountinfo`));
    }
  }
  for (const [program, lines] of cases) {
    const real = `PATH=\${PATH#*:}; export PATH; exec ${program} "$@"`;
    put(bin, program, `#!/bin/sh\ncase "$*" in\n${lines.join("\n")}\nesac\n${real}\n`, 0o755);
  }
  return { root, bin, expected };
}

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { remove, scratch, skip, which } from "./host.js";
import { COMMAND_EVIDENCE, commandLines, oddLines } from "./odd.js";
import { byMode } from "./plant.js";
import { traces } from "./search.js";
import { certificate, certificateData, EVIDENCE, LINES, secrets, spent } from "./shapes.js";

/** The filter by itself, under every awk: all of them must say the same. */
const test = suite("collect: the filter");
const work = scratch();
test.after(() => remove(work));

const [, source] = /<<'EOT'\n(# Redaction[\s\S]*?)\nEOT\n/.exec(readFileSync("collect.sh", "utf8")) ?? [];
const program = join(work, "redact.awk");
writeFileSync(program, `${source}\n`);

const awks: (readonly string[])[] = [];
for (const [name = "", ...rest] of [["mawk"], ["gawk"], ["original-awk"], ["busybox", "awk"]]) {
  const path = which(name);
  if (path === undefined) skip(`the filter under ${name} (not installed)`);
  else awks.push([path, ...rest]);
}
if (awks.length === 0) awks.push(["awk"]);

function filter(awk: readonly string[], mode: string, input: string, more: readonly string[] = []): string {
  const [file = "awk", ...rest] = awk;
  const { stdout, stderr } = spawnSync(file, [...rest, "-v", `mode=${mode}`, "-v", "hash=", ...more, "-f", program], {
    input: Buffer.from(`salt\n${input}`, "latin1"),
    env: { LC_ALL: "C", PATH: process.env["PATH"] ?? "", INQUEST_HASH: join(work, "hash") },
    maxBuffer: 1 << 26,
  });
  assert.is(stderr.toString(), "");
  return stdout.toString("latin1");
}
const [first = ["awk"]] = awks;
const text = (input: string): string => filter(first, "text", `${input}\n`).replace(/\n$/, "");

const MODES: Readonly<Record<string, string>> = { raw: "json", messages: "api" };
const mixed = LINES.flatMap((line, n) => [line, EVIDENCE[n % EVIDENCE.length] ?? ""]).join("\n");
const inputs = new Map([["text", `${mixed}\n`], ...Object.entries(byMode)]);
// each shape, and each piece of evidence, as the message of an object; once by itself and once between others
const messages = [...LINES, ...EVIDENCE].flatMap((message) => [{ message }, { message: `one\n${message}\ntwo` }]);
inputs.set("messages", JSON.stringify({ items: messages }, null, 1));
inputs.set(
  "cmdline",
  "/usr/bin/kubelet\n--token=x1Y\n--password\nabc\nsh -c curl -u a:b\n--root-dir=/var/lib/kubelet\n",
);
const outputs = awks.map(
  (awk) => new Map([...inputs].map(([mode, input]) => [mode, filter(awk, MODES[mode] ?? mode, input)])),
);

for (const [at, awk] of awks.entries()) {
  test(`${awk.join(" ").replace(/^.*\//, "")}: nothing secret comes through, and the others say the same`, () => {
    const output = outputs[at] ?? new Map();
    assert.equal(
      traces(new Map([...output].map(([mode, found]) => [mode, Buffer.from(found, "latin1")])), secrets),
      [],
    );
    for (const [mode, found] of output) assert.is(found, outputs[0]?.get(mode), mode);
  });
}

test("a secret that looks like a path, a variable, a header or a number is hidden behind every name in every notation", () => {
  const odd = new Map<string, string>();
  const lines = oddLines((name, value) => {
    odd.set(name, value);
    return value;
  }, true);
  assert.ok(lines.length > 5000, `${lines.length} lines`);
  const seen = (mode: string, output: string) => [mode, Buffer.from(output, "latin1")] as const;
  const outputs = new Map([
    seen("text", text(lines.join("\n"))),
    seen("api", filter(first, "api", JSON.stringify({ items: lines.map((message) => ({ message })) }, null, 1))),
  ]);
  assert.equal(traces(outputs, odd).slice(0, 20), []);
});

test("command lines show paths, names and what flags are known for, and no other value", () => {
  const given = new Map<string, string>();
  const lines = commandLines((name, value) => {
    given.set(name, value);
    return value;
  });
  const header = "    PID    PPID                  STARTED COMMAND";
  const process = (line: string): string => `     77       1 Sun Nov 22 12:00:00 2026 ${line}`;
  const ps = (commands: readonly string[]): string =>
    filter(first, "ps", `${[header, ...commands.map(process)].join("\n")}\n`);
  const outputs = new Map([
    ["ps", Buffer.from(ps(lines.map((line) => line.join(" "))))],
    ["cmdline", Buffer.from(lines.map((line) => filter(first, "cmdline", `${line.join("\n")}\n`)).join(""))],
    ["args of a container", Buffer.from(filter(first, "api", JSON.stringify(lines.map((args) => ({ args })))))],
  ]);
  assert.equal(traces(outputs, given), []);
  assert.equal(ps(COMMAND_EVIDENCE).trimEnd().split("\n").slice(1), COMMAND_EVIDENCE.map(process));
  for (const line of COMMAND_EVIDENCE)
    assert.is(filter(first, "cmdline", `${line.replaceAll(" ", "\n")}\n`), `${line}\n`);
});

test("of a volume's mount options those stay that say how it is mounted", () => {
  const item = (mountOptions: readonly string[]): string =>
    JSON.stringify({ items: [{ kind: "PersistentVolume", spec: { mountOptions } }] });
  const how = ["vers=3.0", "nfsvers=4.1", "hard", "rsize=1048576"];
  assert.is(filter(first, "api", `${item(how)}\n`), `${item(how)}\n`);
  const who = filter(first, "api", item([...how, "username=bobandalice", "password=tofunikeladi", "tofunikeladi"]));
  assert.not.match(who, /tofunikeladi|bobandalice/);
});

test("the names of what is secret are the same wherever the filter spells them out", () => {
  const [, names = ""] = /SECRETKEY = "(.+)"/.exec(source ?? "") ?? [];
  assert.is((source ?? "").split(names).length - 1, 4);
  const [, jwt = ""] = /JWT = "(.+)"/.exec(source ?? "") ?? [];
  assert.is((source ?? "").split(jwt).length - 1, 4);
});

test("evidence comes out as it went in, alone and between secrets", () => {
  for (const line of EVIDENCE) {
    assert.is(text(line), line);
    assert.ok(outputs[0]?.get("text")?.includes(line), line);
  }
});

test("JSON stays JSON, and evidence in it what it was", () => {
  const { items } = JSON.parse(outputs[0]?.get("messages") ?? "");
  for (const line of EVIDENCE) {
    const alone = items.findIndex((item: { message: string }) => item.message === line);
    assert.ok(alone >= 0, line);
    assert.is(items[alone + 1].message, `one\n${line}\ntwo`);
  }
  for (const mode of ["json", "api", "raw"]) JSON.parse(outputs[0]?.get(mode) ?? "");
});

test("public certificates stay, as PEM, escaped and in base64; with a private key beside them only the key goes", () => {
  for (const line of [`"crt":"${certificate.replaceAll("\n", "\\n")}"`, `ca: ${certificateData}`])
    assert.is(text(line), line);
  // the letters with which a token in base64 begins stand in a certificate by chance
  const chance = Buffer.from(certificate.replace("MIID", "MIIeyJ")).toString("base64");
  assert.match(chance, /ZXlK|V5S|leU/);
  assert.is(text(`ca: ${chance}`), `ca: ${chance}`);
  const stamped = certificate.replaceAll(/^/gm, "2026-11-22T12:11:40Z stdout F ");
  assert.is(text(stamped), stamped);
  const both = `-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n${certificate}`;
  assert.match(text(both), /^\[REDACTED len=27\]\n/);
  assert.ok(text(both).endsWith(certificate));
});

test("of a line that was cut the last word goes, which may be half a secret", () => {
  // as long as cut(1) leaves it
  const end = " postgres://app:tofunikeladi";
  const cut = `${"word ".repeat(2000).slice(0, 8192 - end.length)}${end}`;
  assert.is(cut.length, 8192);
  assert.is(text(cut), `${cut.slice(0, 1 - end.length)} [CUT]`);
  const counts = join(work, "counts");
  filter(first, "text", `${cut}\n`, ["-v", `counts=${counts}`]);
  assert.is(readFileSync(counts, "utf8"), "long 1\n");
  assert.is(text(cut.slice(1)), cut.slice(1), "one that is shorter ends as it did");
});

test("an answer that ends in the middle is known from a whole one", () => {
  const ended = (mode: string, input: string): boolean => {
    const counts = join(work, "counts");
    writeFileSync(counts, "");
    filter(first, mode, input, ["-v", `counts=${counts}`]);
    return !readFileSync(counts, "utf8").includes("unfinished");
  };
  for (const mode of ["api", "json"]) {
    for (const whole of ['{"items":[]}\n', '{"items":[{"a":"x"}]}', '{\n "a": 1\n}\n', '"{"', "{}"])
      assert.ok(ended(mode, whole), whole);
    for (const half of ['{"items":[\n', '{"items":[]', '{"a":"x', '{"a":"x\\"}\n'])
      assert.not.ok(ended(mode, half), half);
  }
});

test("what a log says of keys and tokens without showing one is kept", () => {
  for (const line of [
    "unauthorized: Unauthorized",
    "token: not found",
    'error="authentication token has expired"',
    "Failed to read token file /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory",
    `authorization header: ${spent}`,
    "--authorization-mode=RBAC --token-auth-file=/x --v=2",
    "https://10.0.0.1:6443/api?timeout=10s user admin@example",
    "docker-pullable://nginx@sha256:7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069",
    "sandbox 4e0ee0d8fba7ab0bf4d2ae12e5c36b7b6a2e1cf5c4d2f8f9a1b2c3d4e5f60718 of a.b/c:80",
    "/var/lib/kubelet/pods/567d9c55-f3c1-4354-90b5-6d57c87d2f8d/volumes/kubernetes.io~projected/kube-api-access-x2x4l",
    "MutatingAdmissionWebhookConfigurationReconcilerController/v1beta1/namespaces",
    "docker run -u 1000:1000 -p 8080:80 x",
    "task-runner-5d8f9c6b7-x2x4l risk-analysis-controller-manager-7c9",
    "BIRD: Mesh_10_0_0_2: Received: Connection closed",
    "0123456789abcdef0123456789abcdef01234567",
    "E1122 callback failed: context deadline exceeded",
    "PodSandboxStatus of sandbox failed: rpc error: code = NotFound",
    "set-cookie header missing",
  ])
    assert.is(text(line), line);
});

test("behind so many different secrets that their fingerprints would take too long, they are hidden without one", () => {
  const lines = ["tofunikeladi", "mobidukafelo", "gesodisidofu", "tofunikeladi"].map((value) => `password=${value}\n`);
  const found = filter(first, "text", lines.join(""), ["-v", "hash=sha256sum", "-v", "hashes=2"]).split("\n");
  assert.match(found[0] ?? "", /^password=\[REDACTED len=12 fp=[0-9a-f]{16}\]$/);
  assert.match(found[1] ?? "", / fp=/);
  assert.is(found[2], "password=[REDACTED len=12]");
  assert.is(found[3], found[0]);
});

test("a key that lost its end does not swallow the log behind it", () => {
  const body = Array.from({ length: 5 }, () => "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDzPpIYzeCVKC9g").join(
    "\n",
  );
  const log = ["I1122 12:11:40 1 a.go:1] restarted", "connection is unauthorized: Unauthorized", "k8s01"];
  assert.equal(
    text(`-----BEGIN RSA PRIVATE KEY-----\n${body}\n${log.join("\n")}`)
      .split("\n")
      .slice(1),
    log,
  );
  const stamp = "2026-11-22T12:11:40Z k8s01 app[77]: ";
  const stamped = `-----BEGIN RSA PRIVATE KEY-----\n${body}\nrestarted`.replaceAll(/^/gm, stamp);
  assert.is(text(stamped).split("\n").at(-1), `${stamp}restarted`);
});

test("long lines of one letter, dots, or beginnings of tokens take no time", () => {
  const began = Date.now();
  for (const unit of [
    "eyJ",
    "a",
    "a.",
    "ab:",
    "://a",
    "-----BEGIN ",
    "password=",
    "A1b",
    "\\n",
    "@:",
    "password ",
    "set_token(",
    "secret: a ",
    "AUTH ",
    "%3D",
    "pass=/",
    "pw ",
    "/pass:1.2 ",
    "://h/hooks/",
    "://h/hook",
    "token is x ",
    "user a pass b ",
    "gcm(aes) ",
    "certificate key: ",
    "auth_url=/x?token=",
  ]) {
    for (const awk of awks) filter(awk, "text", `${unit.repeat(8192 / unit.length)}\n`);
  }
  assert.ok(Date.now() - began < 20_000, `${Date.now() - began} ms`);
});

test.run();

import { generateKeyPairSync } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { InquestError } from "#model/error.js";
import { refuseSecrets } from "#report/gate.js";

const test = suite("gate");

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const unsigned = `${base64url({ alg: "RS256" })}.${base64url({ sub: "system:serviceaccount:a:b" })}.`;
const pem = (type: "pkcs1" | "pkcs8"): string =>
  generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type, format: "pem" }).toString();

function refusal(text: string): InquestError | null {
  try {
    refuseSecrets([{ name: "review.md", text }]);
    return null;
  } catch (error) {
    assert.ok(error instanceof InquestError);
    return error;
  }
}

for (const [what, secret] of [
  ["a signed token", `token: ${unsigned}c2lnbmF0dXJlLWJ5dGVz`],
  ["a private key", pem("pkcs8")],
  ["an RSA key, quoted line by line", pem("pkcs1").replaceAll("\n", "\n> ")],
  ["a key in JSON", JSON.stringify(pem("pkcs8"))],
  ["a key in base64", `client-key-data: ${Buffer.from(pem("pkcs1")).toString("base64")}`],
  ["a PKCS#8 key in base64", Buffer.from(pem("pkcs8")).toString("base64")],
  ["a password in a URL", "`etcd https://root:hunter2@10.0.0.1:2379`"],
] as const)
  test(`refuses ${what} and does not repeat it`, () => {
    const error = refusal(`before\n${secret}\nafter`);
    assert.is(error?.code, "E_SECRET");
    assert.is(error?.subject, "review.md");
    assert.not.match(`${error?.message}${error?.hint}`, /hunter2|eyJ|BEGIN/);
  });

for (const text of [
  unsigned,
  `${unsigned} next`,
  "https://user:[REDACTED len=7 fp=0011223344556677]@host/",
  "-----BEGIN PRIVATE KEY----- [REDACTED len=1704]",
  "https://host:6443/path and a@b",
  "eyewitness.example.internal-name-of-a-host",
  "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUabcdefghijklmnop",
])
  test(`lets ${JSON.stringify(text.slice(0, 40))} pass`, () => assert.is(refusal(text), null));

test("hostile text costs no time that grows with its square", () => {
  const started = process.hrtime.bigint();
  for (const unit of [
    "eyJ",
    "eyJaaaaaaaaaa.eyJa.",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "a://",
    "a:",
    " ",
    "LS0tLS1CRUdJTi",
  ])
    refusal(unit.repeat(Math.ceil(1_000_000 / unit.length)));
  assert.ok(process.hrtime.bigint() - started < 20_000_000_000n);
});

test.run();

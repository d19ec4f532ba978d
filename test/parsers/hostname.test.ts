import { suite } from "uvu";
import * as assert from "uvu/assert";
import { artifact, intakeOf, ofKind, values } from "./feed.js";

const test = suite("hostname");
const file = (origin: string) => artifact({ kind: "file", origin, form: "whole" });
const command = (origin: string) => artifact({ kind: "command", origin, form: "lines" });
const UNAME = "Linux K8s01.example.com 5.15.0-91-generic #101-Ubuntu SMP x86_64 GNU/Linux\n";

for (const [of, text, name] of [
  [command("hostname"), "k8s01\n", "k8s01"],
  [command("uname -a"), UNAME, "k8s01.example.com"],
  [file("/var/lib/calico/nodename"), " k8s01\n", "k8s01"],
] as const)
  test(`${of.origin} names its machine`, () => {
    const [fact] = ofKind(intakeOf([of, text]), "hostname");
    assert.equal(fact?.value, { name });
    assert.equal(fact?.evidence.locator, { kind: "lines", from: 1, to: 1 });
  });

test("what is no name is none, and other files and commands are not asked", () => {
  for (const text of ["", "\n", "a b", "-x", "[REDACTED len=5 fp=0123456789abcdef]", `${"x".repeat(254)}`, "a\u0007b"])
    assert.equal(values(intakeOf([file("/var/lib/calico/nodename"), text]), "hostname"), [], text);
  assert.equal(values(intakeOf([command("uname -a"), "Linux\n"]), "hostname"), []);
  assert.equal(values(intakeOf([file("/etc/hosts"), "k8s01"]), "hostname"), []);
  assert.equal(values(intakeOf([command("hostname -I"), "k8s01"]), "hostname"), []);
});

test.run();

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Parser } from "tar";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { atPointer } from "#model/evidence.js";
import { type Review, type ReviewStatement, reviewSchema } from "#model/review.js";
import { thorough } from "#test/thorough.js";

import { CASES, type Run, removeBundles, runCase } from "./case.js";

/** `UPDATE_GOLDEN=1 npm test` writes the reviews anew instead of comparing them: read the difference before you commit it. */
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";
const FOLDER = "test/golden";

const test = suite("golden reviews");
test.after(removeBundles);

for (const golden of CASES) {
  test(`${golden.name}: the review is the one in the repository`, () =>
    runCase(golden).then(({ reviewed }) => {
      for (const file of reviewed.files) {
        const path = join(FOLDER, `${golden.name}${file.name.slice(file.name.lastIndexOf("."))}`);
        if (UPDATE) writeFileSync(path, file.text);
        // A plain comparison first: a difference of two long texts takes minutes to draw.
        else if (file.text !== readFileSync(path, "utf8")) assert.unreachable(firstDifference(path, file.text));
      }
    }));

  // each costs a review more: two moments and many bundles stand for the rest, where time counts
  if (thorough || golden.name === "fault-healed")
    test(`${golden.name}: bundles in the other order give the same bytes`, async () => {
      const { files } = (await runCase(golden)).reviewed;
      const again = (await runCase(golden, true)).reviewed.files;
      files.forEach((file, i) => {
        if (file.text !== again[i]?.text) assert.unreachable(differenceOf(file.name, again[i]?.text ?? "", file.text));
      });
    });

  test(`${golden.name}: the JSON keeps its contract`, () =>
    runCase(golden).then(({ reviewed }) => {
      const text = reviewed.files.find((f) => f.name.endsWith(".json"))?.text ?? "";
      assert.ok(reviewSchema.safeParse(JSON.parse(text)).success);
    }));

  test(`${golden.name}: every sentence cites, or says what else it rests on`, () =>
    runCase(golden).then(({ reviewed }) => {
      const all = statementsOf(reviewed.review);
      assert.ok(all.length > 5, "hardly a sentence");
      for (const statement of all) {
        if (statement.source.kind === "evidence") assert.ok(statement.evidence.length > 0, statement.text);
        for (const id of statement.evidence) assert.ok(reviewed.review.evidence[id], `${id} of: ${statement.text}`);
      }
    }));

  test(`${golden.name}: every line of prose in the Markdown cites, or is marked`, () =>
    runCase(golden).then(({ reviewed }) => {
      const markdown = reviewed.files.find((f) => f.name.endsWith(".md"))?.text ?? "";
      const bare = proseOf(markdown).filter((line) => !/\[E\d+/.test(line) && !/\*\(known: /.test(line));
      assert.equal(bare, []);
    }));

  test(`${golden.name}: every citation resolves into the bundle and back`, () =>
    runCase(golden).then(({ reviewed, bundles }) => {
      assert.equal(unresolved(reviewed.review, bundles), []);
    }));

  test(`${golden.name}: no credential appears`, () =>
    runCase(golden).then(({ reviewed }) => {
      const secret = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{10,}|PRIVATE KEY-----|:\/\/[^\s/:@]+:[^\s/@]+@/;
      for (const file of reviewed.files) assert.not.match(file.text, secret, file.name);
    }));
}

const firstDifference = (path: string, text: string): string => differenceOf(path, readFileSync(path, "utf8"), text);

function differenceOf(path: string, before: string, after: string): string {
  const [then, now] = [before.split("\n"), after.split("\n")];
  const at = now.findIndex((line, i) => line !== then[i]);
  return `${path}:${at + 1}\n  was: ${then[at] ?? "(end)"}\n  is:  ${now[at] ?? "(end)"}`;
}

function statementsOf(value: unknown): readonly ReviewStatement[] {
  if (Array.isArray(value)) return value.flatMap(statementsOf);
  if (typeof value !== "object" || value === null) return [];
  if ("parts" in value && "source" in value) return [value as ReviewStatement];
  return Object.values(value).flatMap(statementsOf);
}

/** Paragraphs of the summary and of the answers: lines that are no heading, table, list, fence, label or blank. */
function proseOf(markdown: string): readonly string[] {
  const from = markdown.indexOf("## Executive Summary");
  const to = markdown.indexOf("### Ruled Out");
  const text = markdown.slice(from, to < 0 ? markdown.indexOf("## Impact") : to);
  return text
    .replace(/```[\s\S]*?```/g, "")
    .split("\n")
    .filter((line) => line !== "" && !/^(#|\||- |\*\*|\*Confidence|> )/.test(line));
}

/** Ids whose excerpt is not what stands at their place in the member, or whose member is not in the bundle they name. */
function unresolved(review: Review, bundles: readonly string[]): readonly string[] {
  const names = new Map(review.custody.map((c) => [c.sha256, c.file]));
  const opened = new Map<string, ReadonlyMap<string, string>>();
  return Object.entries(review.evidence).flatMap(([id, e]) => {
    const file = bundles.find((b) => b.endsWith(`/${names.get(e.bundle)}`));
    if (!file) return [`${id}: no bundle ${e.bundle}`];
    const members = opened.get(file) ?? unpack(readFileSync(file));
    opened.set(file, members);
    const text = members.get(`bundle/${e.member}`) ?? members.get(e.member);
    if (text === undefined) return [`${id}: no member ${e.member}`];
    return standsAt(text, e.locator, e.excerpt) ? [] : [`${id}: ${e.locator} of ${e.member} is not: ${e.excerpt}`];
  });
}

/** Members by name, of an archive that the reader under test has already judged. */
function unpack(bytes: Buffer): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  const parser = new Parser({
    onReadEntry: (entry) => {
      const chunks: Buffer[] = [];
      entry.on("data", (chunk: Buffer) => chunks.push(chunk));
      entry.on("end", () => members.set(entry.path, Buffer.concat(chunks).toString("utf8")));
    },
  });
  parser.end(gunzipSync(bytes));
  return members;
}

function standsAt(text: string, locator: string, excerpt: string): boolean {
  if (locator === "whole member" || locator === "whole document" || locator.startsWith("absence of ")) return true;
  const lines = /^(?:row|lines?) (\d+)(?:-(\d+))?$/.exec(locator);
  if (lines) {
    const shown = text
      .split("\n")
      .slice(Number(lines[1]) - 1, Number(lines[2] ?? lines[1]))
      .join("\n");
    if (shown === "") return false;
    if (excerpt.startsWith("token: ")) return summarises(shown, excerpt);
    return excerpt.startsWith("decoded: ") ? decodes(shown, excerpt) : says(shown, excerpt);
  }
  const value = atPointer(JSON.parse(text), locator);
  if (value === undefined) return false;
  const field = excerpt.indexOf(": ");
  const stored = typeof value === "string" ? value : JSON.stringify(withoutManagedFields(value));
  return (
    !locator.includes("/", "/items/".length) ||
    [JSON.stringify(value), stored].some((v) => says(v, excerpt.slice(field + 2)))
  );
}

/** The excerpt, as far as it was not cut, is part of what stands there; quotes and brackets aside. */
function says(stored: string, excerpt: string): boolean {
  const plain = (s: string): string => s.replace(/["'\\\s]|u\{[0-9a-f]+\}/g, "");
  const cut = excerpt.split("… (")[0] ?? "";
  return plain(stored).includes(plain(cut)) || plain(cut).includes(plain(stored).slice(0, 60));
}

function claimsOf(line: string): Readonly<Record<string, unknown>> {
  const payload = /([\w-]+)\.([\w-]+)\./.exec(line)?.[2] ?? "";
  return payload === "" ? {} : JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
}

/** `token: sub=… iat=2026-…Z exp=…`: the claims in words. */
function summarises(line: string, excerpt: string): boolean {
  const claims = claimsOf(line);
  const word = (name: string): string | undefined => new RegExp(`\\b${name}=(\\S+)`).exec(excerpt)?.[1];
  return claims["sub"] === word("sub") && claims["iat"] === Date.parse(word("iat") ?? "") / 1000;
}

function decodes(line: string, excerpt: string): boolean {
  const claims = claimsOf(line);
  const shown: Readonly<Record<string, unknown>> = JSON.parse(excerpt.slice("decoded: ".length));
  return ["iss", "iat", "exp", "sub"].every(
    (name) => shown[name] === undefined || shown[name] === null || shown[name] === claims[name],
  );
}

function withoutManagedFields(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "managedFields"));
}

/** What the reviews must say, whatever their words: the facts of each case. */
const ofMechanism = (run: Run, id: string) => run.reviewed.review.findings.filter((f) => f.mechanism === id);
const caseNamed = (name: string) => CASES.find((c) => c.name === name) as (typeof CASES)[number];

test("healthy: no finding, no forecast, and it says what was examined", () =>
  runCase(caseNamed("healthy")).then(({ reviewed: { review } }) => {
    assert.equal(review.findings, []);
    assert.equal(review.forecasts, []);
    assert.is(review.status, "No fault found");
    assert.ok(review.examined.length > 5);
  }));

test("latent: the next CNI call will be refused, said before anything has failed", () =>
  runCase(caseNamed("latent")).then(({ reviewed: { review } }) => {
    assert.is(review.status, "Latent");
    assert.not.ok(review.findings.some((f) => f.mechanism.startsWith("sym:")));
    assert.equal(
      review.forecasts.map((f) => [f.node, f.at]),
      [["k8s01", null]],
    );
    assert.equal(
      review.findings.filter((f) => f.root).map((f) => f.mechanism),
      ["cni-conf-dir-diverged"],
    );
  }));

for (const name of ["fault-early", "fault", "fault-healed", "reference", "reference-no-ext"]) {
  test(`${name}: the chain runs from the symptom to the parted directories, on k8s01 only`, () =>
    runCase(caseNamed(name)).then((run) => {
      const { review } = run.reviewed;
      const mechanisms = review.chains.map((c) =>
        c.steps.map((id) => review.findings.find((f) => f.id === id)?.mechanism ?? ""),
      );
      const chain = mechanisms[0] ?? [];
      const order = [
        "sym:failed-kill-pod",
        "cni-kubeconfig-token-pod-gone",
        "cni-writer-path-changed",
        "cni-conf-dir-diverged",
      ];
      assert.equal(chain.slice(-4), order);
      assert.equal([...new Set(review.findings.flatMap((f) => f.nodes))], ["k8s01"]);
      for (const id of order)
        assert.ok(
          ofMechanism(run, id).every((f) => f.confidence === "established" || f.confidence === "observed"),
          id,
        );
    }));
}

for (const name of ["fault", "fault-healed", "reference"]) {
  test(`${name}: the second chain is the deadlock, and it runs into the first`, () =>
    runCase(caseNamed(name)).then(({ reviewed: { review } }) => {
      const second = review.chains[1];
      const steps = second?.steps.map((id) => review.findings.find((f) => f.id === id)?.mechanism);
      assert.equal(steps?.slice(0, 3), [
        "sym:pod-pending-unschedulable",
        "anti-affinity-terminating-deadlock",
        "sym:pod-stuck-terminating",
      ]);
      assert.is(second?.continuesIn?.chain, "chain-1");
    }));
}

for (const [name, confidence] of [
  ["reference", "established"],
  ["reference-no-ext", "probable"],
] as const) {
  test(`${name}: it will happen again on 24 May at 08:20 AEST, ${confidence}`, () =>
    runCase(caseNamed(name)).then(({ reviewed: { review, files } }) => {
      assert.equal(
        review.forecasts.map((f) => [f.mechanism, f.node, f.at, f.confidence]),
        [["cni-token-expired", "k8s01", "2026-05-23T22:20:00Z", confidence]],
      );
      const markdown = files.find((f) => f.name.endsWith(".md"))?.text ?? "";
      const summary = markdown.slice(markdown.indexOf("## Executive Summary"), markdown.indexOf("## What Will"));
      assert.match(summary, /24 May 08:20/);
      assert.ok(review.findings.some((f) => f.mechanism === "cni-hostpath-mount-stale-inode" && f.root));
    }));
}

for (const name of ["healed", "fault-healed"]) {
  test(`${name}: what is still wrong is the mount; a token that dies with its pod gives no date`, () =>
    runCase(caseNamed(name)).then(({ reviewed: { review } }) => {
      assert.ok(review.findings.some((f) => f.mechanism === "cni-hostpath-mount-stale-inode" && f.endedBy === null));
      assert.ok(
        review.findings
          .filter((f) => f.mechanism !== "cni-hostpath-mount-stale-inode")
          .every((f) => f.endedBy !== null),
      );
      assert.equal(
        review.forecasts.filter((f) => f.at !== null),
        [],
      );
      assert.is(review.status, "Partially Resolved");
    }));
}

test("fault and healed together: the repair is the difference of the two", () =>
  runCase(caseNamed("fault-healed")).then(({ reviewed: { review } }) => {
    const repair = review.resolution.changes
      .filter((c) => c.kind === "repair")
      .flatMap((c) => c.statements.map((s) => s.text));
    assert.ok(
      repair.some((text) => /\/etc\/cni\/net\.d .*was a directory, and then a link/.test(text)),
      repair.join("\n"),
    );
    assert.ok(review.resolution.changes.some((c) => c.kind === "recovery"));
  }));

for (const name of ["reference", "fault"]) {
  test(`${name}: nothing of what the published review got wrong is claimed`, () =>
    runCase(caseNamed(name)).then(({ reviewed: { review } }) => {
      const claims = review.findings.flatMap((f) => f.statements.map((s) => s.text)).join("\n");
      for (const wrong of [
        /no data loss/i,
        /running continuously/i,
        /token controller/i,
        /provisioned/i,
        /no service (outage|disruption)/i,
      ]) {
        assert.not.match(claims, wrong);
      }
      const refuted = review.hypotheses.filter((h) => h.status === "refuted").map((h) => h.mechanism);
      for (const rival of [
        "cni-token-expired",
        "cni-rbac-denied",
        "token-signing-key-changed",
        "cni-agent-unhealthy",
        "finalizer-stuck",
      ]) {
        assert.ok(refuted.includes(rival), rival);
      }
    }));
}

test.run();

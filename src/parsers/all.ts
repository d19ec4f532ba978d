import type { Artifact } from "#model/artifact.js";
import type { CoverageEntry, Fact, ParseIssue } from "#model/fact.js";
import type { Emit, Intake, Parser, Sink } from "#model/intake.js";
import { collector } from "./collector.js";
import { command } from "./command.js";
import { coverageEntries, type Reading, worsened } from "./coverage.js";
import { crioConfig } from "./crio-config.js";
import { hostname } from "./hostname.js";
import { kubeEvent } from "./kube-event.js";
import { kubeNode } from "./kube-node.js";
import { kubeObject } from "./kube-object.js";
import { kubePod } from "./kube-pod.js";
import { kubeIssuer, kubeJwks, kubeVersion } from "./kube-raw.js";
import { kubeRevision } from "./kube-revision.js";
import { kubeService } from "./kube-service.js";
import { kubeServiceAccount } from "./kube-service-account.js";
import { kubeWorkload } from "./kube-workload.js";
import { kubeconfig } from "./kubeconfig.js";
import { log } from "./log.js";
import { mount } from "./mount.js";
import { netconf } from "./netconf.js";
import { ntp } from "./ntp.js";
import { paths } from "./paths.js";
import { process } from "./process.js";
import { runtimeConfig } from "./runtime-config.js";
import { tallied } from "./tally.js";
import { unit } from "./unit.js";

const MAX_ISSUES = 20;

/** What one parser made of one artifact. */
interface Yield {
  reading: Reading;
  readonly facts: Fact[];
  readonly issues: ParseIssue[];
  moreIssues: number;
}

/** The parsers at work. `open` returns null for an artifact that nothing reads; `finish` wants every artifact of all bundles. */
export interface Parsing {
  readonly open: (artifact: Artifact) => Sink | null;
  readonly finish: (artifacts: readonly Artifact[]) => Intake;
}

/** Every parser; new ones for each run, since some remember what they saw. A new format is a new file and a line here. */
export function allParsers(): readonly Parser[] {
  return [
    ...[
      collector,
      paths,
      runtimeConfig,
      crioConfig,
      netconf,
      kubeconfig,
      process,
      mount,
      log,
      command,
      hostname,
      ntp,
      unit,
    ],
    ...[kubePod, kubeNode, kubeEvent(), kubeWorkload, kubeRevision, kubeServiceAccount, kubeService, kubeObject],
    ...[kubeVersion, kubeJwks, kubeIssuer],
  ];
}

/**
 * Starts parsing. Hand each artifact with content to `open` and stream it into the sink; when all are through, `finish` returns the
 * facts in the order of the artifacts given to it and, within one, of their place in it. Nothing here throws on bad content.
 */
export function startParsing(): Parsing {
  const parsers = allParsers();
  const yields = new Map<string, Map<Parser, Yield>>();
  return {
    open: (artifact) => {
      const mine = new Map<Parser, Yield>();
      const sinks = parsers
        .filter((parser) => parser.accepts(artifact))
        .map((parser) => {
          const got: Yield = { reading: "unread", facts: [], issues: [], moreIssues: 0 };
          mine.set(parser, got);
          return guarded(artifact, parser, got);
        });
      yields.set(keyOf(artifact), mine);
      return together(sinks);
    },
    finish: (artifacts) => gather(artifacts, parsers, yields),
  };
}

function keyOf(artifact: Artifact): string {
  return JSON.stringify([artifact.bundle, artifact.node, artifact.kind, artifact.origin, artifact.member]);
}

function gather(
  artifacts: readonly Artifact[],
  parsers: readonly Parser[],
  yields: ReadonlyMap<string, ReadonlyMap<Parser, Yield>>,
): Intake {
  const facts: Fact[] = [];
  const issues: ParseIssue[] = [];
  const coverage: CoverageEntry[] = [];
  for (const artifact of artifacts) {
    const mine = yields.get(keyOf(artifact));
    for (const parser of parsers) {
      if (!parser.accepts(artifact)) continue;
      const got = mine?.get(parser);
      // The artifact given here has the coverage that remained after reading; the one given to `open` had not.
      for (const fact of got?.facts ?? []) facts.push(fact.artifact === artifact ? fact : { ...fact, artifact });
      for (const issue of got?.issues ?? []) issues.push({ ...issue, artifact });
      if (got !== undefined && got.moreIssues > 0) {
        const message = `${got.moreIssues} further remarks on this artifact left out`;
        issues.push({ artifact, code: "W_MORE", message, line: null });
      }
      const found = (kind: string): number => got?.facts.filter((fact) => fact.kind === kind).length ?? 0;
      coverage.push(...coverageEntries(artifact, parser, got?.reading ?? "unread", found));
    }
  }
  const tally = tallied(facts, coverage);
  return { artifacts, facts, issues: [...issues, ...tally.issues], coverage: tally.coverage };
}

function emitInto(artifact: Artifact, got: Yield): Emit {
  return {
    fact: (fact) => void got.facts.push(fact),
    issue: (code, message, line) => {
      got.reading = worsened(got.reading, code);
      if (got.issues.length >= MAX_ISSUES) got.moreIssues += 1;
      else got.issues.push({ artifact, code, message, line: line ?? null });
    },
  };
}

/** A parser's sink that cannot throw: a defect of one parser costs what it had to say of one artifact, and is told. */
function guarded(artifact: Artifact, parser: Parser, got: Yield): Sink {
  const emit = emitInto(artifact, got);
  const fail = (): void => {
    if (got.reading !== "unreadable") emit.issue("W_PARSER", `the parser ${parser.id} failed on this artifact`);
  };
  const attempt = <T>(work: () => T): T | null => {
    if (got.reading === "unreadable") return null;
    try {
      return work();
    } catch {
      fail();
      return null;
    }
  };
  const sink = attempt(() => parser.open(artifact, emit));
  return {
    whole: (text) => void attempt(() => sink?.whole?.(text)),
    line: (text, line) => void attempt(() => sink?.line?.(text, line)),
    item: (item, index) => void attempt(() => sink?.item?.(item, index)),
    end: (complete) => {
      attempt(() => sink?.end(complete));
      if (got.reading === "unread") got.reading = complete ? "whole" : "partial";
    },
  };
}

function together(sinks: readonly Sink[]): Sink | null {
  if (sinks.length < 2) return sinks[0] ?? null;
  return {
    whole: (text) => sinks.forEach((sink) => void sink.whole?.(text)),
    line: (text, line) => sinks.forEach((sink) => void sink.line?.(text, line)),
    item: (item, index) => sinks.forEach((sink) => void sink.item?.(item, index)),
    end: (complete) => sinks.forEach((sink) => void sink.end(complete)),
  };
}

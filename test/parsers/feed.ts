import type { Artifact } from "#model/artifact.js";
import type { Fact, FactKind } from "#model/fact.js";
import type { Intake, Sink } from "#model/intake.js";
import { startParsing } from "#parsers/all.js";

/** An artifact of node `k8s01`, complete, collected 2026-05-23 02:52 UTC; a test names what matters to it. */
export function artifact(over: Partial<Artifact>): Artifact {
  return {
    bundle: "b1",
    node: "k8s01",
    kind: "file",
    origin: "/etc/example",
    member: `node/fs${over.origin ?? "/etc/example"}`,
    sha256: "0".repeat(64),
    coverage: "complete",
    exit: 0,
    note: null,
    collectedAt: { epochMs: Date.UTC(2026, 4, 23, 2, 52), precisionMs: 1000, clock: "node:k8s01" },
    bytes: null,
    form: "whole",
    ...over,
  };
}

/** A list of the API, of the cluster's part. */
export const apiList = (origin: string, bundle = "b1"): Artifact =>
  artifact({ bundle, node: null, kind: "api", origin, form: "items", member: `cluster/${origin}.json` });

/** Streams content into a sink as the artifact's form asks. */
export function stream(sink: Sink | null, of: Artifact, content: string | readonly unknown[], complete = true): void {
  if (typeof content !== "string") content.forEach((item, i) => void sink?.item?.(item, i));
  else if (of.form === "lines") content.split("\n").forEach((line, i) => void sink?.line?.(line, i + 1));
  else sink?.whole?.(content);
  sink?.end(complete);
}

/** What all parsers make of artifacts with their contents. */
export function intakeOf(...given: readonly (readonly [Artifact, string | readonly unknown[]])[]): Intake {
  const parsing = startParsing();
  for (const [of, content] of given) stream(parsing.open(of), of, content);
  return parsing.finish(given.map(([of]) => of));
}

/** The facts of one kind. */
export function ofKind<K extends FactKind>(intake: Intake, kind: K): readonly Fact<K>[] {
  return intake.facts.filter((fact): fact is Fact<K> => fact.kind === kind);
}

/** The values of one kind of fact. */
export const values = <K extends FactKind>(intake: Intake, kind: K): readonly Fact<K>["value"][] =>
  ofKind(intake, kind).map((fact) => fact.value);

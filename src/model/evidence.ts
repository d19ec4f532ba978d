import type { Artifact } from "./artifact.js";

/** Where in a member the evidence lies. Lines count from 1; `json` is an RFC 6901 pointer; `row` is a line of a table. */
export type Locator =
  | { readonly kind: "lines"; readonly from: number; readonly to: number }
  | { readonly kind: "json"; readonly pointer: string }
  | { readonly kind: "row"; readonly line: number }
  | { readonly kind: "whole" }
  | { readonly kind: "absence"; readonly query: string; readonly searched: string };

/** One citable piece of a bundle. The excerpt is redacted and has its control characters made visible. */
export interface Evidence {
  readonly bundle: string;
  readonly node: string | null;
  readonly member: string;
  readonly sha256: string;
  readonly origin: string;
  readonly locator: Locator;
  readonly excerpt: string;
  /** Set where the member was not had in full: what is cited is true, and there may be more of it. */
  readonly cut?: true;
}

/** The member that an artifact or a piece of evidence lies in, in its bundle. */
export const memberKey = (of: { readonly bundle: string; readonly member: string | null }): string =>
  `${of.bundle}\n${of.member ?? "index.tsv"}`;

export const EXCERPT_CHARS = 400;

/** Cuts text to what an appendix can carry; says that it was cut. */
export function excerpt(text: string, limit: number = EXCERPT_CHARS): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length} characters)`;
}

/** A piece of evidence in an artifact. Null where the artifact has no member to point into. */
export function evidenceIn(artifact: Artifact, locator: Locator, shown: string): Evidence {
  return {
    bundle: artifact.bundle,
    node: artifact.node,
    member: artifact.member ?? "index.tsv",
    sha256: artifact.sha256 ?? "",
    origin: artifact.origin,
    locator,
    excerpt: excerpt(shown),
  };
}

/** One line naming the place: `lines 3-7`, `/items/2/metadata`, `row 12`. */
export function formatLocator(locator: Locator): string {
  switch (locator.kind) {
    case "lines":
      return locator.from === locator.to ? `line ${locator.from}` : `lines ${locator.from}-${locator.to}`;
    case "json":
      return locator.pointer === "" ? "whole document" : locator.pointer;
    case "row":
      return `row ${locator.line}`;
    case "whole":
      return "whole member";
    case "absence":
      return `absence of ${locator.query} in ${locator.searched}`;
  }
}

/** Equal for equal evidence, different for different: what numbering and merging go by. */
export function evidenceKey(e: Evidence): string {
  return `${e.bundle}\n${e.member}\n${e.origin}\n${formatLocator(e.locator)}\n${e.excerpt}`;
}

/** The value at an RFC 6901 pointer; undefined where there is none. Own properties only. */
export function atPointer(document: unknown, pointer: string): unknown {
  let current: unknown = document;
  for (const raw of pointer.split("/").slice(1)) {
    const key = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[key];
  }
  return current;
}

/** One RFC 6901 reference token, escaped. */
export const pointerToken = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");

/** Told of every value that was masked, by the rule's name; never of the value. */
export type SecretHit = (rule: string) => void;

interface SecretRule {
  readonly id: string;
  /** A text that contains none of these holds no such secret: a cheap first look. */
  readonly hints: readonly string[];
  /** Must stay linear on hostile text: starts at a fixed character, runs bounded or disjoint. */
  readonly pattern: RegExp;
  /** What to put in place of a match; null where it is no secret after all. */
  readonly mask: (match: string, ...groups: readonly string[]) => string | null;
}

/** What stands in place of a secret: equal lengths stay comparable, and no guess can be tested against it. */
export const masked = (value: string): string => `[REDACTED len=${value.length}]`;
const whole = (match: string): string => masked(match);
const shape = (id: string, hints: readonly string[], pattern: RegExp): SecretRule => ({
  id,
  hints,
  pattern,
  mask: whole,
});

/**
 * The second net. The first is the collector's allow-list: patterns like these miss whatever has no shape of its own.
 * A JSON Web Token starts with base64url of `{"`, `{ "` or `{` and a line end. Without its signature every
 * verifier refuses it, and it still tells whom it was made for.
 */
const RULES: readonly SecretRule[] = [
  {
    id: "jwe",
    hints: ["eyJ"],
    pattern: /\.(?<=eyJ[\w-]{8,}\.)(?!eyJ)([\w-]*\.[\w-]+\.[\w-]+\.[\w-]+)/g,
    mask: (_match, value = "") => `.${masked(value)}`,
  },
  {
    id: "jwt",
    hints: [".ey", ".ew"],
    pattern: /\.(?<=e[yw][\w-]{4,}\.)(e[yw][\w-]+)\.[\w-]+/g,
    mask: (_match, payload = "") => (isJsonStart(payload) ? `.${payload}.` : null),
  },
  shape("base64-jwt", ["ZXlK"], /ZXlK[A-Za-z0-9+/_-]{40,}={0,2}/g),
  shape(
    "base64-private-key",
    ["LS0tLS1CRUdJTi"],
    /LS0tLS1CRUdJTi(?:BSU0EgUFJJVkFURSBLRVk|BFQyBQUklWQVRFIEtFW|BEU0EgUFJJVkFURSBLRVk|BQUklWQVRFIEtFW|BPUEVOU1NIIFBSSVZBVEUgS0VZ|BFTkNSWVBURUQgUFJJVkFURSBLRVk)[A-Za-z0-9+/=]*/g,
  ),
  {
    id: "authorization",
    hints: ["uthorization", "UTHORIZATION"],
    pattern:
      /(authorization["'\]\\]{0,3}\s{0,3}[:=]\s{0,3}["'[\\]{0,3}(?:basic|bearer|token)\s{1,3})([\w.~+/=-]{1,4096})/gi,
    mask: (_match, before = "", value = "") => (isSpent(value) ? null : `${before}${masked(value)}`),
  },
  {
    id: "bearer",
    hints: ["earer", "EARER"],
    pattern: /(bearer\s{1,3})([\w.~+/=-]{8,4096})/gi,
    // "bearer authentication", "bearer token-based": words, not tokens.
    mask: (_match, before = "", value = "") =>
      isSpent(value) || (value.length < 24 && !/\d/.test(value)) ? null : `${before}${masked(value)}`,
  },
  {
    id: "url-password",
    hints: ["://", ":\\"],
    pattern: /(:(?:\\{0,4}\/){2}[^\s/@:"'<>\\]{0,256}:)([^\s/"'<>]{1,256})@/g,
    mask: (_match, before = "", value = "") => `${before}${masked(value)}@`,
  },
  {
    id: "bootstrap-token",
    hints: ["."],
    pattern: /\.(?<=(?<![\w.-])[a-z0-9]{6}\.)([a-z0-9]{16})(?![\w.-])/g,
    // An Event's name looks alike: <object>.<its nanosecond in hex>, 15… to 1e… from 2020 to 2040 (client-go tools/record).
    mask: (_match, value = "") =>
      /^1[5-9a-e][0-9a-f]{14}$/.test(value) || !/\d/.test(value) ? null : `.${masked(value)}`,
  },
  shape("aws-key", ["AKIA", "ASIA"], /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g),
  shape(
    "github-token",
    ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    /(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{22,255})/g,
  ),
  shape("gitlab-token", ["glpat-"], /glpat-[\w-]{20,255}/g),
  shape("slack-token", ["xox"], /xox[abeoprs]-[A-Za-z0-9-]{10,255}/g),
  shape("google-key", ["AIza", "ya29."], /(?:AIza[\w-]{35}|ya29\.[\w-]{20,2048})/g),
];

/** Tells a payload from a host name that starts alike. */
const isJsonStart = (base64url: string): boolean =>
  /^\{\s*["}]/.test(Buffer.from(base64url.slice(0, 32), "base64url").toString("latin1"));

/** A token that has already lost its signature. */
export const isSpent = (value: string): boolean => /^e[yw][\w-]+\.e[yw][\w-]+\.$/.test(value);

/**
 * Masks credentials by their shape. Knows nothing of keys and structure, and does not find what has no shape.
 * Text of any length; time grows with the length only.
 */
export function redact(text: string, hit: SecretHit): string {
  let result = text.includes("PRIVATE KEY") ? redactPem(text, hit) : text;
  for (const rule of RULES) {
    if (!rule.hints.some((hint) => result.includes(hint))) continue;
    result = result.replace(rule.pattern, (match: string, ...groups: readonly string[]) => {
      const replacement = rule.mask(match, ...groups);
      if (replacement === null) return match;
      hit(rule.id);
      return replacement;
    });
  }
  return result;
}

const PROBES = RULES.map(({ hints, pattern }) => ({
  hints,
  probe: new RegExp(pattern.source, pattern.flags.replace("g", "")),
}));

/** Whether a text can hold anything that {@link redact} masks. Never a wrong no. */
export const mayHoldSecret = (text: string): boolean =>
  text.includes("PRIVATE KEY") ||
  PROBES.some(({ hints, probe }) => hints.some((hint) => text.includes(hint)) && probe.test(text));

const PEM_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
/** The last line of a private key. */
export const PEM_END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
// Without an end line: base64, white space (also as JSON escapes) and the headers of an encrypted key.
const PEM_BODY = /(?:[A-Za-z0-9+/=\s]|\\{1,4}[nrt]|(?:Proc-Type|DEK-Info): [\w,-]{1,99})*/y;
const PEM_CHARS = 16_384;
/** What stands in place of a private key. */
export const PEM_MASK = "[REDACTED private key]";

function redactPem(text: string, hit: SecretHit): string {
  let result = "";
  let at = 0;
  for (const begin of text.matchAll(PEM_BEGIN)) {
    if (begin.index < at) continue;
    hit("private-key");
    result += text.slice(at, begin.index) + PEM_MASK;
    at = pemStop(text, begin.index + begin[0].length);
  }
  return result + text.slice(at);
}

function pemStop(text: string, from: number): number {
  const next = text.indexOf("-----BEGIN", from);
  const body = text.slice(from, Math.min(next < 0 ? text.length : next, from + PEM_CHARS));
  const end = PEM_END.exec(body);
  if (end !== null) return from + end.index + end[0].length;
  PEM_BODY.lastIndex = from;
  return from + (PEM_BODY.exec(text)?.[0].length ?? 0);
}

import { isSpent, masked, redact, type SecretHit } from "./secret.js";

/**
 * The net below redaction on reading, for what is about to be printed: besides the shapes of {@link redact}, values that stand behind the name
 * of a secret, tokens with a known beginning, and long words that no person or program made up as a name. Parsers must see what a bundle
 * holds; a reader need not. Names, paths, ids, hashes and words of error messages stay, so a secret that looks like one of those stays, too.
 * Time grows with the length of the text only. Applying it twice changes nothing.
 *
 * `spared` are words known to be public though they look random, such as the id of a signing key.
 */
export function mask(text: string, spared: ReadonlySet<string> = NONE, hit: SecretHit = () => {}): string {
  const shaped = maskTokens(redact(text, hit), hit);
  const worded = NAMED.test(shaped) ? maskNamed(shaped, hit) : shaped;
  return LONG.test(worded) ? maskRandom(worded, spared, hit) : worded;
}

const NONE: ReadonlySet<string> = new Set();

/** Words behind `kid=` or `"kids":[`: the public name of a key, random by nature. */
export function keyIdsIn(text: string): readonly string[] {
  if (!text.includes("kid")) return [];
  return [...text.matchAll(/\bkids?["'\\]{0,3}[:=][\\"'[]{0,4}([\w-]{16,128})/g)].map((found) => found[1] ?? "");
}

/** Tokens whose makers gave them a beginning that nothing else has; every run is bounded. */
const TOKENS: readonly RegExp[] = [
  /K10(?:\w{6,256}::[\w.-]{1,128}:[^\s"'`,;]{1,512}|\w{40,256})/g,
  /(?<![A-Za-z0-9])(?:npm_|dckr_pat_|lin_api_|dop_v1_|doo_v1_|glsa_|hf_|sk_live_|rk_live_|whsec_)[A-Za-z0-9_]{16,255}/g,
  /(?<![A-Za-z0-9])(?:xapp-|sk-|glrt-|gldt-|tskey-[a-z]{1,16}-)[A-Za-z0-9_-]{16,255}/g,
  /(?<![A-Za-z0-9.])hv[sbr]\.[\w-]{20,512}/g,
  /(?<![A-Za-z0-9])SG\.[\w-]{16,64}\.[\w-]{16,128}/g,
  /AGE-SECRET-KEY-1[A-Z0-9]{20,128}/g,
  /(?<![\w$])\$(?:y|[1256][aby]?|argon2id?)\$[\w./$=,-]{20,256}/g,
];
const TOKEN_HINT = /K10|_|-|hv[sbr]\.|SG\.|\$/;

function maskTokens(text: string, hit: SecretHit): string {
  if (!TOKEN_HINT.test(text)) return text;
  let result = text;
  for (const pattern of TOKENS)
    result = result.replace(pattern, (found) => {
      // `sk-calico-node-with-a-long-name` is a name.
      if (!/\d/.test(found)) return found;
      hit("known-token");
      return masked(found);
    });
  return result;
}

const PASSWORD = "pass(?:word|wd|[ _-]?phrase|code)?|pwd|pw|psk|pre-?shared[_-]?key";
const KEY =
  "(?:api|access|private|secret|shared|account|signing|encryption|master|storage|auth|routing|hmac|jwt|license|admin|user|certificate|subscription)[ _-]?key";
const VALUE_OF = "[\\\\\"']{0,4}[,\\s]{1,4}[\\\\\"']{0,4}value[\\\\\"']{0,4}[ \\t]?[:=][ \\t]?";

/** The name of a secret, and what leads from it to its value. What stands before the name is looked at afterwards, to stay linear. */
const NAMED = new RegExp(
  `(${PASSWORD}|${KEY}|secret|token|credentials?|authorization)` +
    // what may follow it within a key: DB_PASSWORD_2, client-key-data, SECRET_KEY_BASE; not token-file, tokenExpiration, secretName
    "(?:[_-]?(?:data|base|value|b64|base64|in|hash|[0-9]{1,3}))?" +
    `(${VALUE_OF}|\\\\{0,4}["'\`]?\\]?[ \\t]{0,3}(?:=>|[:=]=?)[ \\t]{0,3}|\\\\{0,4}["'],[ \\t]{0,3}(?=\\\\{0,4}["'])|\\((?=\\\\{0,4}["'])|[ \\t]{1,3}(?=[^\\s-])|>(?=[^<\\s])|%3D|%22%3A%22)`,
  "i",
);
const EACH_NAMED = new RegExp(NAMED.source, "gi");

/** How a name leads to its value: each has its own near misses. */
type Lead = "=" | ":" | "flag" | "quote";

function maskNamed(text: string, hit: SecretHit): string {
  let result = "";
  let at = 0;
  for (const found of text.matchAll(EACH_NAMED)) {
    const from = found.index + found[0].length;
    if (from < at || found.index < at) continue;
    const name = (found[1] ?? "").toLowerCase();
    const lead = leadOf(text, found.index, name, found[0], found[2] ?? "");
    if (lead === null) continue;
    const value = valueAt(text, from);
    if (
      value === null ||
      !isSecret(name, /value/i.test(found[2] ?? "") || isOwnValue(name, text, found.index), lead, value, text)
    )
      continue;
    hit("named");
    result += text.slice(at, value.from) + masked(text.slice(value.from, value.to));
    at = value.to;
  }
  return result + text.slice(at);
}

const LOOK_BACK = 48;

/** Null where the name is only part of another word, or where nothing leads from it to a value. */
function leadOf(text: string, at: number, name: string, found: string, between: string): Lead | null {
  const before = text.slice(Math.max(0, at - LOOK_BACK), at);
  if (isShort(name) && /[A-Za-z]$/.test(before) && !isNewWord(before, found)) return null;
  if (/value/i.test(between) || /[=>(]|%3D|%3A/i.test(between)) return "=";
  if (between.includes(":")) return name === "pass" && !/["'_-]/.test(before.slice(-1) + between) ? null : ":";
  if (/(?:^|[\s"'`=[(,])--?(?:[A-Za-z][\w.-]{0,40})?$/.test(before)) return "flag";
  return isPassword(name) && /^[ \t]+$/.test(between) ? "quote" : null;
}

const isShort = (name: string): boolean => /^(?:pass|pwd|pw|psk)$/.test(name);
/** `dbPass`, `DBPASS`; not `bypass`, `compass`. */
const isNewWord = (before: string, found: string): boolean =>
  /(?:bind|user|db|root|admin|store|key)$/i.test(before)
    ? true
    : /[a-z]$/.test(before)
      ? /^[A-Z]/.test(found)
      : /^[A-Z]{3}/.test(found) && !/(?:BY|COM|SUR|TRES)$/.test(before);

const isPassword = (name: string): boolean => /^(?:pass|pw|psk|pre)|key$/.test(name);

/** `API_TOKEN`, `clientSecret`: the value itself. A bare `secret` or `token` may stand before the name of one, as `pullSecret` does. */
function isOwnValue(name: string, text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 16), at);
  return name === "secret"
    ? /(?:client|app|api|consumer|oauth|auth|jwt|session|webhook|shared|cookie)[_-]?$/i.test(before)
    : /[A-Za-z0-9][_-]?$/.test(before);
}

interface Value {
  readonly from: number;
  readonly to: number;
  readonly quoted: boolean;
  /** Longer than any name. */
  readonly long?: true;
}

const LONGEST = 4_096;
const SCHEME = /(?:\[?["']?)(?:basic|bearer|digest|negotiate|token|plain)[ \t]{1,3}/iy;
const QUOTE = /(\\{0,4})(["'`])/y;
/** So much is looked at to tell a name from a secret; no name is longer. */
const LONGEST_NAME = 512;
const WORD = /[^\s"'`,;&|<>()[\]{}\\]{1,512}/y;
const REST = /[^\s"'`,;&|<>()[\]{}\\]*/y;

function valueAt(text: string, start: number): Value | null {
  SCHEME.lastIndex = start;
  const from = start + (SCHEME.exec(text)?.[0].length ?? 0);
  QUOTE.lastIndex = from;
  const quote = QUOTE.exec(text)?.[0];
  if (quote !== undefined) {
    const inside = from + quote.length;
    const end = closing(text, quote, inside);
    if (end >= 0) return end === inside ? null : { from: inside, to: end, quoted: true };
    return wordAt(text, inside);
  }
  return wordAt(text, from);
}

/** Where the same quote stands again, with as many backslashes before it. */
function closing(text: string, quote: string, from: number): number {
  const near = text.slice(from, from + LONGEST);
  for (let at = near.indexOf(quote); at >= 0; at = near.indexOf(quote, at + 1))
    if (at === 0 || near[at - 1] !== "\\") return from + at;
  return -1;
}

function wordAt(text: string, from: number): Value | null {
  WORD.lastIndex = from;
  const run = WORD.exec(text)?.[0] ?? "";
  if (run.length === LONGEST_NAME) {
    REST.lastIndex = from;
    return { from, to: from + (REST.exec(text)?.[0].length ?? 0), quoted: false, long: true };
  }
  const word = run.replace(/[.:!?]+$/, "");
  return word === "" ? null : { from, to: from + word.length, quoted: false };
}

/** What stands for a value, and what a program says where it has none. */
const PLACEHOLDER = /^(?:\$[A-Z_]+|\$\([^)]*\)?|\$\{[A-Z_a-z]+\}?|[<%…].*|\[?REDACTED.*|\{\{.*|[*.•x-]+)$/;
const PATH =
  /^(?:\.{0,2}\/(?:etc|var|run|home|root|opt|usr|tmp|snap|srv|data|proc|sys|mnt|dev|lib|host|registry|secrets?|certs?|pki|keys?|path|api)(?:\/[\w./~@:+-]*)?|\.{0,2}\/[\w./~@:+-]*\.(?:crt|pem|key|pub|conf|ya?ml|json|toml|txt|token)|[a-z]+:\/\/.*|\/[a-z]?)$/;
const SAID = new Set(
  (
    "true false yes no none null nil empty set unset unknown default auto enabled disabled ok valid invalid incorrect wrong bad missing required " +
    "mismatch expired unauthorized unauthenticated forbidden refused rejected denied failed failure failing error errors not permission connection authentication " +
    "authorization access open read write stat timeout timed eof dial unexpected unable cannot could couldn't can't malformed unsupported changed unchanged " +
    "is was are were has have had be the a an and or of for in on to from by with at as it must may will should please enter new old too flag flags " +
    "pod pods secret secrets token tokens password serviceaccount serviceaccounts user rpc context deadline internal server certificate tls x509 http https " +
    "connect lookup get post put i/o io node webhook rbac masked hidden omitted redacted files file systemd compat sss authentication"
  ).split(" "),
);

/** A name as Kubernetes has them, with its namespace or group. */
const NAME = /^[a-z0-9](?:[a-z0-9./:-]*[a-z0-9])?$/;
const NESTED = /^[A-Za-z][A-Za-z0-9_-]{1,30}[=:]./;

function isSecret(name: string, own: boolean, lead: Lead, value: Value, text: string): boolean {
  if (value.long) return true;
  const word = text.slice(value.from, value.to);
  if (PLACEHOLDER.test(word) || SAID.has(word.toLowerCase()) || PATH.test(word)) return false;
  if (isSpent(`${word.replace(/\.$/, "")}.`)) return false;
  if (/ key$/.test(name) && isKeyOfSecret(word, text.slice(Math.max(0, value.from - 40), value.from))) return false;
  const counts = /^[\d.]{1,5}(?:ms|[smhd%])?$/.test(word);
  if (isPassword(name)) {
    if (lead === "quote")
      return value.quoted && /[A-Za-z0-9]{3}/.test(word) && !/\s(?:is|was|not|in|of|for)\s/.test(word);
    if (value.quoted || lead === "=" || lead === "flag") return !counts || lead !== ":";
    return !counts && !NESTED.test(word) && text[value.to] !== ":";
  }
  if (counts) return false;
  if (lead === "=" || lead === "flag") return own || !isName(word);
  if (lead !== ":" || NESTED.test(word) || text[value.to] === ":") return false;
  if (value.quoted) return !/\s/.test(word) && (own || !isName(word));
  if (own && /^(?:$|[\n,;"'\\\])}]| [a-z]+[=:])/.test(text.slice(value.to, value.to + 24))) return true;
  return /\d/.test(word) && !isName(word);
}

/** What a key within a Secret is called, not what it holds: tls.crt, or as the kubelet says that there is none (pkg/kubelet, makeEnvironmentVariables). */
const isKeyOfSecret = (word: string, before: string): boolean =>
  /^[\w-]+(?:\.[\w-]+)*\.(?:crt|key|pem|cert|json|ya?ml|conf|toml|txt)$/.test(word) ||
  /non-existent [a-z]+ key: $/.test(before);

/** As people and controllers name objects. One run of letters and digits is a name where it is short or has no digit. */
const isName = (word: string): boolean =>
  NAME.test(word) && !isMade(word) && (/[-/.:]/.test(word) || !/\d/.test(word)) && !/^\d+$/.test(word);

/** Letters and digits in one run: no name that a person gave. */
const isMade = (word: string): boolean => /^[a-z0-9]{12,}$/i.test(word) && /\d/.test(word) && /[a-z]/i.test(word);

const LONG = /[A-Za-z0-9_+-]{24}/;
const RUN = /[A-Za-z0-9_+-]{24,4096}/g;

function maskRandom(text: string, spared: ReadonlySet<string>, hit: SecretHit): string {
  return text.replace(RUN, (run: string, at: number) => {
    if (spared.has(run) || !isRandom(run)) return run;
    // header and payload of a token that has lost its signature
    if (/^e[yw]/.test(run) && text[at + run.length] === ".") return run;
    if (text[at - 1] === "." && /^e[yw]/.test(run)) return run;
    hit("random-word");
    return masked(run);
  });
}

const LEAST_MIXED = 24;
const LEAST_PLAIN = 32;

/**
 * Letters of both cases and digits that change places all the time, as in base64; or one case and digits beyond hexadecimal in one long run.
 * Words put together (`requiredDuringScheduling…`), names with hyphens, uids, hashes and ids of containers are neither.
 */
function isRandom(run: string): boolean {
  const letters = run.replace(/[^A-Za-z0-9]/g, "");
  const count = (pattern: RegExp): number => letters.match(pattern)?.length ?? 0;
  const digits = count(/\d/g);
  const changes = count(/[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|\d(?=[A-Za-z])/g);
  if (/[a-z]/.test(letters) && /[A-Z]/.test(letters))
    return (
      letters.length >= LEAST_MIXED &&
      digits >= (letters.length < LEAST_PLAIN ? 3 : 2) &&
      changes >= letters.length * 0.4 &&
      count(/[A-Z]/g) >= 3
    );
  const longest = run.split(/[^A-Za-z0-9]/).sort((a, b) => b.length - a.length)[0] ?? "";
  return (
    longest.length >= LEAST_PLAIN &&
    !/^[0-9a-f]*$/i.test(longest) &&
    (longest.match(/\d/g)?.length ?? 0) >= 4 &&
    (longest.match(/[a-z](?=\d)|\d(?=[a-z])/gi)?.length ?? 0) >= longest.length * 0.2
  );
}

import type { Evidence } from "#model/evidence.js";
import { code, type Quoted, say } from "#model/statement.js";
import { AGENT_NOT_READY, agentErrorClass, agentOf } from "./_agent-text.js";

const LONGEST = 8_192;

/**
 * In the order of the most telling: a text that names a missing plugin may also carry a time-out of its caller, and what a registry
 * answers for the pause image (containerd, CRI-O, dockershim) is nothing that the API server or a CNI plugin said.
 */
const CLASSES: readonly (readonly [string, RegExp])[] = [
  [
    "image-pull",
    /failed to get sandbox image|failed to pull image|failed pulling image|unable to pull image|pinging container registry|unexpected status from (?:HEAD|GET|POST) request to https?:/,
  ],
  ["plugin-missing", /failed to find plugin/],
  [
    "not-initialised",
    /cni plugin not initialized|cni config uninitialized|NetworkPluginNotReady|no network config found|failed to load cni config/,
  ],
  ["x509", /\bx509: |certificate signed by unknown authority|tls: failed to verify certificate/],
  ["403", /\bis forbidden: User /],
  // In the middle only where another error follows.
  [
    "401",
    /\bUnauthorized(?:$|"?(?: \/ |, failed to |;|\]|\\n|\n))|the server has asked for the client to provide credentials/,
  ],
  // What the plugin reads in the datastore, and no word on the agent (calico cni-plugin/pkg/plugin/plugin.go: ClusterInformation, DatastoreReady).
  ["datastore-not-ready", /Calico is currently not ready to process requests/],
  ["refused", /connection refused/],
  ["unreachable", /no route to host|network is unreachable|host is unreachable/],
  ["timeout", /i\/o timeout|deadline exceeded|DeadlineExceeded|Client\.Timeout|handshake timeout|timed out/],
];

/** Classes of which a text that names the plugin's own agent is a special case. */
const BROADER: ReadonlySet<string> = new Set(["refused", "unreachable", "timeout"]);

/** Each class as a reader is told it; `code` is what the message itself says. */
const WORDS: Readonly<Record<string, { readonly before: string; readonly code: string; readonly after: string }>> = {
  "401": { before: "", code: "Unauthorized", after: " (HTTP 401)" },
  "403": { before: "", code: "forbidden", after: " (HTTP 403)" },
  "401-elsewhere": { before: "", code: "Unauthorized", after: "" },
  x509: { before: "a certificate that does not verify (", code: "x509", after: ")" },
  timeout: { before: "a timeout", code: "", after: "" },
  refused: { before: "", code: "connection refused", after: "" },
  unreachable: { before: "an address that cannot be reached", code: "", after: "" },
  "plugin-missing": { before: "a CNI plugin that was not found", code: "", after: "" },
  "not-initialised": { before: "a CNI plugin that is not initialised", code: "", after: "" },
  "datastore-not-ready": { before: "a datastore that is marked as not ready", code: "", after: "" },
  // The text is the plugin's; how its agent is stands in the list of pods.
  [AGENT_NOT_READY]: {
    before: "an error that the CNI plugin gives where it does not find its agent",
    code: "",
    after: "",
  },
  "image-pull": { before: "an image that could not be pulled", code: "", after: "" },
};

/** An error class in words: `Unauthorized` (HTTP 401), a timeout, …; of any other, what the message itself ends in. */
export function sandboxErrorWords(
  errorClass: string,
  message: string,
  ...evidence: readonly [Evidence, ...Evidence[]]
): Quoted {
  const key = agentOf(errorClass) === null ? errorClass : AGENT_NOT_READY;
  const words = Object.hasOwn(WORDS, key) ? WORDS[key] : undefined;
  if (!words) return code(sandboxErrorTail(message), ...evidence);
  const text = (t: string): Quoted => ({ parts: t === "" ? [] : [{ kind: "text", text: t }], evidence });
  if (errorClass === ELSEWHERE) {
    const host = refusedRequest(message)?.host;
    return host === undefined
      ? say`${code(words.code, ...evidence)} ${text("from an admission webhook, which is asked after the API server has accepted the token")}`
      : say`${code(words.code, ...evidence)} ${text("to a request to ")}${code(host, ...evidence)} ${text("that is none of the Kubernetes API")}`;
  }
  return words.code === ""
    ? text(words.before)
    : say`${text(words.before)}${code(words.code, ...evidence)}${text(words.after)}`;
}

/**
 * Sorts the message of a failed sandbox (from an event or a log line) by its innermost error: `401`, `403`, `x509`, `timeout`,
 * `refused`, `unreachable`, `plugin-missing`, `not-initialised`, `agent-not-ready:<plugin>`, `datastore-not-ready`, `image-pull`,
 * `401-elsewhere` (of another server than an API server, by the request that the text names), else `other:<slug>` without ids and
 * numbers. Calico puts the same
 * words before a 401 and a 403 (libcalico-go lib/backend/k8s/resources/errors.go), so only the tail tells them apart.
 */
export function sandboxErrorClass(message: string): string {
  const text = innerText(message);
  const named = CLASSES.find(([, pattern]) => pattern.test(text))?.[0];
  if (named === "401" && isElsewhere(text)) return ELSEWHERE;
  // A socket that refuses, a file that is waited for: whose they are says more than that.
  const agent = named === undefined || BROADER.has(named) ? agentErrorClass(text) : null;
  return agent ?? named ?? `other:${slug(text)}`;
}

const ELSEWHERE = "401-elsewhere";

/** A request that was answered 401, where the text names it. */
export interface RefusedRequest {
  readonly host: string;
  readonly path: string;
}

/** The paths below which an API server serves (apiserver, kube-aggregator), also behind a proxy that puts a prefix before them. */
const API_PATH = /^\/(?:api|apis|openapi|version|healthz|livez|readyz)(?:[/?]|$)|\/(?:apis|api\/v1|k8s\/clusters)\//;
const WEBHOOK = /\badmission webhook "[^"]{1,253}" denied the request|\bfailed calling webhook/i;
const ALL_401 = new RegExp(CLASSES.find(([name]) => name === "401")?.[1].source ?? "$.", "g");

/** What the message says before each 401 in it, as far back as another error. */
const before401 = (text: string): readonly string[] =>
  [...text.matchAll(ALL_401)].map(
    (m) =>
      text
        .slice(0, m.index)
        .split(/ \/ |; |\], |, failed to |\n/)
        .at(-1) ?? "",
  );

/** The last URL in it: what follows a URL is what came of it. */
function requestIn(text: string): RefusedRequest | null {
  const start = Math.max(text.lastIndexOf("http://"), text.lastIndexOf("https://"));
  const url = start < 0 ? null : /^https?:\/\/([^\s"'<>/?#]{1,320})([^\s"'<>?#]*)/.exec(text.slice(start));
  const host = url?.[1]?.replace(/^.*@/, "").replace(/:\d*$/, "");
  return host ? { host: host.toLowerCase(), path: (url?.[2] ?? "").replace(/:+$/, "") } : null;
}

/** Does each 401 in it answer a request that is none of the Kubernetes API, or come from a webhook that the API server asked? */
const isElsewhere = (text: string): boolean =>
  before401(text).every((said) => {
    if (WEBHOOK.test(said)) return true;
    const request = OF_API_CLIENT.test(said) ? null : requestIn(said);
    return request !== null && !/^\/?$/.test(request.path) && !API_PATH.test(request.path);
  });

/** The request that the first 401 of a message answers; null where it names none. */
export const refusedRequest = (message: string): RefusedRequest | null =>
  before401(innerText(message)).map(requestIn)[0] ?? null;

/** Words that only clients of the Kubernetes API use of a 401: libcalico-go, client-go, Multus. */
const OF_API_CLIENT =
  /error getting ClusterInformation|connection is unauthorized|the server has asked for the client to provide credentials|\bMultus: .{0,300}error getting pod/;

/** The plugins that a message names, the outermost first. */
export const pluginsNamed = (message: string): readonly string[] =>
  [...innerText(message).matchAll(/\bplugin type="([^"]{1,120})"/g)].map((m) => m[1] ?? "");

/** Does the text itself, by its words, show that an API server gave the 401? */
export const saysApiServer = (message: string): boolean => OF_API_CLIENT.test(innerText(message));

/** Are they Calico's own words for what an API server answered? */
export const saysCalico = (message: string): boolean =>
  /error getting ClusterInformation|connection is unauthorized/.test(innerText(message));

/** The innermost part of the message, as a reader wants it quoted: what the plugin itself said, at most 240 characters. */
export function sandboxErrorTail(message: string): string {
  const whole = untrimmed(message);
  const text = trimTail(whole);
  const plugin = Math.max(text.lastIndexOf("failed (delete): "), text.lastIndexOf("failed (add): "));
  const start = plugin >= 0 ? text.indexOf("): ", plugin) + 3 : Math.max(0, text.lastIndexOf("desc = ") + 7);
  const tail = trimWrap(plugin < 0 && !text.includes("desc = ") ? whole : whole.slice(start));
  return tail.length <= 240 ? tail : `…${tail.slice(-239)}`;
}

/** Whoever says one of these was answered, or may have been: by HTTP, in TLS, or by nobody in time. */
const ASKED =
  /unauthorized|forbidden|x509|\btls\b|handshake|certificate|\bthe server\b|status(?: ?code)?:? \d{3}|failed calling webhook|internal error occurred|credentials|timeout|timed out|deadline ?exceeded|awaiting headers/i;
const LOCAL_CLASSES: ReadonlySet<string> = new Set(["plugin-missing", "not-initialised", "image-pull"]);
/** What the kernel or the container runtime of the node says of itself, whatever an API server answers. */
const OF_NODE =
  /\b(?:no space left on device|disk quota exceeded|read-only file system|too many open files|cannot allocate memory|exec format error|input\/output error)\b|\bxtables lock\b|\bcgroupsPath\b|\b(?:runc|crun|OCI runtime) create failed\b|\bfailed to create (?:shim task|containerd (?:task|container))\b|\bfailed to reserve sandbox name\b|\broute \(Ifindex: [^)]{1,200}\) already exists\b/;
const NEVER_SENT =
  /\b(?:open|l?stat|statfs|read|readlink|connect|fork\/exec) "?\/[^\s"]+"?: (?:no such file or directory|permission denied|not a directory)|\bdial (?:unix|tcp|udp)\b[^,;]*: (?:no such file or directory|connection refused|no route to host|network is unreachable|host is unreachable)/i;

/**
 * Does the message itself show that the call failed before any request reached an API server? A file of the node that is missing, a connection
 * that was refused or never came about, a plugin that was never run. False where it does not say, or says of an answer beside.
 */
export function neverAsked(message: string): boolean {
  const text = innerText(message);
  // Multus waits for a file of the default network's, and gives up: it has asked for nothing yet.
  if (/readinessindicatorfile/i.test(text) && !/unauthorized|forbidden|x509/i.test(text)) return true;
  return !ASKED.test(text) && (LOCAL_CLASSES.has(sandboxErrorClass(message)) || NEVER_SENT.test(text));
}

/**
 * Why a token can have nothing to do with it, by the message itself: the call asked nobody, its server was not trusted (then TLS ends before a
 * token is sent), or it was answered in a way that comes after the token was accepted (apiserver DefaultBuildHandlerChain: authentication, then
 * priority and fairness, then authorization, then admission), or another server answered, or the node itself failed. Null where it does not say.
 */
export type TokenAside = "unasked" | "unverified" | "expired-certificate" | "answered" | "elsewhere" | "local";

export function tokenAside(message: string): TokenAside | null {
  if (neverAsked(message)) return "unasked";
  const text = innerText(message);
  if (sandboxErrorClass(message) === ELSEWHERE) return WEBHOOK.test(text) ? "answered" : "elsewhere";
  if (OF_NODE.test(text) && !ASKED.test(text)) return "local";
  // The flag is read from the API server, with the token.
  if (sandboxErrorClass(message) === "datastore-not-ready") return "answered";
  if (/unauthorized|credentials/i.test(text.replace("connection is unauthorized: ", ""))) return null;
  // First: the certificate may be that of a webhook, which the API server called after it had accepted the token.
  if (ANSWERED.test(text)) return "answered";
  if (sandboxErrorClass(message) !== "x509") return null;
  return DATED.test(text) ? "expired-certificate" : "unverified";
}

const DATED = /expired or is not yet valid|current time \S+ is (?:after|before)/;
const ANSWERED =
  /\badmission webhook "[^"]{1,253}" denied the request|\bfailed calling webhook|\bthe server has received too many requests|\bexceeded quota: |\bthe server could not find the requested resource\b|\b[a-z]+\.[a-z0-9.-]{1,200} "[^"]{1,253}" not found\b|\betcdserver: |\bOperation cannot be fulfilled on |\bAssigned \d+ out of \d+ requested IPv[46] addresses/i;

/** A token or a certificate that is refused, as it is where a clock is off, leaves one of these words. */
const CREDENTIAL =
  /unauthori[sz]|authenticat|forbidden|credential|x509|\btls\b|handshake|certificate|token|signature|expired|not yet valid|clock|\b40[13]\b/i;

/** Does the message tell its error to the end, without a word that a refused token or certificate would have left in it? */
export const namesNoCredential = (message: string): boolean =>
  message.length <= LONGEST && !/(?:…|\.\.\.)["\\]*\s*$/.test(message) && !CREDENTIAL.test(innerText(message));

const innerText = (message: string): string => trimTail(untrimmed(message));

const untrimmed = (message: string): string => unescapeQuotes(errorField(message.slice(0, LONGEST)));

/** Of a log line in klog's or logrus's form only the value of `err=` or `error=`: other fields follow it. */
function errorField(line: string): string {
  const start = /(?:^|\s)err(?:or)?="/.exec(line);
  if (!start) return line;
  const from = start.index + start[0].length;
  let end = from;
  while (end < line.length && line[end] !== '"') end += line[end] === "\\" ? 2 : 1;
  return line.slice(from, end);
}

/** One level of quoting in events, two in klog lines. */
const unescapeQuotes = (text: string): string => text.replaceAll(/\\+"/g, '"');

const trimTail = (text: string): string => {
  let end = text.length;
  while (end > 0 && '"\\]. \t\r\n'.includes(text[end - 1] ?? "")) end -= 1;
  return text.slice(0, end);
};

/** For a reader: a quote or bracket at the end goes only where it closes what wraps the text, and not where it closes one of its own. */
function trimWrap(text: string): string {
  const count = (char: string): number => text.split(char).length - 1;
  let quotes = count('"');
  let closing = count("]") - count("[");
  let end = text.length;
  for (; end > 0; end -= 1) {
    const last = text[end - 1] ?? "";
    if (last === '"' ? quotes % 2 === 0 : last === "]" ? closing <= 0 : !"\\. \t\r\n".includes(last)) break;
    if (last === '"') quotes -= 1;
    if (last === "]") closing -= 1;
  }
  return text.slice(0, end);
}

function slug(text: string): string {
  const words = text
    .slice(-300)
    .split(": ")
    .slice(-2)
    .join(" ")
    .replaceAll(/"[^"]*"/g, " ")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 1 && !/\d/.test(word) && !/^[0-9a-f]{8,}$/.test(word));
  return words.slice(-6).join("-").slice(0, 60) || "unknown";
}

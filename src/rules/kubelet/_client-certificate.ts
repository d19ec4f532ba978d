import { evidenceKey } from "#model/evidence.js";
import { type Instant, order } from "#model/instant.js";
import { code, type Statement, say, time } from "#model/statement.js";
import { type Log, lastMs, lastOf, messageOf, type Told, textOf } from "./_kubelet-log.js";
import { type Cited, words } from "./_pods.js";

/** What a kubelet says of its own client certificate while the API server takes none of its requests. */
export interface CertificateWord {
  /** It has expired; or it finds none that is valid. */
  readonly kind: "expired" | "uncertified";
  /** Null where the first line is of an outage of before. */
  readonly from: Told | null;
  readonly to: Told;
  readonly text: string;
}

/** kubernetes pkg/kubelet/certificate/transport.go and bootstrap/bootstrap.go; those that say most come first. A certificate of its server is another matter. */
const SAYINGS: readonly (readonly [CertificateWord["kind"], RegExp])[] = [
  ["expired", /[Tt]he currently active client certificate has expired/],
  ["expired", /existing bootstrap client certificate (?:in \S{1,4096} )?is expired/],
  ["uncertified", /[Nn]o valid client certificate is found/],
  ["uncertified", /unable to load bootstrap kubeconfig/],
];

/** It goes on with another certificate from then on. */
const ROTATED = /[Cc]ertificate rotation detected/;

/** So long before its last line it may have said so for the last time: what it has stopped to say may have been mended. */
const STILL_SAID_MS = 600_000;

/** `logs`: of that kubelet, those of before as well. `sign`: its last sign of life. */
export function certificateWord(logs: readonly Log[], sign: Instant | null): CertificateWord | null {
  const end = logs.reduce((ms, log) => Math.max(ms, lastMs(log)), Number.NEGATIVE_INFINITY);
  const rotated = logs
    .filter(({ value }) => ROTATED.test(value.sample))
    .reduce((ms, log) => Math.max(ms, lastMs(log)), Number.NEGATIVE_INFINITY);
  const ofNow = (at: Instant): boolean => sign === null || order(at, sign) !== "before";
  for (const [kind, pattern] of SAYINGS) {
    const said = logs
      .filter(({ value }) => pattern.test(value.sample) && value.last !== null && ofNow(value.last))
      .sort((a, b) => lastMs(b) - lastMs(a));
    const [last] = said;
    if (!last || lastMs(last) < end - STILL_SAID_MS || lastMs(last) < rotated) continue;
    const from = said
      .flatMap(({ value, evidence }) => (value.first ? [{ at: value.first, evidence }] : []))
      .reduce((a, b) => (b.at.epochMs < a.at.epochMs ? b : a), lastOf(last));
    return { kind, from: ofNow(from.at) ? from : null, to: lastOf(last), text: sentence(last, pattern) };
  }
  return null;
}

/** Of a structured line the message, where that says it, and not what it gives beside it. */
function sentence(log: Log, pattern: RegExp): string {
  const text = textOf(log);
  const said = pattern.test(text) ? text : messageOf(log.value.sample);
  const message = /^"((?:[^"\\]|\\.)*)"/.exec(said)?.[1];
  return message !== undefined && pattern.test(message) ? message : said;
}

const HEADS: Readonly<Record<CertificateWord["kind"], readonly [string, string]>> = {
  expired: ["The client certificate of the kubelet of ", " has expired"],
  uncertified: ["The kubelet of ", " finds no client certificate that is valid"],
};

export function certificateStatement(name: string, { kind, from, to, text }: CertificateWord): Statement {
  const one = from === null || evidenceKey(from.evidence) === evidenceKey(to.evidence);
  const cited: Cited = one ? [to.evidence] : [from.evidence, to.evidence];
  const [before, after] = HEADS[kind];
  const when =
    from === null || from.at.epochMs === to.at.epochMs
      ? say`at ${time(to.at, to.evidence)}`
      : say`from ${time(from.at, from.evidence)} until at least ${time(to.at, to.evidence)}`;
  return say`${words(before, ...cited)}${code(name, ...cited)}${words(after, ...cited)}: ${when} its log says ${code(text, ...cited)}.`;
}

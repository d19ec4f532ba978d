import type { Fact, TokenValue } from "#model/fact.js";
import type { ComparedMoment } from "#model/rule.js";
import { citing, code, type Quoted, say, time } from "#model/statement.js";
import { cniFiles } from "#rules/timeline/_cni-paths.js";

type Kubeconfig = Fact<"kubeconfig">;

/** A kubeconfig of the CNI that holds another token than before. */
export interface Replaced {
  readonly was: Kubeconfig;
  readonly now: Kubeconfig;
}

/** By `<node>\n<path>`. */
export function replacedTokens(earlier: ComparedMoment, later: ComparedMoment): ReadonlyMap<string, Replaced> {
  const before = new Map(earlier.view("kubeconfig").all.map((k) => [keyOf(k), k]));
  const files = later.context.derive(cniFiles);
  return new Map(
    later.view("kubeconfig").all.flatMap((now) => {
      const [key, was] = [keyOf(now), before.get(keyOf(now))];
      return was && files.has(key) && !isSame(was.value.token, now.value.token) ? [[key, { was, now }] as const] : [];
    }),
  );
}

const keyOf = (fact: Kubeconfig): string => `${fact.node ?? ""}\n${fact.value.path}`;

const isSame = (a: TokenValue, b: TokenValue): boolean =>
  a.kind === b.kind &&
  a.sub === b.sub &&
  a.kid === b.kid &&
  a.pod?.uid === b.pod?.uid &&
  a.iat?.epochMs === b.iat?.epochMs &&
  a.exp?.epochMs === b.exp?.epochMs;

/** In one clause: what each was bound to, where that differs, else when each was issued. */
export function replacement({ was, now }: Replaced): Quoted {
  const differ = was.value.token.pod?.uid !== now.value.token.pod?.uid;
  return say`the token in ${code(now.value.path.slice(now.value.path.lastIndexOf("/") + 1), now.evidence)}, ${differ ? bound(was) : issued(was)}, gave way to one ${differ ? bound(now) : issued(now)}`;
}

/** Whose it is, bound to what, and from when until when. */
export function describeToken(fact: Kubeconfig): Quoted {
  const { kind, sub, exp } = fact.value.token;
  const e = fact.evidence;
  if (kind !== "jwt") return say`that is no JWT${citing(e)}`;
  const until = exp ? say`, valid until ${time(exp, e)}` : citing(e);
  return say`of ${code(sub ?? "no subject", e)} ${bound(fact)}, ${issued(fact)}${until}`;
}

const bound = ({ value, evidence }: Kubeconfig): Quoted =>
  value.token.pod
    ? say`bound to the pod ${code(value.token.pod.name, evidence)}`
    : say`bound to no pod${citing(evidence)}`;

const issued = ({ value, evidence }: Kubeconfig): Quoted =>
  value.token.iat ? say`issued at ${time(value.token.iat, evidence)}` : say`with no time of issue${citing(evidence)}`;

import type { FactKind } from "#model/fact.js";
import type { Missing } from "#model/finding.js";
import { type FactView, type MatchContext, shellWord } from "#model/rule.js";
import { acceptedLike } from "./_accepted.js";
import { type Credential, nodeFiles } from "./_credential.js";

type View = <K extends FactKind>(kind: K) => FactView<K>;

/**
 * Why nothing that the API server lists judges a node's token: its kubeconfig names another server than those of all its peers, or trusts
 * another authority, or its token names a pod that the list has by another uid, which a controller never gives to a name of its own. Then
 * the file, or the list, may be of another cluster.
 */
export function strange(credential: Credential, context: MatchContext): Missing | null {
  return otherServer(credential, context) ?? context.derive(otherPods);
}

/** One token that names a pod of another cluster's list makes the whole list doubtful; once per moment. */
const otherPods = (_view: View, context: MatchContext): Missing | null =>
  [...context.derive(nodeFiles).values()]
    .map(({ followed }) => (followed.state === "followed" ? otherPod(followed.credential, context) : null))
    .find((missing) => missing !== null) ?? null;

/**
 * Why a list of pods or accounts does not judge a token whose key the API server does not publish: it may be of another cluster, and the
 * signature is looked at first. Null where the key is known, where no keys were collected, or where such a token was accepted.
 */
export function unknownKey({ token, node }: Credential, context: MatchContext): Missing | null {
  const keys = context.derive(jwks);
  const [published] = keys.all;
  if (!published || token.kid === null || published.value.kids.includes(token.kid)) return null;
  if (acceptedLike(context, undefined, ({ kid }) => kid === token.kid)) return null;
  return {
    ...keys.missing(`whether the token on ${node} is of the cluster that was asked`),
    why: `the API server does not publish its key ${token.kid}`,
  };
}

const jwks = (view: View): FactView<"kube.jwks"> => view("kube.jwks");

function otherServer({ node, named, kubeconfig }: Credential, context: MatchContext): Missing | null {
  const peers = [...context.derive(nodeFiles)].flatMap(([peer, { followed }]) =>
    peer !== node && followed.state === "followed" ? [followed.credential.kubeconfig.value] : [],
  );
  const [peer] = peers;
  if (!peer) return null;
  const { server, caSha256 } = kubeconfig.value;
  const trusts = caSha256 !== null && peers.every((p) => p.caSha256 !== null && p.caSha256 !== caSha256);
  const names = server !== null && peers.every((p) => p.server !== null && isElsewhere(p.server, server));
  if (!trusts && !names) return null;
  return {
    ...context
      .derive(kubeconfigs)
      .missing(
        `whether ${server ?? named}, which the kubeconfig of ${node} names, is the API server that was asked`,
        node,
      ),
    why: names
      ? `the kubeconfigs of its peers name ${peer.server}`
      : "the kubeconfigs of its peers trust another certificate authority",
    command: `# on ${node}\nkubectl --kubeconfig ${shellWord(named)} get --raw /openid/v1/jwks`,
  };
}

/** A node may well call the API server at itself. */
const isElsewhere = (peer: string, own: string): boolean => {
  const [a, b] = [hostOf(peer), hostOf(own)];
  return a !== b && !isLoopback(a) && !isLoopback(b);
};

function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return url;
  }
}

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host);

/** Controllers that give each pod a name that no other had. */
const FRESH_NAMES = new Set(["DaemonSet", "ReplicaSet", "Job"]);

function otherPod({ token, node }: Credential, context: MatchContext): Missing | null {
  const bound = token.pod;
  if (!bound) return null;
  const pods = context.derive(podView);
  const namesake = pods.all.find((p) => p.value.name === bound.name && p.value.namespace === token.namespace);
  if (!namesake || namesake.value.uid === bound.uid || !FRESH_NAMES.has(namesake.value.owner?.kind ?? "")) return null;
  const [namespace, name] = [namesake.value.namespace, namesake.value.name];
  return {
    ...pods.missing(`whether the files of ${node} and the API server's lists are of one cluster`, node),
    why: `the token names the pod ${name} by another uid than the list`,
    command: `kubectl -n ${shellWord(namespace)} get pod ${shellWord(name)} -o jsonpath={.metadata.uid}`,
  };
}

const kubeconfigs = (view: View): FactView<"kubeconfig"> => view("kubeconfig");
const podView = (view: View): FactView<"kube.pod"> => view("kube.pod");

/** An address that a text says was called, and how that ended. */
export interface Dialled {
  /** As an URL writes it: IPv6 shortened and in lower case, without brackets. */
  readonly host: string;
  readonly port: number;
  /** The text asks for a path of the Kubernetes API there, by https. */
  readonly asksApi: boolean;
  /** It says that no connection came about; false where a request that was sent may have waited for its answer in vain. */
  readonly unconnected: boolean;
}

const ADDRESS = String.raw`(?:\[([0-9A-Fa-f:.]{2,45})(?:%[^\]]{1,32})?\]|((?:\d{1,3}\.){3}\d{1,3}))`;
const ENDED =
  "i/o timeout|(?:connect: )?(?:connection refused|connection timed out|no route to host|network is unreachable|host is unreachable)";
/** Go's net.OpError: the local address stands before the other where one was bound. */
const DIAL = new RegExp(
  String.raw`\bdial tcp[46]? (?:[0-9A-Fa-f:.\[\]]{1,60}->)?${ADDRESS}:(\d{1,5}): (?:${ENDED})`,
  "g",
);
/** What net/http says where the time was up before, or while, it waited for a connection. */
const REQUEST = new RegExp(
  String.raw`"?https://${ADDRESS}(?::(\d{1,5}))?(/[^\s"]{0,2000})?"?: (context deadline exceeded|net/http: request canceled while waiting for connection)`,
  "g",
);
const ASKED = new RegExp(String.raw`"?https://${ADDRESS}(?::(\d{1,5}))?(/[^\s"]{0,2000})`, "g");
/** The paths below which an API server serves. */
const API_PATH = /^\/(?:api|apis|openapi|version|healthz|livez|readyz)(?:[/?]|$)/;

const LONGEST = 8_192;

/** The literal addresses that a text says were called in vain, each once. A name that had to be looked up first is none. */
export function dialledIn(message: string): readonly Dialled[] {
  // Nearly all texts end here.
  if (!message.includes("dial tcp") && !message.includes("https://")) return [];
  const text = message.slice(0, LONGEST).replaceAll(/\\+"/g, '"');
  const asked = new Set(
    [...text.matchAll(ASKED)].flatMap(([, v6, v4, port, path]) =>
      API_PATH.test(path ?? "") ? `${canonical(v6 ?? v4 ?? "")} ${port ?? 443}` : [],
    ),
  );
  const all = [
    ...[...text.matchAll(DIAL)].map(([, v6, v4, port]) => ({ address: v6 ?? v4 ?? "", port, unconnected: true })),
    ...[...text.matchAll(REQUEST)].map(([, v6, v4, port, , end]) => ({
      address: v6 ?? v4 ?? "",
      port: port ?? "443",
      unconnected: end !== "context deadline exceeded",
    })),
  ];
  const byKey = new Map<string, Dialled>();
  for (const { address, port, unconnected } of all) {
    const host = canonical(address);
    const key = `${host} ${Number(port)}`;
    if (host === null || byKey.get(key)?.unconnected === true) continue;
    byKey.set(key, { host, port: Number(port), asksApi: asked.has(key), unconnected });
  }
  return [...byKey.values()];
}

/** An address as every text may write it another way; null for what is none. */
export function canonical(address: string): string | null {
  const bare = address.replace(/^\[|\]$/g, "");
  try {
    return new URL(`https://${bare.includes(":") ? `[${bare}]` : bare}`).hostname.replace(/^\[|\]$/g, "");
  } catch {
    return null;
  }
}

/** An address with its port, as an URL writes it. */
export const addressText = ({ host, port }: Pick<Dialled, "host" | "port">): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

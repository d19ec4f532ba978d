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
/** What stands behind `https://`, and what net/http says where the time was up before, or while, it waited for a connection. */
const REQUEST = new RegExp(
  String.raw`^${ADDRESS}(?::(\d{1,5}))?(/[^\s"]*)?(?:"?: (context deadline exceeded|net/http: request canceled while waiting for connection))?`,
);
/** The paths below which an API server serves. */
const API_PATH = /^\/(?:api|apis|openapi|version|healthz|livez|readyz)(?:[/?]|$)/;

const LONGEST = 8_192;

/** The literal addresses that a text says were called in vain, each once. A name that had to be looked up first is none. */
export function dialledIn(message: string): readonly Dialled[] {
  // Nearly all texts end here.
  if (!message.includes("dial tcp") && !message.includes("https://")) return [];
  const text = message.slice(0, LONGEST).replaceAll(/\\+"/g, '"');
  // Each by itself, so that a text that is made of nothing else costs no more than its length.
  const requests = text
    .split("https://")
    .slice(1)
    .flatMap((rest) => {
      const [whole, v6, v4, port = "443", path = "", end] = REQUEST.exec(rest) ?? [];
      return whole === undefined ? [] : { address: v6 ?? v4 ?? "", port, path, end };
    });
  const asked = new Set(
    requests.flatMap(({ address, port, path }) => (API_PATH.test(path) ? `${canonical(address)} ${Number(port)}` : [])),
  );
  const all = [
    ...[...text.matchAll(DIAL)].map(([, v6, v4, port]) => ({ address: v6 ?? v4 ?? "", port, unconnected: true })),
    ...requests.flatMap(({ address, port, end }) =>
      end === undefined ? [] : { address, port, unconnected: end !== "context deadline exceeded" },
    ),
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

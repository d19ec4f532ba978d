import { type JsonMap, textAt } from "./json.js";

/** Of `v1 -> v2` the second: what runs when the collection is made; undefined where there is none. */
export function latestVersion(text: string | undefined): string | undefined {
  return text?.split("->").at(-1)?.trim();
}

/** The answer of `/version`; undefined where the scenario does not give the version of Kubernetes. */
export function buildVersion(cluster: JsonMap): JsonMap | undefined {
  const gitVersion = latestVersion(textAt(cluster, "k8s"))?.replace(/^(?=\d)/, "v");
  const match = gitVersion === undefined ? null : /^v(\d+)\.(\d+)/.exec(gitVersion);
  if (gitVersion === undefined || match === null) return undefined;
  return { major: match[1] ?? "", minor: match[2] ?? "", gitVersion, platform: "linux/amd64" };
}

import { type JsonMap, textAt } from "./json.js";

/** A CA certificate for the years 2015 to 2044 whose private key was thrown away: one for all clusters of all scenarios. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBWzCCAQGgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDAprdWJlcm5l
dGVzMB4XDTE1MDEwMTAwMDAwMFoXDTQ1MDEwMTAwMDAwMFowFTETMBEGA1UEAwwK
a3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABG6lBiYgu/wvHLHU
UkAl3ceJgNnqQn2uB2XSfXELVfrU8Kl9tdyvx2kllpOr16j9dYHunbugBuKyWoON
BtmVMh2jQjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgKEMB0GA1Ud
DgQWBBRTlS2AKfGIXFA0jRMAh1R1GphW9zAKBggqhkjOPQQDAgNIADBFAiEA1MJm
bcVGNOUQFGmyk8sPm6CYTeRCkReNy8j6OPryw8ECIBs0PkW6oCTOW++wjHph+u9l
Dx1pKcW9Fnl5SlvH9zRh
-----END CERTIFICATE-----
`;

/** The first address of the service network, where `kubernetes.default` answers, by distribution. */
const serviceAddresses: Readonly<Record<string, string>> = {
  microk8s: "10.152.183.1",
  k3s: "10.43.0.1",
  rke2: "10.43.0.1",
};

/**
 * A token without a signature, as a bundle has it: decodable and useless.
 * @param header merged over `{alg: RS256, kid}`
 */
export function unsignedToken(claims: JsonMap, header: JsonMap, keyId: string): string {
  const part = (value: JsonMap) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", kid: keyId, ...header })}.${part(claims)}.`;
}

/** A kubeconfig with a token, in no installer's particular form: no header, one CA and one server for all nodes. */
export function writeKubeconfig(token: string, cluster: JsonMap): string {
  const server = serviceAddresses[textAt(cluster, "distro") ?? ""] ?? "10.96.0.1";
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    "- name: cluster",
    "  cluster:",
    `    server: https://${server}:443`,
    `    certificate-authority-data: ${Buffer.from(certificate).toString("base64")}`,
    "users:",
    "- name: user",
    "  user:",
    `    token: ${token}`,
    "contexts:",
    "- name: context",
    "  context:",
    "    cluster: cluster",
    "    user: user",
    "current-context: context",
    "",
  ].join("\n");
}

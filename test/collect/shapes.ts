import { generateKeyPairSync, randomBytes, randomInt } from "node:crypto";
import { ODD_EVIDENCE, oddLines, toldLines } from "./odd.js";

/**
 * Secrets of every shape that we know of, made anew for each run, and the evidence that looks like them and must survive.
 * Only what is secret goes into `secrets`: a prefix such as "ghp_" may stay, what follows it may not.
 */
export const secrets = new Map<string, string>();

const pick = (alphabet: string, n: number): string =>
  Array.from({ length: n }, () => alphabet[randomInt(alphabet.length)]).join("");
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const UPPER = LOWER.toUpperCase();
const ALNUM = LOWER + UPPER + DIGITS;

const keep = (name: string, value: string): string => {
  if (secrets.has(name)) throw new Error(`two secrets are called ${name}`);
  secrets.set(name, value);
  return value;
};
// a letter first: what begins like a file, a variable or a number is in odd.ts
const word = (name: string, n = 20): string => keep(name, pick(LOWER, 1) + pick(ALNUM, n - 2) + pick(DIGITS, 1));
const hex = (name: string, n = 32): string => keep(name, randomBytes(n).toString("hex").slice(0, n));
const lower = (name: string, n = 16): string => keep(name, `${pick(LOWER + DIGITS, n - 1)}${pick(DIGITS, 1)}`);
const upper = (name: string, n = 16): string => keep(name, pick(UPPER + DIGITS, n));
const base64 = (name: string, bytes = 32): string => keep(name, randomBytes(bytes).toString("base64"));
/** What a person would choose: no shape of its own. */
const simple = (name: string): string => keep(name, pick(LOWER, 12));

/** Plain words, as many people choose. */
const phrase = (name: string): string =>
  keep(name, `${pick(LOWER, 6)} ${pick(LOWER, 5)} ${pick(LOWER, 7)} ${pick(LOWER, 6)}`);

/** No digit, but a capital where no word of a sentence has one. */
const capital = (name: string): string => keep(name, `${pick(LOWER, 8)}${pick(UPPER, 1)}`);

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = (extra: object = {}): object => ({
  iss: "https://kubernetes.default.svc",
  sub: "system:serviceaccount:kube-system:calico-node",
  exp: 1826885465,
  "kubernetes.io": { namespace: "kube-system", pod: { name: "calico-node-62mdv", uid: "c24bd616-92e5" } },
  ...extra,
});
const unsigned = (extra?: object): string =>
  `${encode({ alg: "RS256", kid: "b95JUS6QGau" })}.${encode(claims(extra))}.`;
export const jwt = (name: string, extra?: object): string =>
  unsigned(extra) + keep(name, randomBytes(256).toString("base64url"));
/** A token that has lost its signature already is evidence. */
export const spent = unsigned();

/** The lines of a private key's body that are secret: the first line is the same for every key of its kind. */
const pem = (name: string, text: string): string => {
  const body = text
    .trim()
    .split("\n")
    .filter((line) => !/^-----|: |^$/.test(line));
  const secretLines = body.length > 2 ? body.slice(1) : [body.join("").slice(40)];
  for (const [at, line] of secretLines.entries()) if (line.length >= 12) keep(`${name}, line ${at}`, line);
  return text.trim();
};
const rsa = (name: string, type: "pkcs1" | "pkcs8" = "pkcs8"): string =>
  pem(name, generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type, format: "pem" }).toString());
const ec = (name: string, type: "sec1" | "pkcs8" = "sec1"): string =>
  pem(name, generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({ type, format: "pem" }).toString());
const ed25519 = (name: string): string =>
  pem(name, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString());
const encrypted = (name: string): string =>
  pem(
    name,
    generateKeyPairSync("rsa", { modulusLength: 2048 })
      .privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
      .toString(),
  );
const wrap = (text: string, n: number): string => (text.match(new RegExp(`.{1,${n}}`, "g")) ?? []).join("\n");
const made = (name: string, kind: string, headers = ""): string =>
  pem(
    name,
    `-----BEGIN ${kind}-----\n${headers}b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n${wrap(randomBytes(700).toString("base64"), 70)}\n-----END ${kind}-----`,
  );
const encode64 = (text: string): string => Buffer.from(text).toString("base64");
const stamped = (text: string, prefix: string): string =>
  text
    .split("\n")
    .map((line) => prefix + line)
    .join("\n");

export const certificate = `-----BEGIN CERTIFICATE-----\n${wrap(`MIIDHzCCAgegAwIBAgIU${randomBytes(700).toString("base64")}`, 64)}\n-----END CERTIFICATE-----`;
export const password = word("password of structured files");
export const proxyPassword = word("password of a proxy in arguments");
export const clientKey = encode64(rsa("client-key-data"));
export const opaque = word("opaque token", 32);
export const slashed = `/${word("behind a slash", 15)}`;
export const digits = keep("digits", `7${pick(DIGITS, 13)}`);
export const plainWord = simple("plain word");

const dockerAuth = (name: string): string => {
  const auth = encode64(`robot$ci:${word(`${name}, the password`)}`);
  return keep(`${name}, auth`, auth);
};
const dockerConfig = (name: string): string =>
  JSON.stringify({ auths: { "registry.example:5000": { username: "robot$ci", auth: dockerAuth(name) } } });

/** Free text: what may stand in a log, in the output of a command, in a message, or on standard error. */
export const LINES: readonly string[] = [
  // tokens
  `"Request" headers: Authorization: Bearer ${jwt("JWT in a header")}`,
  `token: ${jwt("JWT behind a key")}`,
  `refused eyJ token=${jwt("JWT as a value")}, giving up`,
  `{"token":"${jwt("JWT in JSON")}"}`,
  `msg="{\\"access_token\\":\\"${jwt("JWT in escaped JSON")}\\"}"`,
  `GET /api/v1/pods?access_token=${jwt("JWT in a query")}&watch=1`,
  `Cookie: a=1; argocd.token=${jwt("JWT in a cookie")}; session=${word("second cookie")}`,
  `Set-Cookie: sid=${word("set cookie")}; Path=/; HttpOnly`,
  `data ${encode64(jwt("JWT in base64"))}`,
  `data ${encode64(`Authorization: Bearer ${jwt("JWT in base64, not at its beginning")}`)}`,
  wrap(encode64(jwt("JWT in base64 over lines")), 76),
  wrap(jwt("JWT over lines"), 76),
  `nested ${jwt("JWT around a JWT", { act: jwt("JWT inside of a JWT") })}`,
  `unsecured ${encode({ alg: "none" })}.${encode(claims({ jti: word("JWT that needs no signature", 32) }))}.`,
  `jwe ${encode({ alg: "RSA-OAEP", enc: "A256GCM" })}.${["key", "iv", "text", "tag"].map((part) => keep(`JWE, ${part}`, randomBytes(48).toString("base64url"))).join(".")}`,
  `bootstrap kubeadm join 10.0.0.1:6443 --token abcdef.${lower("bootstrap token")} --discovery-token-ca-cert-hash sha256:aa`,
  `using bootstrap token "q1w2e3.${lower("bootstrap token in quotes")}"`,
  `K10${keep("k3s CA", randomBytes(32).toString("hex"))}::server:${hex("k3s token")}`,
  `k3s agent --token=K10${randomBytes(32).toString("hex")}::node:${hex("k3s node token")}`,
  `microk8s join 10.0.0.1:25000/${hex("microk8s join token")}/${hex("microk8s join hash", 12)}`,
  `connection string is: 10.0.0.1:25000/${hex("microk8s token without join")}`,
  `POST /cluster/api/v2.0/join {"callback":"${hex("microk8s callback")}","callback-token": "${word("microk8s callback token", 64)}"}`,
  `cluster agent: callback token ${word("callback token in prose", 64)}`,
  // keys
  rsa("PKCS#8 key"),
  rsa("PKCS#1 key", "pkcs1"),
  ec("EC key"),
  ec("EC key in PKCS#8", "pkcs8"),
  ed25519("Ed25519 key"),
  encrypted("encrypted key"),
  made("OpenSSH key", "OPENSSH PRIVATE KEY"),
  made("DSA key", "DSA PRIVATE KEY"),
  made(
    "old encrypted key",
    "RSA PRIVATE KEY",
    "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n",
  ),
  made("PGP key", "PGP PRIVATE KEY BLOCK"),
  stamped(rsa("key with a log's prefix"), "2026-11-22T12:11:40.123456+00:00 k8s01 app[77]: "),
  stamped(rsa("key with a container log's prefix"), "2026-11-22T12:11:40.123456789Z stderr F "),
  stamped(rsa("indented key"), "    "),
  `key ${JSON.stringify(rsa("key with \\n"))}`,
  `msg=${JSON.stringify(JSON.stringify(rsa("key with \\\\n")))}`,
  `one line ${rsa("key on one line").replaceAll("\n", " ")} behind`,
  `tls.key: ${encode64(rsa("key in base64"))}`,
  `value ${encode64(ec("EC key in base64"))}`,
  wrap(encode64(rsa("key in base64 over lines")), 76),
  rsa("key without its end").split("\n").slice(0, -1).join("\n"),
  "I1122 12:11:40.000000 1 a.go:1] the log goes on",
  rsa("key without its beginning").split("\n").slice(1).join("\n"),
  `client-key-data: ${encode64(rsa("client key"))}`,
  `PrivateKey = ${base64("WireGuard key")}`,
  `PresharedKey = ${base64("WireGuard shared key")}`,
  `wg0\t${base64("bare WireGuard key")}\t(none)\t51820`,
  `AGE-SECRET-KEY-1${upper("age key", 58)}`,
  `secretbox: - name: key1 secret: ${base64("EncryptionConfiguration")}`,
  // clouds and services
  `aws AKIA${upper("AWS key id")} aws_secret_access_key = ${keep("AWS secret", randomBytes(30).toString("base64"))}`,
  `ASIA${upper("AWS temporary key id")} AWS_SESSION_TOKEN=${keep("AWS session", randomBytes(120).toString("base64"))}`,
  `https://s3/x?X-Amz-Credential=AKIA${upper("AWS key id in a URL")}%2F20261122&X-Amz-Signature=${hex("AWS signature", 64)}`,
  `key AIza${keep("Google key", randomBytes(26).toString("base64url"))} used`,
  `ya29.${keep("Google token", randomBytes(60).toString("base64url"))}`,
  `{"type":"service_account","private_key_id":"${hex("Google key id", 40)}","private_key":${JSON.stringify(rsa("Google account"))}}`,
  `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${base64("Azure account key", 64)};EndpointSuffix=core`,
  `https://x.blob.core.windows.net/c?sv=2022&sig=${keep("Azure SAS", encodeURIComponent(randomBytes(32).toString("base64")).replaceAll("%", "%"))}&se=2027`,
  `{"aadClientId":"x","aadClientSecret":"${word("Azure client secret", 34)}"}`,
  `remote: ghp_${word("GitHub token", 36)}`,
  `github_pat_${word("GitHub fine token", 60)}`,
  `gitlab glpat-${word("GitLab token")} glrt-${word("GitLab runner")} gldt-${word("GitLab deploy")}`,
  `slack xoxb-1234567890-${word("Slack token", 24)} xapp-1-A0-${hex("Slack app", 40)}`,
  `https://hooks.slack.com/services/T0AAAAAAA/B0AAAAAAA/${word("Slack hook", 24)}`,
  `npm_${word("npm token", 36)}`,
  `dckr_pat_${word("Docker token", 27)}`,
  `lin_api_${word("Linear token", 40)}`,
  `sk-${word("sk token", 48)} sk_live_${word("Stripe token", 24)} whsec_${word("Stripe hook", 32)}`,
  `SG.${word("SendGrid id", 22)}.${word("SendGrid key", 43)}`,
  `hvs.${word("Vault token", 90)}`,
  `dop_v1_${hex("DigitalOcean token", 64)}`,
  `glsa_${word("Grafana token", 32)}_aabbccdd`,
  `tskey-auth-${word("Tailscale key", 17)}-${word("Tailscale key, second half", 32)}`,
  `hf_${word("Hugging Face token", 34)}`,
  `https://api.telegram.org/bot123456789:${word("Telegram token", 35)}/getMe`,
  // registries and headers
  `.dockerconfigjson: ${encode64(dockerConfig("docker configuration in base64"))}`,
  `pull with ${dockerConfig("docker configuration")}`,
  `{"auths":{"r":{"identitytoken":"${word("identity token", 40)}"}}}`,
  `Authorization: Basic ${encode64(`admin:${word("basic header")}`)}`,
  `curl -H 'Authorization: Bearer ${word("opaque bearer", 32)}' https://x`,
  `Authorization:[Bearer ${word("bearer of a header map", 32)}]`,
  `proxy-authorization: basic ${encode64(`p:${word("proxy header")}`)}`,
  `X-Auth-Token: ${word("X-Auth-Token")}`,
  `x-api-key: ${word("x-api-key")}`,
  `[plugins."r".auth] auth = "${dockerAuth("containerd auth")}"`,
  `header Authorization = ["Basic ${encode64(`h:${word("hosts.toml header")}`)}"]`,
  // passwords in addresses
  `GET https://user:${word("URL password")}@host/path failed`,
  `HTTPS_PROXY=http://proxy:${word("proxy password")}@10.0.0.9:3128`,
  `cloning https://${word("user only", 24)}@git.example/x.git`,
  `postgres://app:${simple("simple URL password")}@db:5432/app?sslmode=disable`,
  `redis://:${word("redis URL")}@cache:6379/0`,
  `amqp://u:${word("password in front of an @")}@${word("password behind an @", 14)}@mq/`,
  `https://u:${word("password in front of a slash", 13)}/${word("password behind a slash", 14)}@host/`,
  `https:\\/\\/u:${word("escaped URL")}@host\\/x`,
  `dsn=root:${word("DSN")}@tcp(db:3306)/x`,
  // keys and values
  `DB_PASSWORD=${simple("DB_PASSWORD")} DB_PASS=${simple("DB_PASS")} PGPASSWORD='${simple("PGPASSWORD")}'`,
  `Environment=API_TOKEN=${word("API_TOKEN")} SECRET_KEY_BASE=${hex("SECRET_KEY_BASE", 64)}`,
  `env: {Name:DB_PASSWORD Value:${simple("env of a Go struct")} ValueFrom:nil}`,
  `{"name":"SMTP_PASSWORD","value":"${simple("env in JSON")}"}`,
  `- name: APP_SECRET\n  value: ${simple("env over two lines")}`,
  `password: "${keep("pass phrase", `${pick(LOWER, 6)} ${pick(LOWER, 6)} ${pick(LOWER, 6)}`)}"`,
  `password: ${simple("password in YAML")}`,
  `passphrase: ${phrase("pass phrase in YAML, without quotes")}`,
  `  db_password = ${phrase("pass phrase in a configuration")}`,
  `passphrase: the ${phrase("pass phrase that begins like a sentence")}`,
  // what is only like an error
  `passphrase=connection refused ${phrase("pass phrase that begins like an error")}`,
  `access_token: ${simple("access_token, and an error behind it")} refused`,
  `callback: ${word("callback, and an error behind it")} failed`,
  `private_key: open${pick(LOWER, 1)}${simple("key that begins like an error")} /x: no such file`,
  `{"password":"${keep("quote in a password", `${pick(ALNUM, 8)}\\"${pick(ALNUM, 8)}`)}"}`,
  `{\\"password\\":\\"${simple("password in escaped JSON")}\\"}`,
  `map[username:root password:${simple("password in a Go map")}]`,
  `&Config{User:"root", Password:"${simple("password in a Go struct")}"}`,
  `<password>${simple("password in XML")}</password>`,
  `requirepass ${simple("redis configuration")}`,
  `CREATE USER 'x' IDENTIFIED BY '${simple("SQL")}'`,
  `node.session.auth.password = ${simple("iSCSI CHAP")}`,
  `node.session.auth.password_in = ${simple("iSCSI CHAP, the other way")}`,
  `//nas/x on /mnt type cifs (rw,username=a,password=${simple("CIFS mount")},uid=0)`,
  `--token=${word("kubelet flag")} --password ${simple("password flag")} --v=2`,
  `helm upgrade --set db.password=${simple("helm value")} --from-literal=apiKey=${simple("literal")}`,
  `sshpass -p ${simple("sshpass")} ssh root@host`,
  `sshpass -p'${simple("sshpass without a blank")}' ssh root@host`,
  `mysql -uroot -p${simple("mysql")} -h db`,
  `curl -u admin:${simple("curl -u")} http://x/`,
  `etcdctl --user root:${simple("etcdctl")} get /`,
  `ETCDCTL_USER=root:${simple("ETCDCTL_USER")}`,
  `hashed_passwd: $6$${word("salt", 8)}$${word("crypt hash", 86)}`,
  `root:$y$j9T$${word("yescrypt salt", 22)}$${word("yescrypt hash", 43)}:19000:0`,
  `chpasswd: {list: "root:${simple("cloud-init")}"}`,
  `: PSK "${simple("IPsec")}"`,
  `psk="${simple("WPA")}"`,
  `private_token=${word("private_token")}`,
  `snap set x admin.password=${simple("snap")}`,
  `ipmitool -I lanplus -U admin -P ${simple("ipmitool")} power status`,
  `helm registry x -u bob -p ${simple("helm registry")} r.example`,
  `env: {Name:DB_CRED Value:${simple("env with an abbreviation")} ValueFrom:nil}`,
  `client_secret=${word("client secret")}&grant_type=password`,
  `passphrase=${simple("passphrase")}`,
  // in the middle of a sentence
  `token: ${word("token, and text behind it")} sent`,
  `secret: ${capital("secret, and text behind it")} sent`,
  `client_secret: ${keep("sign in a client secret", `${pick(ALNUM, 4)}!${pick(ALNUM, 4)}`)} retry=3`,
  `clientSecret: ${simple("clientSecret, and text behind it")} sent`,
  `bearer_token: ${simple("bearer_token, and text behind it")} sent`,
  `x-auth-token: ${simple("x-auth-token, and text behind it")} sent`,
  `api_key: ${simple("api_key, and text behind it")} sent`,
  `secret_key: ${simple("secret_key, and text behind it")} x`,
  `access_key: ${simple("access_key, and text behind it")} x`,
  `req X-Api-Key: ${simple("header in a line")} sent`,
  `curl -H 'X-Api-Key: ${simple("header in quotes")}'`,
  `request (X-Api-Key: ${simple("header in brackets")})`,
  `credentials: user=bob secret: ${capital("field behind a field")} host=x`,
  `changed with passwd '${simple("passwd in quotes")}'`,
  `passphrase "${simple("passphrase in quotes")}" refused`,
  `{"message":"passphrase \\"${simple("passphrase in a JSON message")}\\" refused"}`,
  `ALTER ROLE x PASSWORD '${keep("blank in an SQL password", `${pick(LOWER, 6)} ${pick(LOWER, 6)}`)}' VALID`,
  `SetPassword("${simple("call")}")`,
  `client.SetPassword(ctx, "root", "${simple("call with more arguments")}")`,
  `set_token('${simple("call in another language")}', 1)`,
  `redis AUTH ${simple("redis AUTH")}`,
  `redis: "AUTH" "default" "${simple("redis AUTH in quotes")}"`,
  `AUTH PLAIN ${encode64(`\0bob\0${word("mail AUTH")}`)}`,
  `GET /x?q=password%3D${simple("password in an encoded query")}%26x%3D1`,
  `body=%7B%22password%22%3A%22${simple("password in encoded JSON")}%22%7D`,
  ...["", "x", "xy"].flatMap((before) =>
    ["password=", "DB_PASSWORD=", "Password: "].map(
      (key) => `data ${keep(`base64 of ${before}${key}`, encode64(`${before}${key}${pick(ALNUM, 9)}`))} read`,
    ),
  ),
  `SharedAccessSignature sig=${simple("SAS by its header")}`,
  `bad password ${simple("word behind a bad password")}`,
  `wrong password ${simple("word behind a wrong password")} for user bob`,
  `password ${word("password with a digit", 9)} rejected`,
  `password=\xff${simple("behind a strange byte")} password: a\xfe${simple("behind another strange byte")}`,
  ...toldLines(keep),
  ...oddLines(keep),
];

/** Evidence. It stands between the secrets, and must come out as it went in. */
export const EVIDENCE: readonly string[] = [
  'failed to destroy network for sandbox "4e0ee0d8fba7ab0bf4d2ae12e5c36b7b6a2e1cf5c4d2f8f9a1b2c3d4e5f60718": plugin type="calico" failed (delete): error getting ClusterInformation: connection is unauthorized: Unauthorized',
  'E1122 12:11:40.112233 1234 kubelet.go:1711] "Failed to update lease" err="Unauthorized"',
  "Authorization failed: token has expired; certificate has expired or is not yet valid: current time 2026-11-22T12:11:40Z is after 2026-05-23T02:52:00Z",
  'MountVolume.SetUp failed for volume "kube-api-access-x2x4l" : object "kube-system"/"kube-root-ca.crt" not registered',
  'secret "calico-etcd-secrets" not found',
  'secrets "db-password" is forbidden: User "system:node:k8s01" cannot get resource "secrets" in API group "" in the namespace "default"',
  'couldn\'t get secret "password": not found',
  'object "default"/"db-password": connection refused',
  "access_token: connection refused",
  'err="access_token: permission denied" retry=3',
  "failed to refresh access_token: dial tcp 10.0.0.1:443: i/o timeout",
  "callback: CNIConfigChanged failed",
  "private_key: open /x: no such file",
  'private_key: open "/etc/x.key": permission denied',
  "failed to load client_certificate_key: tls: private key does not match public key",
  "password: authentication failed",
  "api_key: Unauthorized",
  "Failed to pull image: docker-pullable://calico@sha256:7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069",
  "image docker.io/calico/node@sha256:7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069 is up to date",
  'pod "calico-node-62mdv" uid 567d9c55-f3c1-4354-90b5-6d57c87d2f8d on k8s01',
  "dial unix:///run/containerd/containerd.sock: connect: connection refused, see root@k8s01",
  "Get https://10.152.183.1:443/api/v1/nodes/k8s01?timeout=10s: dial tcp 10.152.183.1:443: i/o timeout (user a@b)",
  "GET https://10.0.0.1:6443/apis/crd.projectcalico.org/v1/clusterinformations/default 401 Unauthorized in 3 milliseconds",
  "the pod disk-encryption-operator-controller-manager-0 and task-scheduler-controller-manager-1 are there",
  "token issuer https://kubernetes.default.svc, key id unknown, serviceaccounts token is bound to a deleted pod",
  "0/3 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 2 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.",
  "error: plugin basic auth is off; bearer authentication required",
  `spent token ${spent} stays readable`,
  `token: ${spent}`,
  `    token: "${spent}"`,
  `{"token":"${spent}"} --token=${spent}`,
  "ca /var/snap/microk8s/8612/certs/ca.crt key /var/snap/microk8s/8612/certs/server.key token file /var/run/secrets/kubernetes.io/serviceaccount/token",
  "Caused by: x509: certificate signed by unknown authority",
  '-A KUBE-SVC-ERIFXISQEP7F7OF4 -m comment --comment "default/x:http" -j KUBE-SEP-ABCDEFGHIJKLMNOP',
  '-A cali-pri-kns.kube-system -m comment --comment "cali:6gwbT8clXdHdC1b1" -j RETURN',
  "Nov 22 12:11:40 k8s01 kernel: BOOT_IMAGE=/vmlinuz-5.15.0-91-generic root=UUID=0b1f4b9a-6c8e-4a37-8b5e-d2f0a8c7e611 ro",
  "event calico-node-62mdv.17a2b3c4d5e6f708 of kube-system",
  "failed to fetch token: pod not found",
  'MountVolume.SetUp failed: failed to fetch token: serviceaccounts "x" is forbidden',
  'failed to fetch token: Post "https://10.0.0.1:6443/api/v1": dial tcp 10.0.0.1:6443: connect: connection refused',
  'token: ServiceAccount "x" not found',
  "token: x509: certificate has expired or is not yet valid",
  "token: rpc error: code = Unavailable",
  "secret: not found",
  "failed to fetch secret: calico-etcd-secrets not found",
  "secret: kube-system/calico refused",
  "serviceaccount token: expired",
  "serviceaccount token: timeout while it was read",
  'MountVolume.SetUp failed for volume "kube-api-access-x2x4l" : failed to sync configmap cache: timed out waiting for the condition',
  'Error creating: pods "x" is forbidden: error looking up service account kube-system/x: serviceaccount "x" not found',
  "couldn't find key password in Secret default/db",
  "bad password for user root",
  "Failed password for invalid user admin from 10.0.0.1 port 22 ssh2",
  'FATAL: password authentication failed for user "postgres"',
  'msg="wrong password" user="x"',
  '{"a":"the password ","b":"x"}',
  "status installed passwd 1:4.13+dfsg1-4ubuntu3",
  "redis AUTH failed, NOAUTH Authentication required",
  "systemd[1]: Started snap.microk8s.daemon-kubelite.service, join the cluster later",
  ...ODD_EVIDENCE,
  certificate,
];
/** A certificate in base64 of PEM, as kubeconfigs carry it. */
export const certificateData = encode64(certificate);

import { randomInt } from "node:crypto";

/**
 * Secrets that look like something else: like a path, a file's end, a variable, a header, a number, a word; behind each kind of name, in each
 * notation. And their near misses: what looks like a secret's name or value, and is needed to understand an incident.
 */
const pick = (alphabet: string, n: number): string =>
  Array.from({ length: n }, () => alphabet[randomInt(alphabet.length)]).join("");
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const ALNUM = `${LOWER}${LOWER.toUpperCase()}${DIGITS}`;
const HEX = "0123456789abcdef";

/** How a value may begin, and what it may consist of. */
const VALUES: Readonly<Record<string, () => string>> = {
  "a slash": () => `/${pick(ALNUM, 15)}`,
  "two slashes": () => `/${pick(ALNUM, 7)}/${pick(ALNUM, 9)}`,
  "a slash and a word": () => `/${pick(LOWER, 13)}`,
  "a slash at the beginning of base64": () => `/${pick(`${ALNUM}+/`, 38)}=`,
  "a dot": () => `.${pick(ALNUM, 14)}`,
  "a dot and a slash": () => `./${pick(ALNUM, 14)}`,
  "a dollar sign": () => `$${pick(ALNUM, 14)}`,
  "a brace": () => `\${${pick(LOWER, 14)}`,
  "a bracket": () => `$(${pick(LOWER, 14)}`,
  "x-": () => `x-${pick(LOWER, 6)}-${pick(LOWER, 8)}`,
  "digits only": () => `${pick("123456789", 1)}${pick(DIGITS, 11)}`,
  "a date": () => `2024${pick(DIGITS, 10)}`,
  "a duration": () => `${pick("123456789", 6)}h${pick("123456789", 5)}m`,
  "an address": () => `10.${pick(DIGITS, 5)}.${pick(DIGITS, 5)}.12`,
  "a word": () => pick(LOWER, 14),
};
const KEYS = [
  "password",
  "DB_PASSWORD",
  "pass",
  "DB_PASS",
  "userPass",
  "passwd",
  "db_passwd",
  "pwd",
  "MYSQL_PWD",
  "pw",
];
const MORE_KEYS = [
  "DB_PW",
  "bindpw",
  "userPw",
  "passphrase",
  "psk",
  "client_secret",
  "clientSecret",
  "secret",
  "token",
];
const OTHER_KEYS = ["access_token", "api_key", "AWS_SECRET_ACCESS_KEY", "private_key", "encryptionKey", "routing_key"];
export const NAMES: readonly string[] = [...KEYS, ...MORE_KEYS, ...OTHER_KEYS];

/** How a name and its value are written. */
const NOTATIONS: Readonly<Record<string, (key: string, value: string) => string>> = {
  "key=value": (key, value) => `login ${key}=${value} done`,
  "key = value": (key, value) => `${key} = ${value}`,
  "key: value": (key, value) => `${key}: ${value}`,
  "key: value in a sentence": (key, value) => `started with ${key}: ${value} for node n1`,
  JSON: (key, value) => `{"user":"u","${key}":"${value}"}`,
  "JSON with blanks": (key, value) => `  "${key}" : "${value}",`,
  "escaped JSON": (key, value) => `msg="{\\"user\\":\\"u\\",\\"${key}\\":\\"${value}\\"}"`,
  "YAML flow": (key, value) => `auth: {user: bob, ${key}: ${value}, x: y}`,
  "YAML flow with quotes": (key, value) => `auth: { user: "bob", ${key}: "${value}" }`,
  TOML: (key, value) => `  ${key} = '${value}'`,
  "a flag": (key, value) => `run --${key.replaceAll("_", "-").toLowerCase()} ${value} --v=2`,
  "a flag with a sign": (key, value) => `run --${key.replaceAll("_", "-").toLowerCase()}=${value} --v=2`,
  "an environment": (key, value) => `Environment="A=b" "${key}=${value}"`,
  "a query": (key, value) => `GET /login?user=a&${key}=${value}&x=1`,
  "a query behind a path": (key, value) => `auth_url=/login?${key}=${value}`,
  "a query of an address": (key, value) => `GET https://h.example/cb?${key}=${value}`,
  "a Go struct": (key, value) => `{User:bob ${key}:${value}}`,
  "mount options": (key, value) => `(rw,username=a,${key}=${value})`,
};

/** Each notation with each value: the names take turns. "all" takes each name, too. */
export function oddLines(keep: (name: string, value: string) => string, all = false): readonly string[] {
  let turn = 0;
  return Object.entries(NOTATIONS).flatMap(([notation, write]) =>
    Object.entries(VALUES).flatMap(([beginning, make]) =>
      (all ? NAMES : [NAMES[turn++ % NAMES.length] ?? ""]).map((key) =>
        write(key, keep(`${notation}: ${key} with ${beginning}`, make())),
      ),
    ),
  );
}

/** What a value may consist of where nothing but the words around it tells what it is. */
const KINDS: Readonly<Record<string, () => string>> = {
  "a word": () => pick(LOWER, 12),
  "letters and digits": () => `${pick(ALNUM, 20)}aB7${pick(ALNUM, 9)}`,
  "a sign": () => `S${pick(LOWER, 6)}!${pick(DIGITS, 6)}`,
  "hexadecimal digits": () => `${pick(HEX, 38)}a1`,
};
const FORMS: readonly string[] = [
  "Authorization: ApiKey @@",
  "Authorization: Splunk @@",
  "Authorization: GenieKey @@",
  "Authorization: SharedKey acc:@@",
  "Authorization: token @@",
  'headers="X-Authorization: Foo @@" x',
  "authorization: password: @@",
  'oauth2: "refresh_token":"@@"',
  'msg="oauth2: \\"refresh_token\\":\\"@@\\""',
  'passwords: ["a","@@"]',
  'passwords: ["a", "b", "@@"]',
  "passwords: [foo, @@]",
  "secret = foo @@",
  "password: password: @@",
  "Password for bob: @@",
  "kinit: password for bob: @@",
  'bird: BGP: Password for peer 10.0.0.1 is "@@"',
  "cloud-init[9]: Set root password to @@",
  'admin password updated to "@@"',
  "Unauthorized: token '@@'",
  'k3s: unable to verify token "@@"',
  '{"value":"@@","name":"password"}',
  '{"key":"DB_PASSWORD","value":"@@"}',
  "password: &a @@",
  "password: !!str @@",
  "snmpget -v3 -u bob -l authPriv -a SHA -A @@ 10.0.0.1",
  "snmpwalk -v2c -c @@ 10.0.0.1",
  "rocommunity @@ 10.0.0.0/8",
  "com2sec readonly default @@",
  'createUser bob SHA "@@" AES',
  "rootpw @@",
  "auth_pass @@",
  "curl -kubob:@@ https://x",
  "7z x -p@@ a.7z",
  "Warning: Using a password -p@@ on the command line",
  "rabbitmqctl add_user bob @@",
  "racadm -r x -u root -p @@ getsysinfo",
  "stats auth admin:@@",
  "RABBITMQ_ERLANG_COOKIE=@@",
];

const PROBES: readonly string[] = [
  '"mysqladmin","ping","-u","root","-p","@@"',
  '"curl","-fs","-u","bob:@@","http://localhost/health"',
  '"etcdctl","--user","root:@@","endpoint","health"',
  '"rabbitmqctl","authenticate_user","bob","@@"',
  '"ldapsearch","-D","cn=x","-w","@@"',
  '"cqlsh","-u","a","-p","@@"',
  '"vault","login","@@"',
  '"/bin/sh","-c","redis-cli -a @@ ping"',
];

/** Shapes by which programs tell, take or print a secret. */
export const toldLines = (keep: (name: string, value: string) => string): readonly string[] => {
  const word = (name: string): string => keep(name, pick(LOWER, 14));
  const hex = (name: string, n: number): string => keep(name, pick(HEX, n));
  const mixed = (name: string, n: number): string => keep(name, pick(ALNUM, n - 1) + pick(DIGITS, 1));
  return [
    // arguments as a list prints them, and as Go prints its structs
    `cmd=["helper","--password","${word("listed argument")}"] x`,
    `["helper" "--token" "${word("listed argument, blanks")}"]`,
    `['helper', '--password', '${word("listed argument, single quotes")}']`,
    `msg="args: [\\"--token\\",\\"${word("listed argument, escaped")}\\"]"`,
    `["redis-cli","-a","${word("redis-cli in a list")}"] ["mysqladmin","-uroot","-p${word("mysqladmin in a list")}"]`,
    `audit a1="--password" a2="${word("audit argument")}"`,
    `{"Args":["-pin","${word("-pin in a list")}","-passwd","${word("-passwd in a list")}"]}`,
    `HTTPHeader{Name:X-Vault-Token,Value:${word("Go header")},} EnvVar{Name:PLAIN,Value:${word("Go variable")},}`,
    `myapp -pin ${word("-pin in text")} and --pat ${word("--pat in text")} end`,
    `myapp -pin=${word("-pin= in text")} and --pat="${word("--pat= in text")}" end ["tool","--pat=${word("--pat= in a list")}"]`,
    `audit a0="redis-cli" a1="-a" a2="${word("redis-cli in an audit line")}"`,
    `[upload-certs] Using certificate key: ${hex("certificate key on its line", 64)}`,
    `[upload-certs] Using certificate key:\n${hex("certificate key on the next line", 64)}`,
    `Nov 22 12:11:40 n1 kubeadm[7]: [upload-certs] Using certificate key:\nNov 22 12:11:40 n1 kubeadm[7]: ${hex("certificate key in a journal", 64)}`,
    `kubeadm join --certificate-key ${hex("certificate key as a flag", 64)} --control-plane`,
    `client GOCSPX-${mixed("Google client secret", 28)} refused`,
    `msg="Loading IPsec keyfile" keys="3 rfc4106(gcm(aes)) ${hex("IPsec key", 40)} 128"`,
    `aead rfc4106(gcm(aes)) 0x${hex("xfrm key", 72)} 128`,
    `auth-trunc hmac(sha256) 0x${hex("xfrm key of hmac", 64)} 128 enc cbc(aes) 0x${hex("xfrm key of cbc", 32)}`,
    `Authorization: AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/20261122/x/s3/aws4_request, SignedHeaders=host, Signature=${hex("SigV4", 64)}`,
    `Authorization: Digest username="bob", realm="x", nonce="${hex("Digest nonce", 32)}", response="${hex("Digest response", 32)}"`,
    `using kubeconfig-u-abcde:${keep("Rancher", pick(LOWER + DIGITS, 54))} of rancher`,
    `kubectl create secret generic x --from-literal=foo=${word("from-literal")}`,
    `crictl pull --creds bob:${word("crictl creds")} x`,
    `skopeo copy --src-creds=bob:${word("skopeo source")} --dest-creds bob:${word("skopeo destination")} a b`,
    `nerdctl login -u bob -p ${word("nerdctl login")} r`,
    `openssl rsa -passin pass:${word("passin")} -in x`,
    `openssl enc -k ${word("openssl -k")} -aes256`,
    `keytool -storepass ${word("storepass")} -keypass ${word("keypass")}`,
    `mount.cifs //a /b -o username=u,pass=${word("pass of a mount")}`,
    `smbclient -U bob%${word("smbclient -U")} //x`,
    `vault login ${word("vault login")}`,
    `ngrok authtoken ${word("ngrok authtoken")}`,
    `Run: k3s agent -s https://1.2.3.4:6443 -t ${word("k3s agent -t")}`,
    `echo ${word("echo to a login")} | docker login --username u --password-stdin r.example`,
    `user bob pass ${word("pass in a sentence")}`,
    `login for user bob password ${word("password in a sentence")} failed`,
    `neighbor 10.0.0.2 password ${word("BGP neighbour")}`,
    `Reconciling bootstrap data with passphrase ${word("passphrase at the end")}`,
    `the generated password is ${word("password is")}`,
    `the token is ${mixed("token is", 30)}`,
    `binddn cn=x\nbindpw ${word("bindpw of a configuration")}`,
    `db_pin=${keep("PIN", pick("123456789", 12))}`,
    `https://contoso.webhook.office.com/webhookb2/${mixed("Teams hook", 30)}@${hex("Teams tenant", 32)}/IncomingWebhook/${hex("Teams key", 32)}/x`,
    `https://outlook.office.com/webhook/${hex("old Teams hook", 32)}@a/IncomingWebhook/${hex("old Teams key", 32)}/b`,
    `https://events.pagerduty.com/integration/${hex("PagerDuty", 32)}/enqueue`,
    `https://hooks.zapier.com/hooks/catch/1234/${word("Zapier")}/`,
    `POST https://mattermost.example/hooks/${keep("Mattermost", pick(LOWER + DIGITS, 26))} 500`,
    `https:\\/\\/alerts.example\\/webhook\\/${word("escaped hook")}`,
    `https://discordapp.com/api/webhooks/123/${mixed("Discord", 60)}`,
    `https://sn.example/api/x?subscription-key=${hex("subscription key", 32)}&x=1`,
    `otpauth://totp/x?secret=${keep("TOTP", pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32))}&issuer=x`,
    `  "password": ${keep("number in JSON", pick("123456789", 12))},`,
    `password ${keep("number in a sentence", pick("123456789", 12))} rejected`,
    `passphrase "${keep("number in quotes", pick("123456789", 12))}" refused`,
    `<pass>${word("pass in XML")}</pass>`,
    `password => '${word("a fat arrow")}'`,
    `secret == ${word("a comparison")}`,
    `"secret":"{${word("a brace in quotes")}"`,
    `"password":"[${word("a bracket in quotes")}"`,
    `token: ${word("a word behind a token")}, retrying`,
    `credential: ${word("a word behind a credential")}: x`,
    `password={${word("a brace without an end")}`,
    `password=[${word("a bracket without an end")}`,
    ...CHAP.flatMap((key) => [
      `iscsiadm -m node -o update -n ${key} -v ${word(`${key} -v`)}`,
      `E1122 running [iscsiadm -m node -n ${key} --value ${mixed(`${key} --value`, 12)}]`,
      `cmd="iscsiadm" args=["-n" "${key}" "-v" "${word(`${key} in quotes`)}"]`,
      `cmd="iscsiadm" args=["-n","${key}","-v","${word(`${key} in a list`)}"]`,
      `iscsi: failed to update node session key "${key}" with value "${word(`${key} with value`)}" error: x`,
      `msg="failed to update key \\"${key}\\" with value \\"${keep(`${key} with digits`, pick("123456789", 12))}\\" x"`,
    ]),
    `aws configure set aws_secret_access_key ${word("aws configure")}`,
    // commands as lists, as the kubelet prints those of probes
    ...PROBES.map(
      (form) => `"ExecSync cmd from runtime service failed" cmd=[${form.replace("@@", () => word(`probe ${form}`))}]`,
    ),
    `msg="exec failed" args: [\\"mysqladmin\\",\\"-u\\",\\"root\\",\\"-p\\",\\"${word("probe, escaped")}\\"]`,
    `{"command":["ldapsearch","-w","${word("probe in JSON")}"]}`,
    // variables as Go and CRI print them, with what ends a value in them
    `EnvVar{EnvVar{Name:DB_PASSWORD,Value:ab,${word("Go variable, a comma")},ValueFrom:nil,},}`,
    `EnvVar{EnvVar{Name:X,Value:{"user":"x","hmac":"${word("Go variable, a brace")}"},ValueFrom:nil,},}`,
    `EnvVar{EnvVar{Name:DB_PASSWORD,Value:Zq}${word("Go variable, a brace first")},x,ValueFrom:nil,},}`,
    `Envs:[]*KeyValue{&KeyValue{Key:db-password,Value:${word("CRI variable")},},&KeyValue{Key:x.y,Value:${word("CRI variable, dots")},},}`,
    `{"env":[{"name":"db-password","value":"${word("variable with a dash")}"},{"name":"spring.datasource.password","value":"${word("variable with dots")}"}]}`,
    `2026-11-22T12:11:40.123Z stdout F       - name: DB_PASSWORD\n2026-11-22T12:11:40.123Z stdout F         value: ${word("variable in a pod's log")}`,
    `Nov 22 12:11:40 n1 app[1]: - name: db-password\nNov 22 12:11:40 n1 app[1]:   value: ${word("variable in a journal")}`,
    `  password: |\n    ${word("a block")}\n    ${word("second line of a block")}`,
    `"password":\n  "${word("a value on the next line")}"`,
    // names of two words
    ...["Access Key", "secret key", "Secret Access Key", "API key", "private key", "license key", "pass phrase"].map(
      (key) => `config of s3.example ${key}: ${word(`${key}, two words`)}`,
    ),
    ...["userKey", "adminKey", "hmac_key", "jwt_key", "storage_key", "auth_key"].map(
      (key) => `{"${key}":"${word(`${key} in JSON`)}"}`,
    ),
    `rbd: using mon 10.0.0.1:6789, pool kube id admin key ${keep("Ceph", `AQ${pick(ALNUM, 36)}==`)}`,
    `rbd map kube/x --id admin --key ${keep("Ceph flag", `AQ${pick(ALNUM, 36)}==`)}`,
    // escapes and colours between name and value
    `Get "https://acr1.blob.core.windows.net/x?se=2026\\u0026sig=${word("SAS, escaped")}\\u0026sp=r": EOF`,
    `Get "https://acr1.blob.core.windows.net/x?se=2026&amp;sig=${word("SAS in HTML")}&amp;sp=r": EOF`,
    `msg="x password\\u003d${word("an escaped sign")}" \\u003cpassword\\u003e${word("an escaped tag")}\\u003c/password\\u003e`,
    `\x1b[36mINFO\x1b[0m[0001] connected \x1b[36mpassword\x1b[0m=${word("colours")}`,
    `msg="\\u001b[36mtoken\\u001b[0m=${word("escaped colours")}"`,
    `HTTPS_PROXY=http://CORP\\svc:${word("a domain user")}/${word("a domain user, behind a slash")}@proxy.example:8080`,
    `[Note] A temporary password is generated for root@localhost: ${word("temporary password")}`,
    `audit: proctitle=${keep(
      "proctitle",
      Buffer.from(`mysql -p${pick(LOWER, 9)}`)
        .toString("hex")
        .toUpperCase(),
    )}`,
    `users bob:{SHA}${mixed("SHA", 27)}= hash=$argon2id$v=19$m=65536,t=3,p=4$${mixed("argon2", 22)}$x`,
    `Data:map[tls.key:[${keep("bytes", Array.from({ length: 14 }, () => randomInt(10, 255)).join(" "))}]]`,
    `netroot=iscsi:bob:${word("dracut")}:rbob:${word("dracut, reverse")}@10.0.0.1::3260:0:iqn.x`,
    `mc alias set minio https://x minioadmin ${word("mc alias")}`,
    `mc alias set local http://minio:9000 "rootuser" "${word("mc alias, quoted")}"`,
    `cmd=["mc","alias","set","local","http://m","rootuser","${word("mc in a list")}"]`,
    `cmd":"[\\"mysqladmin\\",\\"-p\\",\\"${word("a list in a string")}\\"]"`,
    `x mysql ['mysqladmin', '-p', '${word("a list of Python")}'] y`,
    `vault operator unseal ${word("unseal")} and command=["vault","operator","unseal","${word("unseal in a list")}"]`,
    `{"msg":"\\u0022password\\u0022:\\u0022${word("escaped quotes")}\\u0022"} &quot;password&quot;:&quot;${word("quotes of HTML")}&quot;`,
    `&lt;password&gt;${word("a tag of HTML")}&lt;/password&gt;`,
    `#033[36mpassword#033[0m=${word("colours of rsyslog")} and \x1b[1mtoken\x1b[K=${word("the end of a line")}`,
    `type=EXECVE a0="mysql" a1="-p" a2="${word("EXECVE")}" a3=${keep("EXECVE in hexadecimal", Buffer.from(pick(LOWER, 12)).toString("hex").toUpperCase())}`,
    `pbkdf2:sha256:260000$${mixed("pbkdf2", 16)}$x SCRAM-SHA-256$4096:${mixed("SCRAM", 16)}$a:b`,
    `type=EXECVE msg=x a0="mc" a1="alias" a2="set" a3="a" a4="http://h" a5="${word("mc in EXECVE, key")}" a6="${word("mc in EXECVE")}"`,
    `type=EXECVE a0="vault" a1="operator" a2="unseal" a3="${word("unseal in EXECVE")}"`,
    `Args:[]string{"mc","alias","set","a","http://h","x","${word("mc in a list of Go")}"}`,
    `COMMAND=/usr/bin/mc alias  set a  http://h x ${word("mc with two blanks")}`,
    `cmd=["x","-p","a b ${word("a blank in a value")}"] cmd=["x","--password=a ${word("a blank behind a sign")}"] cmd=["x","--password","a\\"${word("a quote in a value")}"]`,
    `https://h/?password=a&quot;${word("a quote of HTML within")} password&#61;${word("a sign of HTML")}`,
    `access key: ${word("a value like a file")}.txt`,
    `v1.EnvVar{Name:"APP", Value:"${word("Go variable, quoted")}", ValueFrom:(*v1.EnvVarSource)(nil)}`,
    `cqlsh -u a -p ${word("cqlsh")} x; sqlcmd -U sa -P${word("sqlcmd")}; + mysql '-p${word("quoted -p")}'`,
    ...Object.entries(KINDS).flatMap(([kind, make]) =>
      FORMS.map((form) => form.replace("@@", () => keep(`${form} with ${kind}`, make()))),
    ),
  ];
};

/** Flags of one dash whose name says what follows. */
const SINGLE_DASH =
  "password passwd pass passphrase psk pat pw pwd pword pin private-key token secret key apikey api-key access-key auth"
    .split(" ")
    .concat("db-password dbpass storepass keypass storePass web.auth-password proxy-user".split(" "))
    .map((name) => `-${name}`);
const HEADERS = [
  "Authorization: Bearer",
  "authorization:",
  "X-Vault-Token:",
  "X-Auth-Token:",
  "PRIVATE-TOKEN:",
  "Cookie:",
];
const CHAP = ["node.session.auth.password", "node.session.auth.password_in", "discovery.sendtargets.auth.password"];

/** Command lines: each word by itself as in /proc/<pid>/cmdline, or joined as ps shows them. */
export const commandLines = (keep: (name: string, value: string) => string): readonly (readonly string[])[] => {
  const word = (name: string): string => keep(`command line: ${name}`, pick(LOWER, 14));
  return [
    ["/usr/local/bin/k3s", "agent", "-t", word("k3s -t"), "--node-name", "n1"],
    ["/usr/bin/agent", "--pat", word("--pat"), "-k", word("-k"), "--enroll", "-c", word("-c")],
    ["/usr/bin/containerd", "-c", `/${keep("command line: a slash behind -c", `${pick(ALNUM, 12)}Aa1`)}`],
    ["/usr/bin/snmpd", "-c", word("snmpd -c")],
    ["/usr/bin/vault", "login", word("vault login")],
    ["/usr/bin/ngrok", "authtoken", word("ngrok authtoken")],
    ["/usr/bin/x", "-etcdpw", word("-etcdpw"), "--db-pw", word("--db-pw"), "--ldap-pass=x", `--cid=${word("--cid=")}`],
    ["/usr/bin/x", "--cid", word("--cid"), "--unknown", word("an unknown flag")],
    ["/usr/bin/x", "--password", `/${word("a slash")}`, "--token", keep("command line: digits", pick("123456789", 14))],
    ["/usr/bin/x", "--seed", keep("command line: digits of a flag unknown", pick("123456789", 14))],
    ["/usr/bin/x", "--data", `/${keep("command line: a slash and base64", `${pick(ALNUM, 12)}Aa1`)}`],
    ...SINGLE_DASH.map((flag) => ["/usr/bin/x", "-user", "bob", flag, word(flag), "-v", "2"]),
    ["mysql", "-uroot", `-p${word("-pSECRET")}`, "-h", "db"],
    ["mysql", `-p${word("-p and a word like a name of a secret")}password`, "-h", "db"],
    ["x", "-pmy-password", word("what may be a name or a secret")],
    ["x", "-passphrase", `${word("pass phrase")} ${word("second word")} ${word("third word")}`, "-v", "2"],
    ...HEADERS.flatMap((header) => [
      ["/usr/bin/curl", "-H", `${header} ${word(`-H ${header}`)}`, "https://h.example"],
      ["/usr/bin/curl", "-skH", `${header} ${word(`-skH ${header}`)}`, "https://h.example"],
      ["/usr/bin/curl", `-H${header} ${word(`-H and ${header}`)}`, "-v", "https://h.example"],
      ["/usr/bin/wget", `--header=${header} ${word(`--header= ${header}`)}`],
      ["/usr/bin/wget", "--header", `${header} -${word(`--header ${header} and a dash`)}`, "-q"],
      ["curl", "-b", "c", "-H", `Cookie: a=1; b=${word(`a second cookie behind ${header}`)}`],
      ["sh", "-c", `curl -H "${header} ${word(`quotes around ${header}`)}" https://h.example`],
    ]),
    ["git", "-c", `http.extraheader=Authorization: Basic ${word("extraheader")}`, "fetch"],
    ["curl", "-H", `Authorization: Splunk acc:${word("a scheme unknown")} ${word("behind a scheme unknown")}`],
    ...CHAP.flatMap((key) => [
      ["iscsiadm", "-m", "node", "-o", "update", "-n", key, "-v", word(`${key} -v`)],
      ["iscsiadm", "-m", "node", "--op", "update", "--name", key, "--value", word(`${key} --value`)],
      ["iscsiadm", "-m", "node", "-n", key, "-v", keep(`command line: digits of ${key}`, pick("123456789", 12))],
    ]),
    ["aws", "configure", "set", "aws_secret_access_key", word("aws configure")],
    ["/usr/local/bin/mc", "alias", "set", "local", "http://m:9000", "rootuser", word("mc alias")],
    ["mc", "config", "host", "add", "local", "http://m:9000", "rootuser", word("mc config")],
    ["vault", "operator", "unseal", word("vault unseal")],
    ["sh", "-c", `(mc alias set a http://minio:9000 x ${word("mc behind a bracket")}); sleep 1`],
    [
      "sh",
      "-ec",
      `cd /x;mc alias set a http://minio:9000 ${word("mc behind a semicolon, key")} ${word("mc behind a semicolon")}`,
    ],
    ["sh", "-c", `mc alias set a "$MINIO_URL" x ${word("mc with a variable")}`],
    ["mc", "admin", "user", "add", "local", "bob", word("mc admin")],
    ["mc", "alias", "--insecure", "set", "a", "http://m:9000", word("mc with a flag, key"), word("mc with a flag")],
    ["mc", "alias", "s", "a", "http://m:9000", word("mc in short, key"), word("mc in short")],
    ["sh", "-c", `mc alias \\ set a http://m:9000 ${word("mc over two lines, key")} ${word("mc over two lines")}`],
    ["mc", "config", "host", "a", "a", "URL", "K", word("mc config in short")],
    ["sh", "-c", `mc alias set a http://h k s && mysql -u root -p${word("-pSECRET behind mc")}`],
    ["mc", "alias", "set", "a", "http://h", "k", `-${word("a dash before mc's secret")}`],
    ["rabbitmqctl", "add_user", "bob", word("add_user")],
    ["rabbitmqctl", "change_password", "bob", word("change_password")],
    ["/usr/bin/ldapsearch", "-x", `-w${word("ldapsearch -wSECRET")}`, "-b", "dc=x"],
    ["snmpwalk", "-v2c", `-c${word("snmpwalk -cSECRET")}`, "10.0.0.1"],
    ["sh", "-c", `snmpget -v3 -A${word("snmpget -ASECRET")} 10.0.0.1`],
    ["iscsiadm", "-m", "node", "-v", word("iscsiadm -v before -n"), "-n", "node.session.auth.password"],
    ["htpasswd", "-bc", "f", "bob", word("htpasswd")],
    ["k0s", "token", "create", word("token create")],
    ["etcdctl", "put", "/x/password", word("put a password")],
    ["git", "config", "--global", "user.password", word("a key behind a flag")],
    ["curl", "-H", "X-Auth-Token:", word("a header and its value as two words"), "https://h.example"],
    ["sh", "-c", `echo ${word("echo")} | sudo -S x`],
  ];
};

/** What stays: files, counts, names, and words that only contain the name of a secret. */
export const ODD_EVIDENCE: readonly string[] = [
  "--token-file=/var/run/secrets/kubernetes.io/serviceaccount/token --tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
  "--token-auth-file=/x --client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key",
  "password-file /etc/x compass=/x compass: north bypass: yes bypass=1 passive=yes passed: 12 passthrough=on",
  "password_length: 12 maxPasswordAge=30 passwordMinLength=8 token_ttl=24h tokenExpirationSeconds: 3607",
  "checks pass: 3 fail: 0",
  "secretName: calico-etcd-secrets",
  "imagePullSecrets: [{name: regcred}] serviceAccountName: calico-node",
  'serviceaccounts "calico-node" of imagePullSecrets:[{Name:regcred}]',
  "image registry.k8s.io/csi-secrets-store/driver:v1.4.5 and r.example/token-controller:1.2.3 are pulled",
  "kubeconfig=/etc/cni/net.d/calico-kubeconfig --kubeconfig=/var/snap/microk8s/current/credentials/kubelet.config",
  "client-key: /var/lib/kubelet/pki/kubelet-client-current.pem",
  "token: /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory",
  'failed calling webhook "x.example": Post "https://x.ns.svc:443/webhooks/validate?timeout=10s": connection refused',
  "sudo: bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/ls",
  "pinned: 12345 stopping: 12345 mapping=123456 ..TIMER: vector=0x30 apic1=0 pin1=2 apic2=-1 pin2=-1",
  "failed to fetch token: etcdserver: request timed out",
  "failed to fetch token: Internal error occurred: x",
  'secret: kube-system/calico-etcd-secrets not found, token: serviceaccounts "x" is forbidden',
  'Post "https://10.96.0.10:443/validate-hooks/x": EOF',
  "http2: Framer 0x1: wrote HEADERS flags=END_STREAM|END_HEADERS stream=3, auth=none auth: true, auth=1",
  "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.0.1 user=root",
  '"bypass": true, "compass":"north" passthrough="eth0" tests passed: 12, PASS 3',
  "I1122 token_source.go:152] refreshed token, key=/registry/pods/default/x revision=123456",
  "auth_url=/login?next=/x&timeout=10s",
  "certificate key usage: digital signature, signature=valid",
  "cni-conf-dir=/etc/cni/net.d network-plugin=cni v1.28.3+k3s1 FailedCreatePodSandBox",
  "serviceAccountToken: expirationSeconds=3607 path=token",
  "status installed xauth:amd64 1:1.1-1build2 and libpam-auth-plugin:amd64 1.0",
  "psk count 0",
  "W1122 authorization: enabled, mode=RBAC for node k8s01",
  "password for user root: authentication failed",
  'SyntaxError: unexpected token "default" in JSON at position 4',
  'token "calico-node-token-x2x4l" not found, token "default" expired',
  "BGP community 65000:100 of peer 10.0.0.2, curl -s https://10.0.0.1:6443/healthz",
  'the "password" to use was not given, secrets: []',
  '{"value":"true","name":"calico-node"} {"name":"IP","value":"autodetect"}',
  "the token is bound to a pod that is gone, the password is required",
  "Error: secret is kube-system/calico-node-token-x2x4l of node k8s01",
  '"ExecSync cmd from runtime service failed" err="rpc error" cmd=["/bin/calico-node","-felix-live","-bird-live"]',
  'exec: ["sh","-c","curl -sf http://localhost:8080/health || exit 1"] args=["--config","/etc/kubernetes/x.yaml"]',
  "unable to load private key: open /etc/kubernetes/pki/sa.key: no such file or directory",
  "Host key verification: unchanged, object key=kube-system/calico-node topologyKey=kubernetes.io/hostname",
  "\x1b[36mINFO\x1b[0m[0001] token is valid, \x1b[33mpods\x1b[0m=12",
  'Get \\"https://10.96.0.1/api?limit=500\\u0026resourceVersion=0\\": token \\u003cnil\\u003e',
  "Access denied for user 'a'@'b' (using password: YES)",
  `Authorization: Bearer <masked>, k3s agent -t ${"$"}{NODE_TOKEN} --node-name n1`,
  "MountVolume.SetUp failed: references non-existent secret key: tls.crt, failed to find user key: ca.pem",
  "references non-existent secret key: db-config",
  "nvme nvme0: I/O 12 QID 3 timeout, cmd=00000002",
  "Allocated [10 20 30 40 50 60 70] of IPAM block, cidrs: [1 2 3]",
];
/** Command lines that stay as they are. */
export const COMMAND_EVIDENCE: readonly string[] = [
  "/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml --container-runtime-endpoint=unix:///run/containerd/containerd.sock --pod-infra-container-image=registry.k8s.io/pause:3.9 --node-ip=10.0.0.5 --hostname-override=k8s01.example --feature-gates=EventedPLEG=true,A=false --root-dir /var/lib/kubelet --cni-conf-dir /etc/cni/net.d --network-plugin cni --v 2",
  "/usr/bin/containerd --config /etc/containerd/config.toml --address /run/containerd/containerd.sock --log-level debug",
  "/usr/bin/containerd -c /etc/containerd/config.toml -a /run/containerd/containerd.sock -l debug",
  "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id 4e0ee0d8fba7ab0bf4d2ae12e5c36b7b6a2e1cf5c4d2f8f9a1b2c3d4e5f60718 -address /run/containerd/containerd.sock",
  "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock",
  "/usr/local/bin/k3s server --node-name k8s01 --data-dir /data/k3s --flannel-backend vxlan --disable traefik",
  "/usr/bin/containerd -c /c.toml --state /data/run",
  "/coredns -conf /etc/coredns/Corefile",
  "kube-apiserver --etcd-servers=https://127.0.0.1:2379 --service-account-key-file=/etc/kubernetes/pki/sa.pub --tls-private-key-file=/etc/kubernetes/pki/apiserver.key --authorization-mode=Node,RBAC --client-ca-file=/etc/kubernetes/pki/ca.crt --secure-port=6443",
  "calico-node -felix",
  "x -pod-manifest-path /etc/kubernetes/manifests -profile default -v 4",
  "grep level: /var/log/syslog",
  "snmpd -f --pidfile /run/snmpd.pid",
  "/snap/microk8s/8612/kubelite --scheduler-args-file=/var/snap/microk8s/8612/args/kube-scheduler --start-control-plane=true",
];

import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "./host.js";

/**
 * A kubectl that knows a few nodes and makes, enters and deletes pods on them. A pod is a file; what is run in it is run here, with
 * /host and /scratch of the pod in a directory. It stands for the client and the API server, not for the collector: that one is real.
 */
export interface FakeCluster {
  /** The whole PATH. */
  readonly bin: string;
  pods(): readonly string[];
  /** How a node behaves: `refuse` no pod is admitted, `pull` its image never comes, `slow` a pod takes long to be made. */
  node(name: string, behaviour?: "refuse" | "pull" | "slow"): void;
  /** From now on the API server does not answer. */
  down(): void;
  /** From now on calls whose arguments contain the text, or all, get no answer for ten minutes. */
  hang(calls?: string): void;
  /** Every call, one a line. */
  readonly log: string;
}

const KUBECTL = `#!/bin/sh
# stands for kubectl in tests
S=$FAKE_STATE
printf '%s\\n' "$*" >>"$S/log"
if [ -e "$S/hang" ] && case $* in *"$(cat "$S/hang")"*) : ;; *) false ;; esac; then exec sleep 600; fi
if [ -e "$S/down" ]; then echo 'Unable to connect to the server: dial tcp 127.0.0.1:1: connect: connection refused' >&2; exit 1; fi
while :; do
	case $1 in
		--cache-dir | --context | -n) shift 2 ;;
		--request-timeout=* | -v=*) shift ;;
		*) break ;;
	esac
done
pod_node() { cat "$S/pods/$1" 2>/dev/null; }
gone() { echo "Error from server (NotFound): pods \\"$1\\" not found" >&2; exit 1; }
case "$1 $2" in
	'get nodes') case $* in *jsonpath*) cat "$S/nodes" ;; *) echo '{"apiVersion": "v1", "kind": "List", "items": []}' ;; esac ;;
	'create -f')
		manifest=$(cat)
		name=$(printf '%s\\n' "$manifest" | sed -n 's/.*"metadata": {"name": "\\([^"]*\\)".*/\\1/p')
		node=$(printf '%s\\n' "$manifest" | sed -n 's/.*"nodeName": "\\([^"]*\\)".*/\\1/p')
		if [ -e "$S/node.$node.refuse" ]; then echo "Error from server (Forbidden): pods \\"$name\\" is forbidden: violates PodSecurity" >&2; exit 1; fi
		# the server finishes what it has begun, whether or not the client is still there
		if [ -e "$S/node.$node.slow" ]; then ( trap '' TERM INT HUP; sleep 1; echo "$node" >"$S/pods/$name" ) </dev/null >/dev/null 2>&1 & sleep 2
		else echo "$node" >"$S/pods/$name"; fi ;;
	'get pod')
		node=$(pod_node "$3"); [ -n "$node" ] || gone "$3"
		if [ -e "$S/node.$node.pull" ]; then echo 'Pending|ImagePullBackOff|Back-off pulling image|'; else echo 'Running||| '; fi ;;
	'get pods')
		case $* in *inquest/run*) ls "$S/pods" | sed 's:^:pod/:' ;; *) echo '{"apiVersion": "v1", "kind": "List", "items": []}' ;; esac ;;
	'delete pod') rm -f "$S/pods/$3" ;;
	'delete pods') rm -f "$S/pods/"* ;;
	exec\\ *)
		shift; [ "$1" = -i ] && shift
		pod=$1; shift 2
		node=$(pod_node "$pod"); [ -n "$node" ] || gone "$pod"
		mkdir -p "$S/disk/$pod"
		n=$#
		while [ $n -gt 0 ]; do
			a=$(printf '%s\\n' "$1" | sed "s:/scratch:$S/disk/$pod:g; s:^/host\\$:$S/host:"); shift
			set -- "$@" "$a"; n=$((n - 1))
		done
		if [ "$1" = cat ]; then
			# the first copy arrives cut short: kubectl does that
			if [ ! -e "$S/cut.$pod" ]; then : >"$S/cut.$pod"; head -c 1000 "$2"; exit 0; fi
			exec "$@"
		fi
		"$@" >"$S/out.$pod"; rc=$?
		sed "s:$S/disk/$pod:/scratch:g" "$S/out.$pod"
		[ $rc = 0 ] || echo "command terminated with exit code $rc" >&2
		exit $rc ;;
	*) echo '{"apiVersion": "v1", "kind": "List", "items": []}' ;;
esac
`;

/** What collect.sh and the stand-in themselves need. */
const TOOLS =
  "sh awk sed tr cut head tail sort tar mktemp find rm rmdir mv cp ln mkdir cat sleep od wc grep sha256sum gzip df date id ls stat readlink".split(
    " ",
  );

/** Nothing else of this machine: a run then takes a second, and says the same everywhere. */
export function fewTools(bin: string): void {
  mkdirSync(bin, { recursive: true });
  for (const tool of TOOLS) {
    const found = which(tool);
    if (found !== undefined) symlinkSync(found, join(bin, tool));
  }
}

/** `host` is the tree that every node has. */
export function fakeCluster(dir: string, host: string): FakeCluster {
  for (const part of ["bin", "pods", "disk"]) mkdirSync(join(dir, part), { recursive: true });
  const kubectl = join(dir, "bin", "kubectl");
  writeFileSync(
    kubectl,
    KUBECTL.replace("S=$FAKE_STATE", `S='${dir}'`).replaceAll("$S/host", host.replaceAll(":", "\\:")),
  );
  chmodSync(kubectl, 0o755);
  fewTools(join(dir, "bin"));
  const nodes: string[] = [];
  writeFileSync(join(dir, "log"), "");
  return {
    bin: join(dir, "bin"),
    pods: () => readdirSync(join(dir, "pods")),
    node(name, behaviour) {
      nodes.push(name);
      writeFileSync(join(dir, "nodes"), `${nodes.join("\n")}\n`);
      if (behaviour) writeFileSync(join(dir, `node.${name}.${behaviour}`), "");
    },
    down: () => writeFileSync(join(dir, "down"), ""),
    hang: (calls = "") => writeFileSync(join(dir, "hang"), calls),
    log: join(dir, "log"),
  };
}

#!/bin/sh
# collect.sh: gathers from a Kubernetes node, and from the API server, what explains how an incident happened,
# and leaves it as one archive (the layout is inquest-bundle/1, described in src/bundle/layout.md).
#
# It only reads. It writes nothing outside a directory of its own below the output directory.
# Secrets are made useless in a pipe, before anything reaches the disk.
# It needs a POSIX shell, awk, sed, tar and the usual small tools; those of busybox are enough.
#
# How to read it: the tables of steps come first (add a line there to collect more), then the verbs which the
# tables use, then how a command is run and watched, then the filter for secrets (awk), then the end of a run.
#
# What shellcheck is not asked for, and why:
# shellcheck disable=SC2086,SC2046 # lists of words (pids, a kubectl of two words, options) live in variables and are split on purpose, under set -f where their text is not ours
# shellcheck disable=SC2317 # functions that only a trap or a table calls
# shellcheck disable=SC2015 # A && B || C: where B fails, C is meant
# shellcheck disable=SC2010,SC2012 # ls is asked where stat and find -printf do not exist

\unalias -a 2>/dev/null
set -u
umask 077
# a shell that splits words by default is assumed everywhere; zsh does not unless told
[ -n "${ZSH_VERSION:-}" ] && emulate sh
# Names are bytes. A shell that loses those which its locale does not know (yash) hands over to one that does not;
# where there is none, no listing is called complete. INQUEST_STAY is for the tests.
BYTES=1 probe=$(printf 'a\377b')
if [ ${#probe} -ne 3 ]; then
	BYTES=0
	if [ -f "$0" ] && [ -z "${INQUEST_STAY:-}" ]; then
		for other in sh dash bash ksh mksh; do
			# shellcheck disable=SC2016 # the other shell is to expand it
			"$other" -c 'probe=$(printf "a\377b"); [ ${#probe} -eq 3 ]' 2>/dev/null && exec "$other" "$0" "$@"
		done
	fi
fi
VERSION=1.0.0
SCHEMA=inquest-bundle/1

usage() {
	cat <<'EOT'
usage: sh collect.sh [options]               on a node: this node, and the API server where kubectl reaches it
       sh collect.sh --root /host [options]  in a pod with the node's root at /host, or over any mounted host tree
       sh collect.sh --cluster-only [...]    from anywhere: the API server only
       sh collect.sh --all-nodes [options]   from an admin's machine, with nothing but kubectl: the API server, then each
                                             node through a short-lived pod, one bundle per node

  -o DIR|-          where the archive goes (default: the current directory); - is standard output (not with --all-nodes)
  --root DIR        collect from a host tree mounted at DIR; paths are recorded as the node sees them. The API server is that of this
                    machine's kubectl: where that is not the node's, add --no-cluster
  --files-only      with --root or --all-nodes: only files and processes, no command is run on a node. A mere copy of a disk is
                    recognised by having no process table, and read in this way by itself
  --node NAME       name of the node (default: its host name)
  --cluster-only    do not look at this machine (also --no-node)
  --no-cluster      do not ask the API server (also --node-only)
  --kubectl CMD     how kubectl is called (default: the first that exists of kubectl, microk8s kubectl, k3s kubectl,
                    k0s kubectl and that of rke2; a kubectl that has no configuration gets that of kubeadm, microk8s, rke2, k3s or k0s)
  --context NAME    kubectl's context
  --namespace NAME  ask the API server for objects of this namespace only; may be given several times. A review then knows
                    less: what lies in other namespaces counts as not collected
  --since AGE       how far back journals are read, for example 6h or 2d (default: 24h)
  --timeout SECONDS limit for each command (default: 30)
  --deadline SECONDS the run ends after that time with what there is (default: 300). With --all-nodes it is for all of them, and at
                    most 60 s more go into removing the pods (default there: 300 for the API server, and 300 and the time of
                    --pod-timeout for each round of --parallel nodes); a node that is not done by then is named as missing
  --max-bytes N     at most N bytes of each log and output (default: 4194304); API lists may have sixteen times that, logs of
                    containers a quarter (from the API server) or an eighth (from files). What was cut is counted at the end
  --case ID, --operator NAME
                    written into the bundle's record, for the chain of custody
  --dry-run         print what would be read, run and asked, and do nothing
  --help, --version

with --all-nodes
  --nodes LIST      only these nodes, separated by commas
  --image IMAGE     image of the pods: any with a shell, awk, sed and tar (default: docker.io/library/busybox:1.36)
  --pod-namespace NAME  where the pods are made (default: kube-system); it must allow privileged pods
  --toleration T    KEY, KEY=VALUE, either with :EFFECT; may be given several times (default: everything is tolerated)
  --parallel N      nodes at the same time (default: 4)
  --pod-timeout SECONDS  how long a pod may take to start (default: 60)
The pods are privileged, see the node's root read-only, and use the node's network; they are removed again on every way out.
Where one of its processes is killed with SIGKILL, the others do that. Where all of them are, pods stay that end by themselves;
"kubectl delete pods -A -l app.kubernetes.io/name=inquest-collect" removes them. An API server that twice in a row does not answer
within --timeout is not asked about further nodes.

Secrets, ConfigMaps and the environment of processes are never read. Run it as root to see everything.
In free text a secret is known by its form or by the words around it; one that has neither stays: give the archive to no stranger.
On standard output: "<sha256>  <archive>", one line per archive (on standard error with -o -). The same lines are kept in the
file SHA256SUMS beside the archives: keep it with the ticket.

exit code
  0   complete: a log or list may be cut at its limit; standard error says at the end how many are and by what option they get
      longer, the index which
  2   partial: the archive is there, its index says what is missing and why; with --all-nodes: a node is missing or partial
  3   nothing: the archive only says what was tried; with --all-nodes: no archive
  5   partial, and a file was withheld because something in it still looked like a secret
  64  wrong usage
  70  internal error, or the process that worked was killed (with --all-nodes the archives that had arrived are kept)
  73  output directory or archive cannot be created
  74  no space or write error
  128+n  stopped by signal n: the archive holds what there was; none where nothing had been read; with --all-nodes the archives that
         had arrived are kept, and no other
EOT
}

# ============================================================================================== tables of steps
# One line is one step: a verb and its arguments, separated by blanks. Nothing is evaluated: no quotes, no variables.

# Paths on the node. Each hop of each path is recorded, links are followed and recorded.
#   list DEPTH PATTERN   every entry of the directory, DEPTH levels deep
#   hop PATH             only the hops
#   file MODE PATTERN    contents, filtered by MODE (see the filter); the last component may be a pattern
#   cert PATTERN         of a file of certificates (and, it may be, keys) the certificates only
#   log PATTERN          the end of a log
#   podlogs PATTERN      directories of containers below /var/log/pods: the end of each newest log and of the one before it
#   cni DIR              a directory of CNI configurations: listed; configurations and the kubeconfigs which they name are read
#   containerd FILE      containerd's configuration: read, and the directories and files which it names are followed
#   crio PATTERN         the same of CRI-O's
# What the command lines of a running kubelet and containerd name is read besides, wherever it lies; so are CNI directories of CRI-O's and cri-dockerd's.
# rpm is not asked what is installed: as root it opens its database for writing (__db.* of Berkeley DB, -wal and -shm of SQLite, a lock).
# The logs of dnf and yum tell what changed, and the times of the database's files when.
path_steps() {
	cat <<'EOT'
containerd /etc/containerd/config.toml
containerd /var/snap/microk8s/current/args/containerd.toml
containerd /var/snap/microk8s/current/args/containerd-template.toml
containerd /var/lib/rancher/k3s/agent/etc/containerd/config.toml
containerd /var/lib/rancher/rke2/agent/etc/containerd/config.toml
containerd /etc/k0s/containerd.toml
containerd /etc/cri/containerd.toml
crio       /etc/crio/crio.conf
crio       /etc/crio/crio.conf.d/*
cni        /etc/cni/net.d
cni        /var/snap/microk8s/current/args/cni-network
cni        /var/lib/rancher/k3s/agent/etc/cni/net.d
cni        /var/lib/rancher/rke2/agent/etc/cni/net.d
cni        /etc/kubernetes/cni/net.d
cni        /run/multus/cni/net.d
file toml  /etc/containerd/conf.d/*.toml
file toml  /etc/containerd/config.d/*.toml
file toml  /etc/k0s/containerd.d/*.toml
file toml  /etc/cri/conf.d/*.toml
file toml  /var/lib/rancher/k3s/agent/etc/containerd/*.tmpl
file toml  /var/lib/rancher/rke2/agent/etc/containerd/*.tmpl
list 1     /etc/cni
list 1     /opt/cni/bin
list 1     /usr/libexec/cni
list 1     /usr/lib/cni
list 3     /var/lib/cni
list 1     /var/lib/calico
list 1     /run/calico
list 1     /run/cilium
list 1     /run/flannel
list 1     /run/aws-node
list 1     /run/containerd
list 1     /run/crio
list 1     /run/k3s/containerd
list 1     /run/k0s
list 1     /var/lib/kubelet
list 1     /var/lib/kubelet/pki
list 1     /var/lib/kubelet/pods
list 1     /var/lib/kubelet/plugins_registry
list 2     /etc/containerd
list 2     /etc/crio
list 2     /etc/cri
list 3     /etc/kubernetes
list 1     /etc/systemd/system/kubelet.service.d
list 1     /etc/systemd/system/containerd.service.d
list 1     /etc/rancher
list 1     /etc/rancher/k3s
list 1     /etc/rancher/rke2
list 1     /var/lib/rancher
list 1     /var/lib/rancher/k3s/agent
list 1     /var/lib/rancher/k3s/data/cni
list 1     /var/lib/rancher/k3s/server/manifests
list 4     /var/lib/rancher/k3s/server/db
list 1     /var/lib/rancher/rke2/agent
list 1     /var/lib/rancher/rke2/agent/pod-manifests
list 1     /var/lib/rancher/rke2/server/manifests
list 4     /var/lib/rancher/rke2/server/db
list 2     /etc/k0s
list 1     /var/lib/k0s
list 1     /var/lib/k0s/bin
list 1     /var/lib/k0s/kubelet
list 1     /var/lib/k0s/kubelet/pki
list 1     /var/lib/k0s/pki
list 1     /var/lib/k0s/db
list 3     /var/lib/k0s/etcd
list 3     /var/lib/etcd
list 2     /etc/eks
list 1     /home/kubernetes
list 1     /home/kubernetes/bin
list 2     /etc/srv/kubernetes
list 1     /var/snap/microk8s
list 1     /var/snap/microk8s/current
list 1     /var/snap/microk8s/current/args
list 1     /var/snap/microk8s/*/args/cni-network
list 1     /var/snap/microk8s/current/opt/cni/bin
list 1     /var/snap/microk8s/current/credentials
list 1     /var/snap/microk8s/current/certs
list 1     /var/snap/microk8s/current/var/kubernetes/backend
list 1     /var/snap/microk8s/current/var/lock
list 1     /var/snap/microk8s/common
list 1     /var/snap/microk8s/common/run
list 1     /var/snap/microk8s/common/var/lib/kubelet
list 1     /var/snap/microk8s/common/var/lib/kubelet/pki
list 1     /var/snap/microk8s/common/var/lib/kubelet/pods
list 2     /var/snap/microk8s/common/var/openebs
list 2     /var/openebs
list 2     /snap
list 2     /var/lib/snapd/snap
list 1     /var/lib/snapd/snaps
list 1     /sys/class/iscsi_session
list 1     /dev/disk/by-path
list 1     /var/log/calico/cni
list 1     /var/log/pods
list 1     /var/lib/dpkg
list 1     /var/lib/rpm
list 1     /usr/lib/sysimage/rpm
file text  /proc/loadavg
file text  /proc/meminfo
file text  /proc/stat
file text  /proc/pressure/*
file text  /proc/1/mountinfo
file text  /proc/net/dev
file text  /etc/os-release
file text  /etc/resolv.conf
file text  /run/systemd/resolve/resolv.conf
file text  /var/lib/calico/nodename
file text  /run/flannel/subnet.env
file args  /var/snap/microk8s/current/args/kubelet
file args  /var/snap/microk8s/current/args/kubelite
file args  /var/snap/microk8s/current/args/containerd
file args  /var/snap/microk8s/current/args/containerd-env
file args  /var/snap/microk8s/current/args/k8s-dqlite
file args  /var/snap/microk8s/current/args/kube-apiserver
file args  /var/snap/microk8s/current/args/kube-controller-manager
file args  /var/snap/microk8s/current/args/kube-proxy
file args  /var/snap/microk8s/current/args/kube-scheduler
file args  /var/snap/microk8s/current/args/flanneld
file args  /etc/systemd/system/kubelet.service
file args  /etc/systemd/system/kubelet.service.d/*.conf
file args  /usr/lib/systemd/system/kubelet.service
file args  /usr/lib/systemd/system/kubelet.service.d/*.conf
file args  /lib/systemd/system/kubelet.service
file args  /lib/systemd/system/kubelet.service.d/*.conf
file args  /etc/systemd/system/containerd.service
file args  /etc/systemd/system/containerd.service.d/*.conf
file args  /usr/lib/systemd/system/containerd.service
file args  /lib/systemd/system/containerd.service
file args  /etc/systemd/system/crio.service
file args  /etc/systemd/system/crio.service.d/*.conf
file args  /usr/lib/systemd/system/containerd.service.d/*.conf
file args  /usr/lib/systemd/system/crio.service.d/*.conf
file args  /usr/lib/systemd/system/crio.service
file args  /etc/systemd/system/k3s*.service
file args  /etc/systemd/system/k3s.service.d/*.conf
file args  /etc/systemd/system/k3s-agent.service.d/*.conf
file args  /etc/systemd/system/rke2*.service
file args  /usr/local/lib/systemd/system/rke2*.service
file args  /usr/lib/systemd/system/rke2*.service
file args  /etc/systemd/system/rke2-server.service.d/*.conf
file args  /etc/systemd/system/rke2-agent.service.d/*.conf
file args  /etc/systemd/system/k0s*.service
file args  /etc/systemd/system/k0scontroller.service.d/*.conf
file args  /etc/systemd/system/k0sworker.service.d/*.conf
file args  /var/lib/kubelet/kubeadm-flags.env
file args  /etc/default/kubelet
file args  /etc/sysconfig/kubelet
file kubeconfig /var/lib/kubelet/config.yaml
file kubeconfig /var/lib/kubelet/kubeconfig
file kubeconfig /etc/kubernetes/kubelet.conf
file kubeconfig /etc/kubernetes/controller-manager.conf
file kubeconfig /etc/kubernetes/scheduler.conf
file kubeconfig /etc/kubernetes/kubelet.yaml
file kubeconfig /etc/kubernetes/kubeconfig-kubelet
file kubeconfig /etc/kubernetes/kubelet/config.json
file kubeconfig /etc/kubernetes/kubelet/kubelet-config.json
file kubeconfig /etc/kubernetes/kubelet/config.json.d/*.conf
file kubeconfig /home/kubernetes/kubelet-config.yaml
file kubeconfig /var/lib/rancher/k3s/agent/*.kubeconfig
file kubeconfig /var/lib/rancher/k3s/agent/etc/kubelet.conf.d/*.conf
file kubeconfig /var/lib/rancher/rke2/agent/*.kubeconfig
file kubeconfig /var/lib/rancher/rke2/agent/etc/kubelet.conf.d/*.conf
file kubeconfig /var/lib/k0s/kubelet.conf
file kubeconfig /var/lib/k0s/kubelet-config.yaml
file kubeconfig /var/snap/microk8s/current/credentials/kubelet.config
file kubeconfig /var/snap/microk8s/current/credentials/proxy.config
file kubeconfig /var/snap/microk8s/current/credentials/controller.config
file kubeconfig /var/snap/microk8s/current/credentials/scheduler.config
file kubeconfig /var/snap/microk8s/current/var/kubernetes/backend/cluster.yaml
file kubeconfig /var/snap/microk8s/current/var/kubernetes/backend/info.yaml
cert       /etc/kubernetes/pki/*.crt
cert       /etc/kubernetes/pki/etcd/*.crt
cert       /etc/kubernetes/certs/*.crt
cert       /var/lib/kubelet/pki/*.crt
cert       /var/lib/kubelet/pki/*-current.pem
cert       /var/lib/rancher/k3s/agent/*.crt
cert       /var/lib/rancher/k3s/server/tls/*.crt
cert       /var/lib/rancher/k3s/server/tls/etcd/*.crt
cert       /var/lib/rancher/rke2/agent/*.crt
cert       /var/lib/rancher/rke2/server/tls/*.crt
cert       /var/lib/rancher/rke2/server/tls/etcd/*.crt
cert       /var/lib/k0s/pki/*.crt
cert       /var/lib/k0s/kubelet/pki/*-current.pem
cert       /var/snap/microk8s/current/certs/*.crt
hop        /home/kubernetes/kube-env
hop        /etc/kubernetes/bootstrap-kubelet.conf
hop        /var/lib/kubelet/bootstrap-kubeconfig
hop        /run/xtables.lock
hop        /etc/localtime
hop        /run/systemd/timesync/synchronized
log        /var/log/kubelet.log
log        /var/log/containerd.log
log        /var/log/calico/cni/cni.log
log        /var/log/multus.log
log        /var/log/azure-vnet.log
log        /var/log/azure-vnet-ipam.log
log        /var/log/aws-routed-eni/plugin.log
log        /var/log/aws-routed-eni/ipamd.log
log        /run/cilium/cilium-cni.log
log        /var/lib/rancher/k3s/agent/containerd/containerd.log
log        /var/lib/rancher/rke2/agent/containerd/containerd.log
log        /var/lib/rancher/rke2/agent/logs/kubelet.log
log        /var/log/k3s.log
log        /var/log/k0sworker.log
log        /var/log/k0scontroller.log
log        /var/log/dpkg.log
log        /var/log/dnf.rpm.log
log        /var/log/yum.log
podlogs    /var/log/pods/kube-system_*/*
podlogs    /var/log/pods/calico-system_*/*
podlogs    /var/log/pods/tigera-operator_*/*
podlogs    /var/log/pods/kube-flannel_*/*
podlogs    /var/log/pods/cilium*/*
podlogs    /var/log/pods/openshift-*/*
EOT
}

# Commands on the node: verb, MODE, SLUG, command line. The verb says which part of the output counts:
#   cmd the first bytes, tail the last lines, count only how many lines there are, by their first word
#   now is cmd for what changes from second to second, zone for the machine's time zone: both run before the paths are looked at
# A line with the slug of the line before is its substitute, tried only if that one did not work. First words say where it is
# run: "?PATH" where PATH exists on the node, "?=NAME" where the process NAME, which the question would start, runs already,
# "?tables:PROGRAM" where the question loads no kernel module. What begins with @ depends on the node (see fill_in).
command_steps() {
	cat <<'EOT'
now  text date-u                date -u
zone text date-z                date +%z
now  text uptime                uptime
now  ps   ps                    ps -eo pid,ppid,stat,pcpu,lstart,args
now  ps   ps                    ps -o pid,ppid,stat,time,args
now  ps   ps                    ps
now  text ss-tlnp               ?@TCP_DIAG@ ss -tlnp
now  text ss-tlnp               netstat -tlnp
now  text ss-tlnp               cat /proc/net/tcp /proc/net/tcp6
now  text ss-s                  ?@TCP_DIAG@ ss -s
now  text ss-s                  cat /proc/net/sockstat /proc/net/sockstat6
now  text ip-neigh              ip neigh
now  text crictl-pods           ?@CRI_SOCKET@ crictl @ENDPOINT@ pods
now  text crictl-ps             ?@CRI_SOCKET@ crictl @ENDPOINT@ ps -a
now  text ctr-tasks-ls          ?@CTR_SOCKET@ ctr @ADDRESS@ -n k8s.io tasks ls
now  text unit-states           ?/run/systemd/system systemctl show --no-pager -p Id,LoadState,ActiveState,SubState,Result,NRestarts,UnitFileState,ActiveEnterTimestamp,InactiveEnterTimestamp,StateChangeTimestamp,ExecMainStartTimestamp,ExecMainExitTimestamp,ExecMainCode,ExecMainStatus,MainPID,FragmentPath,DropInPaths @UNITS@
now  text units-failed          ?/run/systemd/system systemctl list-units --failed --no-legend --no-pager
now  text iscsi-sessions        ?/sys/class/iscsi_session ?/etc/iscsi iscsiadm -m session -P 1
cmd  text uname-a               uname -a
cmd  text hostname              hostname
cmd  text df-Pk                 df -Pk
cmd  text df-Pi                 df -Pi
cmd  text free                  free
cmd  text mount                 mount
cmd  text ip-addr               ip addr
cmd  text ip-d-link             ip -d link
cmd  text ip-d-link             ip link
cmd  text ip-route              ip route
cmd  text ip-route-all          ip route show table all
cmd  text ip-rule               ip rule
cmd  text iptables-save         ?tables:iptables-save iptables-save
count text iptables-legacy-save ?tables:iptables-legacy-save iptables-legacy-save
count text nft-list-ruleset     ?/sys/module/nf_tables nft list ruleset
count text ipvsadm              ?/proc/net/ip_vs ipvsadm -Sn
count text ipset                ?/sys/module/ip_set ipset -n list
tail text dmesg-tail            dmesg
cmd  text sysctl-ip-forward     sysctl net.ipv4.ip_forward
cmd  text sysctl                sysctl -e net.bridge.bridge-nf-call-iptables net.ipv4.conf.all.rp_filter net.ipv4.conf.default.rp_filter net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max fs.file-nr fs.inotify.max_user_instances fs.inotify.max_user_watches kernel.pid_max kernel.threads-max vm.overcommit_memory
cmd  text timedatectl           ?/run/systemd/system ?=systemd-timedated timedatectl show
cmd  text adjtimex              adjtimex -p
cmd  text adjtimex              adjtimex
cmd  text chronyc-tracking      chronyc tracking
cmd  text chronyc-sources       chronyc -n sources
cmd  text ntpq                  ntpq -pn
cmd  toml containerd-config-dump containerd @CONFIG@ config dump
cmd  toml crio-config           crio config
cmd  json crictl-info           ?@CRI_SOCKET@ crictl @ENDPOINT@ info
cmd  text crictl-version        ?@CRI_SOCKET@ crictl @ENDPOINT@ version
cmd  text crictl-images         ?@CRI_SOCKET@ crictl @ENDPOINT@ images
cmd  text crictl-imagefsinfo    ?@CRI_SOCKET@ crictl @ENDPOINT@ imagefsinfo
cmd  text ctr-containers-ls     ?@CTR_SOCKET@ ctr @ADDRESS@ -n k8s.io containers ls
cmd  text lsblk                 lsblk -o NAME,KNAME,TYPE,SIZE,RO,STATE,FSTYPE
cmd  text snap-list             ?=snapd snap list --all
cmd  text snap-changes          ?=snapd snap changes
EOT
}

# Units whose state is asked for, and whose journal is read, where there is a journal.
journal_units() {
	echo "kubelet containerd crio docker cri-docker k3s k3s-agent rke2-server rke2-agent k0scontroller k0sworker etcd \
snap.microk8s.daemon-kubelite snap.microk8s.daemon-kubelet snap.microk8s.daemon-containerd \
snap.microk8s.daemon-apiserver-kicker snap.microk8s.daemon-k8s-dqlite snap.microk8s.daemon-cluster-agent snapd \
snap.microk8s.daemon-etcd snap.microk8s.daemon-flanneld iscsid multipathd chronyd systemd-timesyncd systemd-networkd"
}

# The API server. Events come first, they are the first to vanish.
#   api RESOURCE     its objects
#   names RESOURCE   only their names
#   raw MEMBER URL   one answer; JSON, or text where the member's name ends in .txt
#   types            which resources there are: those that are not are not asked for
api_steps() {
	cat <<'EOT'
raw version              /version
api events
api events.events.k8s.io
api pods
api nodes
raw readyz.txt           /readyz?verbose
raw livez.txt            /livez?verbose
types
api leases.coordination.k8s.io
api endpoints
api endpointslices.discovery.k8s.io
api services
api namespaces
api daemonsets.apps
api deployments.apps
api replicasets.apps
api statefulsets.apps
api controllerrevisions.apps
api jobs.batch
api cronjobs.batch
api persistentvolumes
api persistentvolumeclaims
api volumeattachments.storage.k8s.io
api storageclasses.storage.k8s.io
api csinodes.storage.k8s.io
api csidrivers.storage.k8s.io
api serviceaccounts
api poddisruptionbudgets.policy
api priorityclasses.scheduling.k8s.io
api networkpolicies.networking.k8s.io
api apiservices.apiregistration.k8s.io
api mutatingwebhookconfigurations.admissionregistration.k8s.io
api validatingwebhookconfigurations.admissionregistration.k8s.io
api certificatesigningrequests.certificates.k8s.io
api clusterroles.rbac.authorization.k8s.io
api clusterrolebindings.rbac.authorization.k8s.io
api clusterinformations.crd.projectcalico.org
api ippools.crd.projectcalico.org
api ipamblocks.crd.projectcalico.org
api blockaffinities.crd.projectcalico.org
api ipamconfigs.crd.projectcalico.org
api kubecontrollersconfigurations.crd.projectcalico.org
names ipamhandles.crd.projectcalico.org
api installations.operator.tigera.io
api tigerastatuses.operator.tigera.io
api ciliumnodes.cilium.io
api jivavolumes.openebs.io
raw jwks                 /openid/v1/jwks
raw openid-configuration /.well-known/openid-configuration
EOT
}

# Pods whose logs are read, current and previous, by namespace: of the first all, of the second those in trouble.
LOGS='kube-system|kube-flannel|calico-system|calico-apiserver|tigera-operator|cilium|cilium-system|kube-ovn|openshift-(ovn-kubernetes|sdn|multus)'
LOGS_OF_TROUBLED='openebs|longhorn-system|rook-ceph'
LOGS_MOST=40

# Processes: whose mount table and command line are read (the CNI's agents), and whose command line only.
AGENTS='calico-node|start_runit|flanneld|cilium-agent|kube-router|antrea-agent|kindnetd|ovnkube|weaver|aws-k8s-agent'
RUNTIMES='kubelet[a-z-]*|kubelite|hyperkube|containerd|dockerd|cri-dockerd|crio|k3s|k3s-agent|k3s-server|rke2|k0s|etcd|k8s-dqlite|kine|kube-apiserver|kube-controller-manager|kube-scheduler|kube-proxy'

# ====================================================================================================== options
OUT=. ROOT=/ NODE='' DO_CLUSTER=1 DO_NODE=1 KUBECTL='' CONTEXT='' NAMESPACES='' SINCE=24h LIMIT=30 DEADLINE=300 GIVEN='' MAX=4194304
CASE='' OPERATOR='' DO_COMMANDS=1 DRY=0 ALL=0 ONLY='' IMAGE=docker.io/library/busybox:1.36 PODNS=kube-system TOLERATIONS='' PARALLEL=4 PODWAIT=60
SELF=$0
SENT='' WORKER=''
die() {
	code=$1; shift
	printf 'collect.sh: %s\n' "$*" >&2
	# a stop that reached the whole group ended the helper, too, whose failure this is
	[ -n "$WORKER" ] || [ -z "$SENT" ] || code=$((128 + SENT))
	exit "$code"
}
say() { printf 'collect.sh: %s\n' "$*" >&2; }
while [ $# -gt 0 ]; do
	case $1 in
		--*=*) opt=${1%%=*}; val=${1#*=}; shift; set -- "$opt" "$val" "$@"; continue ;;
		-h | --help) usage; exit 0 ;;
		--version) echo "collect.sh $VERSION ($SCHEMA)"; exit 0 ;;
		--no-cluster | --node-only) DO_CLUSTER=0; shift; continue ;;
		--no-node | --cluster-only) DO_NODE=0; shift; continue ;;
		--all-nodes) ALL=1; shift; continue ;;
		--files-only) DO_COMMANDS=0; shift; continue ;;
		--dry-run) DRY=1; shift; continue ;;
		-o | --root | --node | --kubectl | --context | --namespace | --since | --timeout | --deadline | --max-bytes | --case | --operator | \
			--nodes | --image | --pod-namespace | --toleration | --parallel | --pod-timeout)
			[ $# -ge 2 ] || die 64 "$1 needs a value" ;;
		*) usage >&2; die 64 "unknown argument: $1" ;;
	esac
	case $1 in
		-o) OUT=$2 ;;
		--root) ROOT=$2 ;;
		--node) NODE=$2 ;;
		--kubectl) KUBECTL=$2 ;;
		--context) CONTEXT=$2 ;;
		--namespace)
			case $2 in '' | *[!a-z0-9-]*) die 64 "--namespace must be the name of a namespace" ;; esac
			NAMESPACES="$NAMESPACES $2" ;;
		--since) SINCE=$2 ;;
		--timeout) LIMIT=$2 ;;
		--deadline) DEADLINE=$2 GIVEN=1 ;;
		--max-bytes) MAX=$2 ;;
		--case) CASE=$2 ;;
		--operator) OPERATOR=$2 ;;
		--nodes) ONLY=$2 ;;
		--image) IMAGE=$2 ;;
		--pod-namespace) PODNS=$2 ;;
		--toleration) case $2 in '' | *[!A-Za-z0-9._/=:-]*) die 64 "--toleration must be KEY[=VALUE][:EFFECT]" ;; esac; TOLERATIONS="$TOLERATIONS $2" ;;
		--parallel) PARALLEL=$2 ;;
		--pod-timeout) PODWAIT=$2 ;;
	esac
	shift 2
done
number() { case $2 in '' | *[!0-9]* | 0* | ??????????*) die 64 "$1 must be a number above 0" ;; esac; }
number --timeout "$LIMIT"; number --deadline "$DEADLINE"; number --max-bytes "$MAX"; number --parallel "$PARALLEL"; number --pod-timeout "$PODWAIT"
case $SINCE in
	[1-9]*) case ${SINCE#"${SINCE%%[!0-9]*}"} in s | m | min | h | d | w) ;; *) die 64 "--since must be an age such as 24h" ;; esac ;;
	*) die 64 "--since must be an age such as 24h" ;;
esac
[ -n "$OUT" ] || die 64 "-o must be a directory or -"
case $NODE in *[!A-Za-z0-9._-]* | -* | .*) die 64 "--node must be a host name" ;; esac
case $ONLY in *[!A-Za-z0-9._,-]*) die 64 "--nodes must be names of nodes, separated by commas" ;; esac
case $IMAGE in '' | *[!A-Za-z0-9._/:@-]*) die 64 "--image must be the name of an image" ;; esac
case $PODNS in '' | *[!a-z0-9-]*) die 64 "--pod-namespace must be the name of a namespace" ;; esac
[ "$DO_CLUSTER$DO_NODE" = 00 ] && die 64 "--no-cluster and --no-node leave nothing to do"
[ $ALL = 1 ] && [ "$DO_NODE" = 0 ] && die 64 "--all-nodes and --cluster-only contradict each other"
[ $ALL = 1 ] && [ "$OUT" = - ] && die 64 "--all-nodes writes several archives: -o must be a directory"
[ $ALL = 1 ] && [ "$ROOT$NODE" != / ] && die 64 "--all-nodes cannot be combined with --root or --node"
[ -d "$ROOT" ] || die 64 "--root: no such directory"
[ $DO_COMMANDS = 0 ] && [ $ALL = 0 ] && DO_CLUSTER=0
[ $DO_COMMANDS = 0 ] && [ "$ROOT" = / ] && [ $ALL = 0 ] && die 64 "--files-only needs --root or --all-nodes"

# The pod that looks at one node. It is bound to the node without the scheduler, needs no pod network and no token, and ends by
# itself when nobody is left to delete it.
pod_manifest() { # NODE POD RUN
	m_life=$((PODWAIT + DEADLINE + 120))
	m_tolerations='{"operator": "Exists"}'
	if [ -n "$TOLERATIONS" ]; then
		m_tolerations=''
		for m_t in $TOLERATIONS; do
			m_effect='' m_op='"operator": "Exists"'
			case $m_t in *:*) m_effect=", \"effect\": \"${m_t##*:}\""; m_t=${m_t%:*} ;; esac
			case $m_t in *=*) m_op="\"operator\": \"Equal\", \"value\": \"${m_t#*=}\""; m_t=${m_t%%=*} ;; esac
			m_tolerations="$m_tolerations${m_tolerations:+, }{\"key\": \"$m_t\", $m_op$m_effect}"
		done
	fi
	cat <<EOT
{"apiVersion": "v1", "kind": "Pod",
 "metadata": {"name": "$2", "labels": {"app.kubernetes.io/name": "inquest-collect", "inquest/run": "$3"}},
 "spec": {
  "nodeName": "$1", "hostPID": true, "hostNetwork": true, "restartPolicy": "Never", "enableServiceLinks": false,
  "automountServiceAccountToken": false, "activeDeadlineSeconds": $m_life, "terminationGracePeriodSeconds": 1,
  "tolerations": [$m_tolerations],
  "containers": [{
   "name": "collect", "image": "$IMAGE", "imagePullPolicy": "IfNotPresent",
   "command": ["sh", "-c", "trap 'exit 0' TERM; sleep $m_life & wait"],
   "securityContext": {"privileged": true, "runAsUser": 0},
   "volumeMounts": [{"name": "host", "mountPath": "/host", "readOnly": true}, {"name": "work", "mountPath": "/scratch"}]}],
  "volumes": [{"name": "host", "hostPath": {"path": "/"}}, {"name": "work", "emptyDir": {"sizeLimit": "1Gi"}}]}}
EOT
}
# Only looks whether programs and kubeconfigs are there: --dry-run asks it, too.
# why a collector left nothing: what it said, or that it was killed
left_why() {
	grep -v '^command terminated with' "$o_dir/err" >"$o_dir/why"
	l_why=$(first_line "$o_dir/why")
	[ $o_rc -le 128 ] || l_why="${l_why:+$l_why; }ended by signal $((o_rc - 128)), as where its pod is deleted or memory is short"
	printf '%s' "${l_why:-it said nothing}"
}
find_kubectl() {
	[ -n "$KUBECTL" ] && return 0
	f_conf=''
	if command -v kubectl >/dev/null 2>&1; then KUBECTL=kubectl
	elif command -v microk8s >/dev/null 2>&1; then KUBECTL='microk8s kubectl'; return 0
	elif command -v k3s >/dev/null 2>&1; then KUBECTL='k3s kubectl'; return 0
	elif command -v k0s >/dev/null 2>&1; then KUBECTL='k0s kubectl'; return 0
	elif [ -x /var/lib/rancher/rke2/bin/kubectl ]; then KUBECTL=/var/lib/rancher/rke2/bin/kubectl
	else return 1; fi
	# root on a control plane node often has no kubeconfig of its own: the distribution's is where it always is; in a pod there is
	# another way
	[ -n "${KUBECONFIG:-}${KUBERNETES_SERVICE_HOST:-}" ] || [ -r "${HOME:-/root}/.kube/config" ] && return 0
	for f_conf in /etc/kubernetes/admin.conf /var/snap/microk8s/current/credentials/client.config /etc/rancher/rke2/rke2.yaml \
		/etc/rancher/k3s/k3s.yaml /var/lib/k0s/pki/admin.conf; do
		[ -r $f_conf ] && { KUBECTL="$KUBECTL --kubeconfig $f_conf"; return 0; }
	done
	# a kubectl without a configuration would ask localhost: the distribution's own brings one
	for f_conf in microk8s k3s k0s; do
		if [ $KUBECTL = kubectl ] && command -v $f_conf >/dev/null 2>&1; then KUBECTL="$f_conf kubectl"; break; fi
	done
	return 0
}
# What a run would touch, from the same tables; nothing is read, run or asked.
dry_run() {
	d_found=0
	find_kubectl && d_found=1
	if [ $ALL = 1 ]; then
		d_kubectl="${KUBECTL:-kubectl}${CONTEXT:+ --context $CONTEXT}"
		echo "# from this machine"
		echo "$d_kubectl get nodes"
		echo "# for each node${ONLY:+ of $ONLY}, $PARALLEL at a time: one pod, made, used and deleted"
		echo "$d_kubectl -n $PODNS create -f -"
		pod_manifest NODE inquest-collect-RUN-1 RUN
		echo "$d_kubectl -n $PODNS get pod inquest-collect-RUN-1"
		echo "$d_kubectl -n $PODNS exec -i inquest-collect-RUN-1 -- sh -c 'cat >/scratch/collect.sh; wc -c </scratch/collect.sh'"
		echo "$d_kubectl -n $PODNS exec inquest-collect-RUN-1 -- sh /scratch/collect.sh --root /host --no-cluster --node NODE -o /scratch --since $SINCE --timeout $LIMIT --deadline $DEADLINE --max-bytes $MAX"
		echo "$d_kubectl -n $PODNS exec inquest-collect-RUN-1 -- cat /scratch/ARCHIVE"
		echo "$d_kubectl -n $PODNS delete pod inquest-collect-RUN-1 --wait=false"
		echo "$d_kubectl -n $PODNS get pods -l inquest/run=RUN -o name; $d_kubectl -n $PODNS delete pods -l inquest/run=RUN --wait=false"
		echo "# in each pod"
	fi
	if [ $DO_NODE = 1 ]; then
		d_root=${R:-}
		[ $ALL = 1 ] && d_root=/host
		echo "# paths: each hop is looked at, links are followed; contents are read where it says read"
		path_steps | while read -r verb a b; do
			case $verb in
				list) echo "list $d_root$b ($a deep)" ;;
				hop) echo "look at $d_root$a" ;;
				cni) echo "list $d_root$a; read its configurations, and the kubeconfigs that they name" ;;
				containerd | crio) echo "read $d_root$a; list or read the directories and files that it names" ;;
				cert) echo "read $d_root$a (only the certificates in it)" ;;
				podlogs) echo "read $d_root$a/*.log (the last $((MAX / 8)) bytes of the newest two)" ;;
				log) echo "read $d_root$a (the last $MAX bytes)" ;;
				*) echo "read $d_root${b:-$a}" ;;
			esac
		done
		echo "read $d_root/etc/passwd, group, hostname, machine-id, os-release, $d_root/proc/version, boot_id and osrelease of $d_root/proc/sys/kernel"
		echo "# processes"
		echo "read $d_root/proc/*/cmdline of every process: the program and its first argument tell which it is, and are kept of none but the next"
		echo "read $d_root/proc/*/cmdline and stat of $AGENTS|$RUNTIMES"
		echo "read $d_root/proc/*/mountinfo of $AGENTS"
	fi
	if [ $DO_NODE = 1 ] && [ $DO_COMMANDS = 1 ]; then
		echo "read $d_root/proc/*/comm of every process: whether systemd-timedated and snapd run"
		echo "# commands, each ended after $LIMIT s"
		command_steps | sed 's/@CONFIG@/[--config FILE]/; s/@ADDRESS@/[-a SOCKET]/; s/@ENDPOINT@/[--runtime-endpoint SOCKET]/; s/@UNITS@/UNIT.../; s/@C.*_SOCKET@/SOCKET/; s/@TCP_DIAG@/\/sys\/module\/tcp_diag/' | while read -r _ _ _ line; do
			d_where=''
			while d_need=${line%% *}; d_need=${d_need#'?'}; [ "?$d_need" = "${line%% *}" ]; do
				line=${line#* }
				case $d_need in
					=*) d_need="where ${d_need#=} runs already" ;;
					tables:*) d_need="where that loads no kernel module" ;;
					*) d_need="where there is $d_need" ;;
				esac
				d_where="$d_where${d_where:+ and }$d_need"
			done
			echo "run $line${d_where:+   # $d_where}"
		done
		echo "run journalctl -F _SYSTEMD_UNIT, journalctl -F UNIT: which units there are"
		for d_unit in $(journal_units); do echo "run journalctl -u $d_unit --since=-$SINCE"; done
		echo "run curl, wget or openssl: the Date of an answer of the API server that the kubeconfigs name, without credentials"
	fi
	if [ $DO_CLUSTER = 1 ]; then
		if [ $d_found = 1 ]; then echo "# the API server"
		else echo "# the API server: nothing is asked, there is none of kubectl, microk8s kubectl, k3s kubectl, k0s kubectl here; else it would be"; fi
		d_kubectl="${KUBECTL:-kubectl}${CONTEXT:+ --context $CONTEXT}"
		echo "$d_kubectl get --raw /version -v=8 (only the Date of the answer is kept)"
		api_steps | while read -r verb a b; do
			case $verb in
				raw) echo "$d_kubectl get --raw $b" ;;
				types) echo "$d_kubectl api-resources --verbs=list -o name" ;;
				names) echo "$d_kubectl get $a${NAMESPACES:+ -n each of$NAMESPACES}$([ -n "$NAMESPACES" ] || echo ' -A') -o name" ;;
				*) echo "$d_kubectl get $a${NAMESPACES:+ -n each of$NAMESPACES}$([ -n "$NAMESPACES" ] || echo ' -A') -o json" ;;
			esac
		done
		echo "$d_kubectl logs (containers in $LOGS, and those in trouble in $LOGS_OF_TROUBLED: at most $LOGS_MOST, current and previous, the last 3000 lines)"
	fi
	if [ "$OUT" = - ]; then echo "# written: a directory .inquest.XXXXXX in \$TMPDIR or /tmp, removed at the end; the archive to standard output"
	else echo "# written: a directory .inquest.XXXXXX in $OUT, removed at the end; the archive; SHA256SUMS"; fi
}
# ================================================================================================== surroundings
# The callers' PATH counts first. Added is where distributions keep the tools that this needs.
TOOLDIRS='/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin /snap/bin /var/lib/rancher/rke2/bin
/var/lib/rancher/k3s/data/current/bin /home/kubernetes/bin /opt/bin /snap/microk8s/current/bin'
PATH=${PATH:-/usr/bin:/bin}
for dir in $TOOLDIRS; do case $dir in /usr/bin | /bin | /usr/local/bin) ;; *) PATH=$PATH:$dir ;; esac; done
LC_ALL=C LANG=C
export PATH LC_ALL LANG
unset ENV BASH_ENV CDPATH LD_PRELOAD GREP_OPTIONS TAR_OPTIONS GZIP POSIXLY_CORRECT 2>/dev/null
IFS=' 	
'
ZONE=$(date +%z 2>/dev/null)
case $ZONE in [+-][0-9][0-9][0-9][0-9]) ;; *) ZONE=+0000 ;; esac
ZONEVAR=${TZ-unset}
# every command prints its times in UTC; only "date +%z" is asked in the machine's own zone
TZ=UTC0
export TZ

HERE=$(pwd -P) || die 70 "no current directory"
case $SELF in /*) ;; *) SELF=$HERE/$SELF ;; esac
ROOT=$(cd "$ROOT" && pwd -P) || die 64 "--root cannot be entered"
[ "$ROOT" = / ] && R='' || R=$ROOT
MYUID=$(id -u 2>/dev/null) || MYUID=-1
[ $DRY = 1 ] && { dry_run; exit 0; }

for tool in awk sed tr cut head tail sort tar mktemp find rm mv ln mkdir cat sleep od wc grep; do
	command -v "$tool" >/dev/null 2>&1 || die 70 "needed, but not found: $tool"
done
if command -v sha256sum >/dev/null 2>&1; then HASH=sha256sum
elif command -v shasum >/dev/null 2>&1; then HASH='shasum -a 256'
elif command -v openssl >/dev/null 2>&1; then HASH='openssl dgst -sha256 -r'
else die 70 "needed, but not found: sha256sum, shasum or openssl"; fi
hash_of() { $HASH <"$1" | cut -c1-64; }

# The node's own work goes first. What is lowered here is inherited by everything that is started below.
renice -n 19 -p $$ >/dev/null 2>&1 || renice 19 $$ >/dev/null 2>&1 || :
ionice -c 3 -p $$ >/dev/null 2>&1 || :

# Everything is put together in a directory of its own, beside the archive: then the last step is a link, which is all or nothing.
STDOUT=0
writable() { [ -d "$1" ] && [ -w "$1" ] && printf '' 2>/dev/null >"$1/.inquest.$$" && rm -f "$1/.inquest.$$"; }
if [ "$OUT" = - ]; then
	STDOUT=1
	[ -t 1 ] && die 64 "-o - writes an archive: send standard output to a file or a pipe"
	for OUT in "${TMPDIR:-/tmp}" /tmp /var/tmp /dev/shm "$HERE" ''; do
		[ -n "$OUT" ] && writable "$OUT" && break
	done
	[ -n "$OUT" ] || die 73 "no place for temporary files: set TMPDIR to a directory with 256 MiB free"
else
	case $OUT in /*) ;; *) OUT=$HERE/$OUT ;; esac
	writable "$OUT" || die 73 "output directory is missing or not writable: $OUT"
fi
free_kib() { df -Pk "$OUT" 2>/dev/null | awk 'NR == 2 && $4 ~ /^[0-9]+$/ { print $4 }'; }
KIB=$(free_kib)
[ "${KIB:-262144}" -lt 262144 ] && die 74 "less than 256 MiB free in $OUT: choose another place with -o, or free some space"

# Two processes: this one takes the signals and tidies up, the other works. A terminal's ctrl-C and a service manager's stop
# reach every process of a group: if the worker's own small helpers could be hit, half a row might be written.
ALARM=0 BELL=''
lives() { [ -d "$W" ] && kill -0 $$ 2>/dev/null; }
# slay PID: it and everything below, without a last word
slay() { kill -STOP "$1" 2>/dev/null; kill -KILL $(descendants "$1") 2>/dev/null; }
# some shells say of what was killed that it was, unless it is waited for
unring() { [ -z "$BELL" ] || { slay "$BELL"; wait "$BELL"; } 2>/dev/null; }
# ring SECONDS: wakes this process then, should the worker still go on
ring() {
	unring
	(
		trap - HUP INT QUIT TERM PIPE EXIT
		r_left=$1
		# where the directory is gone so is the run, and its number may be another's: a bell does not outlive it
		while [ "$r_left" -gt 0 ]; do
			lives || exit 0
			if [ "$r_left" -gt 3 ]; then sleep 3; else sleep "$r_left"; fi
			r_left=$((r_left - 3))
		done
		lives && kill -USR2 $$ 2>/dev/null
	) </dev/null >/dev/null 2>&1 &
	BELL=$!
}
# A worker that hangs in the kernel (a dead mount) takes no signal: what it has written down is packed without it.
take_over() {
	slay "$WORKER"
	t_at=$(cat "$W/at" 2>/dev/null)
	say "the run hangs at $t_at, writing what there is"
	SEQ=$(wc -l <"$W/index" | tr -d ' ')
	STATE=partial
	[ -z "$SENT" ] || STATE=interrupted
	now
	begin_row
	row failed - command - "end of the run" "hung at $t_at: what has no row was not attempted"
	GOT=1
	leave "${SENT:-0}"
}
# leave SIGNAL: packs what there is and ends with the code that says what became of the run; 98 and 99 are no signals
leave() {
	finish
	case $? in
		0) ;;
		2) die 73 "the archive could not be put into $OUT" ;;
		3) die 70 "awk, the filter for secrets, failed at the end: no archive is made of what it did not see" ;;
		*) die 74 "no space or write error in $OUT" ;;
	esac
	told_of_cuts
	told_of_lacks
	[ "$1" != 0 ] && [ "$1" -lt 98 ] && exit $((128 + $1))
	[ $WITHHELD = 1 ] && exit 5
	[ $GOT = 1 ] || exit 3
	[ $STATE = complete ] || exit 2
	exit 0
}
# parting CODE: the worker's last words. Where nobody is left to hear them, nobody else tidies up.
parting() {
	{ echo "$1" >"$W/exit"; } 2>/dev/null
	kill -0 $$ 2>/dev/null || cleanup
}
supervise() {
	(
		trap '' HUP INT QUIT TERM
		trap 'exit 74' PIPE
		trap - USR2
		trap 'stopped' USR1
		trap 'parting $?' EXIT
		printf '' >"$W/ready"
		work
	) &
	WORKER=$!
	[ -z "$SENT" ] || deliver
	s_code=0
	[ $ALL = 1 ] || ring $((DEADLINE + 15))
	while kill -0 $WORKER 2>/dev/null; do
		if [ $ALARM = 1 ]; then
			ALARM=0
			# packing may take its time
			if [ -e "$W/packing" ]; then ring 300; else trap '' HUP INT QUIT TERM; take_over; fi
		fi
		wait $WORKER 2>/dev/null; s_code=$?
	done
	trap '' HUP INT QUIT TERM
	unring
	# on a full disk the file stays empty; a signal of ours would make wait's word worthless, so the file comes first
	[ -s "$W/exit" ] || [ $s_code -gt 125 ] || [ $s_code = 0 ] || exit $s_code
	[ -s "$W/exit" ] || bereft
	exit "$(cat "$W/exit")"
}
# The worker was killed, for want of memory it may be. What it had started goes on without it and is nobody's child any more:
# the files procs.* say what that is.
bereft() {
	# no trap where watchdogs are started, as watchdog() says
	trap - USR2
	b_pid='' b_birth=''
	{ read -r b_pid b_birth <"$W/procs.cluster"; } 2>/dev/null
	if [ -n "$b_pid" ] && same "$b_pid" "$b_birth" && kill -TERM "$b_pid" 2>/dev/null; then
		# a run of its own, which tidies up by itself
		b_until=$(($(date -u +%s) + 25))
		while same "$b_pid" "$b_birth" && [ "$(date -u +%s)" -lt $b_until ]; do tick; done
		same "$b_pid" "$b_birth" && slay "$b_pid"
	fi
	# a line may be of long ago
	cat "$W"/procs.job "$W"/procs.node.* "$W"/procs.call.* >"$W/procs" 2>/dev/null
	set --
	while read -r b_pid b_birth; do
		if [ -n "$b_pid" ] && same "$b_pid" "$b_birth"; then set -- "$@" "$b_pid"; fi
	done <"$W/procs"
	[ $# = 0 ] || end_tree "$@" 2>/dev/null
	[ $ALL = 1 ] && [ -s "$W/wanted" ] || die 70 "the run was killed, nothing is left of it"
	say "the run was killed, removing its pods"
	b_left=''
	find_kubectl && drop_all || b_left=', and the pods that could not be removed'
	tell_nodes 'the run was killed'
	# that run says nothing to us of what it left
	[ -z "$(find "$OUT/" -name 'inquest-cluster-*' -newer "$W/wanted" 2>/dev/null)" ] || n_good=$((n_good + 1))
	[ $n_good = 0 ] || die 70 "the run was killed: left of it are the archives named above$b_left"
	die 70 "the run was killed: ${b_left:+left of it are }${b_left#, and }${b_left:-nothing is left of it}"
}
pass_on() {
	[ -z "$SENT" ] || return 0
	SENT=$1
	[ -z "$WORKER" ] || deliver
}
deliver() { # not before the worker's trap is set
	while [ ! -e "$W/ready" ] && kill -0 "$WORKER" 2>/dev/null; do tick; done
	echo "$SENT" >"$W/signal"
	[ $ALL = 1 ] || ring 20
	kill -USR1 "$WORKER" 2>/dev/null
}

trap 'pass_on 1' HUP
trap 'pass_on 2' INT
trap 'pass_on 3' QUIT
trap 'pass_on 13' PIPE
trap 'pass_on 15' TERM
trap 'ALARM=1' USR2
trap 'cleanup' EXIT
# only what mktemp made is ever removed
cleanup() { case $W in */.inquest.??????) rm -rf -- "$W" ;; esac; }
W=''
W=$(mktemp -d "$OUT/.inquest.XXXXXX") || die 73 "cannot create a work directory in $OUT"
# STOP: 0, or the number of the signal that ends the run, or 98 (disk) or 99 (deadline)
STOP=0 JOB='' BIRTH='' DOG='' STATE=complete WITHHELD=0
stopped() {
	[ "$STOP" = 0 ] || return 0
	STOP=$(cat "$W/signal" 2>/dev/null)
	STOP=${STOP:-15} STATE=interrupted
	say "stopped by signal $STOP, writing what there is"
	if [ -n "$JOB" ]; then end_job "$JOB" "$BIRTH"; fi
}
TREE=$W/tree/bundle
mkdir -p "$TREE" || die 74 "cannot write to $OUT"
SALT=$(head -c 32 /dev/urandom 2>/dev/null | od -An -tx1 2>/dev/null | tr -d ' \n')
[ ${#SALT} -eq 64 ] || SALT=$(head -c 32 /dev/urandom | $HASH | cut -c1-64)
[ ${#SALT} -eq 64 ] || die 70 "no randomness for the salt"
printf '' >"$W/index"; printf '' >"$W/paths"; printf '' >"$W/counts"
RUN=$(printf '%s' "$SALT" | cut -c1-8)
SEQ=0 PARTIAL=0 LACKING='' NUMBER=0 WANT_AGENTS=0 PATIENCE=1 GOT=0
END=$(($(date -u +%s) + DEADLINE))
NL='
'
TAB=$(printf '\t')
HAVE_STAT=0
case $(stat -c '%a %u %s %Y' / 2>/dev/null) in [0-7]*' '[0-9]*' '[0-9]*' '[0-9]*) HAVE_STAT=1 ;; esac
HAVE_TICKS=0
sleep 0.01 2>/dev/null && HAVE_TICKS=1
tick() { if [ $HAVE_TICKS = 1 ]; then sleep 0.1; else sleep 1; fi; }

# ========================================================================================================= rows
# The escapes of a field: \t \n \r \\ and \xHH
esc() {
	ESC=$1
	case $ESC in
		'') ESC=- ;;
		-) ESC='\x2d' ;;
		*[!\ -\[\]-~]*) ESC=$(printf '%s' "$1" | od -An -v -tx1 | awk '
			BEGIN { for (i = 32; i < 127; i++) C[sprintf("%02x", i)] = sprintf("%c", i); C["5c"] = "\\\\"; C["09"] = "\\t"; C["0a"] = "\\n"; C["0d"] = "\\r" }
			{ for (i = 1; i <= NF; i++) b[++n] = $i }
			# whole UTF-8 sequences are kept as they are, other bytes become \xHH
			function hex(h) { return (index("0123456789abcdef", substr(h, 1, 1)) - 1) * 16 + index("0123456789abcdef", substr(h, 2, 1)) - 1 }
			END { for (i = 1; i <= n; i++) {
				if (b[i] in C) { printf "%s", C[b[i]]; continue }
				v = hex(b[i]); k = v >= 194 && v < 224 ? 1 : (v >= 224 && v < 240 ? 2 : (v >= 240 && v < 245 ? 3 : 0)); ok = k > 0 && i + k <= n
				for (j = 1; ok && j <= k; j++) { w = hex(b[i + j]); if (w < 128 || w > 191) ok = 0 }
				if (ok) { w = hex(b[i + 1]); if ((v == 224 && w < 160) || (v == 237 && w > 159) || (v == 240 && w < 144) || (v == 244 && w > 143)) ok = 0 }
				if (!ok) { printf "\\x%s", toupper(b[i]); continue }
				for (j = 0; j <= k; j++) printf "%c", hex(b[i + j])
				i += k
			} }') ;;
	esac
}
now() { set -- $(date -u '+%s %Y-%m-%dT%H:%M:%SZ'); NOW=${1:-$NOW} STAMP=${2:-$STAMP}; }
NOW=0 STAMP=1970-01-01T00:00:00Z
# begin_row; row COVERAGE EXIT KIND MEMBER ORIGIN NOTE
begin_row() { now; T0=$NOW S0=$STAMP BROKEN='' OVER=''; printf '' >"$W/n"; }
# gone KIND ORIGIN NOTE [EXIT]: what is not there took no time, so the clock is not asked: most of the tables are absent on any node
SAMETIME=0
gone() { T0=$NOW S0=$STAMP SAMETIME=1 BROKEN=''; printf '' >"$W/n"; row absent "${4:--}" "$1" - "$2" "$3"; SAMETIME=0; }
row() {
	[ $SAMETIME = 1 ] || now
	# whatever the command said: without the filter nothing of it is there
	if [ -n "$BROKEN" ]; then set -- failed "$2" "$3" "$4" "$5" "$BROKEN"; fi
	SEQ=$((SEQ + 1))
	size=0 reds=0
	[ "$4" != - ] && size=$(wc -c <"$W/tree/$4" | tr -d ' ')
	if [ -s "$W/n" ]; then
		reds=$(awk '$1 != "long" && $1 != "unfinished" { s += $2 } END { print s + 0 }' "$W/n"); cat "$W/n" >>"$W/counts"
		cut_lines=$(awk '$1 == "long" { print $2 }' "$W/n"); printf '' >"$W/n"
		# all lines are there, but not to their ends
		if [ -n "$cut_lines" ] && [ "$4" != - ]; then set -- "$1" "$2" "$3" "$4" "$5" "${6:+$6; }too long, and cut where [CUT] stands: $cut_lines"; fi
	fi
	esc "$5"; origin=$ESC
	esc "$6"; note=$ESC
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$SEQ" "$S0" "$((NOW - T0))" "$2" "$1" "$size" "$reds" "$3" "$4" "$origin" "$note" >>"$W/index"
	case $1 in
		failed | denied) PARTIAL=1 LACKING="$LACKING $SEQ" ;;
		truncated) if [ "$2" = 124 ]; then OVER=timeout; fi; printf '%s %s\n' "$SEQ" "${OVER:-other}" >>"$W/overs" ;;
	esac
	[ "$2" = 124 ] && PARTIAL=1
	[ "$4" = - ] || GOT=1
	enough
}
# What was cut, why, and what would have helped: OVER says of a row that --max-bytes would
told_of_cuts() {
	[ -s "$W/overs" ] || return 0
	case $SENT$STOP in 0 | 98 | 99) ;; *) return 0 ;; esac
	# what is a tail by its nature is cut on every run: the index says so, here it would only dull
	for t_why in max-bytes timeout other; do
		# the names as the filter left them
		t_text=$(awk -F '\t' -v why=$t_why 'FILENAME == ARGV[1] { split($0, f, " "); if (f[2] == why) w[f[1]] = 1; next } ($1 in w) && $5 == "truncated" && (why != "other" || $11 != "the last 400 lines") { if (++n < 4) t = t (n > 1 ? ", " : "") $10 }
			END { if (n) print n ": " t (n > 3 ? ", ..." : "") }' "$W/overs" "$W/index")
		[ -n "$t_text" ] || continue
		case $t_why in
			max-bytes) say "cut at the limit of bytes (--max-bytes raises it, now $MAX): $t_text" ;;
			timeout) say "cut because they took too long (--timeout and --deadline give them longer, now $LIMIT and $DEADLINE s): $t_text" ;;
			other) say "only in part, which no limit of bytes or time changes (the index says why): $t_text" ;;
		esac
	done
}
# What was refused or failed, by the names as the filter left them: the rows that make the run partial, not one that a substitute
# made good. Where nothing could be read it was said already, and of a run that was ended its end is the reason.
told_of_lacks() {
	[ -n "$LACKING" ] && [ $GOT = 1 ] || return 0
	case $SENT$STOP in 0) ;; *) return 0 ;; esac
	l_text=$(awk -F '\t' -v rows="$LACKING" '
		BEGIN { k = split(rows, f, " "); for (i = 1; i <= k; i++) w[f[i]] = 1 }
		$1 in w { c[$5]++; if (++n < 4) t = t (n > 1 ? ", " : "") $10 }
		END {
			k = split("denied failed absent", f, " ")
			for (i = 1; i <= k; i++) if (f[i] in c) s = s (s == "" ? "" : ", ") f[i] " " c[f[i]]
			if (s != "") print s " (the index says why): " t (n > 3 ? ", ..." : "")
		}' "$W/index")
	[ -z "$l_text" ] || say "$l_text"
}
# The run ends early, with what there is, at its deadline and before the disk is full.
enough() {
	# whoever killed the other process wants an end, too
	kill -0 $$ 2>/dev/null || { cleanup; exit 137; }
	[ "$STOP" = 0 ] || return 0
	if [ "$NOW" -ge "$END" ]; then
		STOP=99
		say "the deadline of $DEADLINE s has passed, writing what there is (--deadline)"
	elif [ $((SEQ % 8)) = 0 ]; then
		KIB=$(free_kib)
		[ "${KIB:-65536}" -lt 65536 ] || return 0
		STOP=98
		say "less than 64 MiB free in $OUT, writing what there is"
	fi
	return 0
}

# ============================================================================================== running commands
# salt and data go through one pipe: the salt is neither an argument nor in a file
redact() { # MODE NAME [awk assignments]: standard input to standard output
	mode=$1 tag=$2; shift 2
	[ "$tag$WANT_AGENTS" = out1 ] && set -- "$@" -v agents="$W/agents.one"
	case $mode in api | json | tsv) cutat=4194304 ;; *) cutat=8192 ;; esac
	# cut: a line without end must not stop an awk whose expressions are quadratic
	{ echo "$SALT"; if [ "$mode" = cmdline ]; then tr '\000\n' '\n '; else tr -d '\000'; fi | cut -b1-$cutat; } |
		INQUEST_HASH="$W/h.$tag" awk -v mode="$mode" -v hash="$HASH" "$@" -f "$W/redact.awk"
}
children() {
	if [ -r "/proc/$1/task/$1/children" ]; then cat "/proc/$1/task/"*/children 2>/dev/null
	else { ps -e -o pid,ppid || ps -o pid,ppid; } 2>/dev/null | awk -v p="$1" '$2 == p { print $1 }'; fi
}
descendants() { # PID...: themselves and everything below, parents first
	d_todo=$* d_all=''
	while [ -n "$d_todo" ]; do
		set -- $d_todo; d_pid=$1; shift; d_all="$d_all $d_pid"; d_todo="$* $(children "$d_pid")"
		set -- $d_todo; d_todo=$*
	done
	echo $d_all
}
# The list of processes is made before the first signal, and while none of them can start another: later, orphans could not be
# told apart.
end_tree() { # PID...
	e_all='' e_now=$(descendants "$@")
	while [ "$e_now" != "$e_all" ]; do
		e_all=$e_now
		kill -STOP $e_all 2>/dev/null
		e_now=$(descendants "$@")
	done
	kill -TERM $e_all 2>/dev/null
	kill -CONT $e_all 2>/dev/null
	e_n=0
	while [ $e_n -lt 10 ]; do
		e_left=''
		for e_p in $e_all; do kill -0 "$e_p" 2>/dev/null && e_left=1; done
		[ -z "$e_left" ] && return 0
		tick; e_n=$((e_n + 1)); [ $HAVE_TICKS = 0 ] && e_n=$((e_n + 9))
	done
	kill -KILL $e_all 2>/dev/null
	return 0
}
# born PID: sets BORN to when it began, in ticks since the machine did (empty where /proc does not say), and ENDED to 1 where it
# only waits to be asked how it ended. No process is started for that.
born() {
	BORN='' ENDED=0
	{ IFS= read -r BORN <"/proc/$1/stat"; } 2>/dev/null
	set -- ${BORN##*") "}
	BORN=${20-}
	case ${1-} in [ZX]) ENDED=1 ;; esac
}
# same PID BIRTH: it goes on, and the number is not another's by now
same() {
	kill -0 "$1" 2>/dev/null || return 1
	born "$1"
	[ "$BORN" = "$2" ] && [ $ENDED = 0 ]
}
# The nap ends with us. It is killed, not asked: between fork and exec it would take another signal for the shell's. Before there is
# one, $! is the job, which is not ours to kill.
# The signal is USR2, which the shell that starts this has no trap for: where it comes before the trap it ends us, too. A signal with
# a trap (USR1) would be caught between fork and here on behalf of the parent, and be lost. What is ignored when a shell begins
# (TERM), ksh93 cannot trap any more. Should it be lost all the same, the job's end is seen after a nap.
watchdog() { # JOB BIRTH SECONDS FLAG HOLDS END: END is called with JOB and BIRTH when the time is up or HOLDS says no
	g_job=$1 g_left=$3
	trap 'if [ "$!" != "$g_job" ]; then kill -KILL $! 2>/dev/null; fi; exit 0' USR2
	while [ "$g_left" -gt 0 ]; do
		same "$1" "$2" || exit 0
		"$5" || break
		if [ "$g_left" -gt 3 ]; then g_nap=3; else g_nap=$g_left; fi
		sleep "$g_nap" & wait $!
		g_left=$((g_left - g_nap))
	done
	trap '' USR2
	same "$1" "$2" || exit 0
	# not ":", here and elsewhere: where a special builtin cannot write, on a full disk or because the directory was removed, the
	# shell ends at once, and nobody would end the command
	printf '' >"$4"
	"$6" "$1" "$2"
}
# call_off DOG: some shells say of what was ended that it was
call_off() { { kill -USR2 "$1"; wait "$1"; } 2>/dev/null; }
# The command first, so that what it had printed still passes the filter; then, if that did not help, the whole job.
# A number in the file counts only while it is below the job: it may belong to another process by now.
end_job() { # JOB BIRTH
	same "$1" "$2" || return 0
	w_pid=$(cat "$W/pid" 2>/dev/null)
	if [ -n "$w_pid" ]; then case " $(descendants "$1") " in *" $w_pid "*) end_tree "$w_pid" ;; esac; fi
	e_n=0
	while [ $e_n -lt 20 ] && same "$1" "$2"; do tick; e_n=$((e_n + 1)); [ $HAVE_TICKS = 0 ] && e_n=$((e_n + 9)); done
	same "$1" "$2" && kill -KILL $(descendants "$1") 2>/dev/null
	return 0
}
# capture MEMBER BYTES END MODE COMMAND...: runs the command, watched and bounded; END is head or tail.
# Sets RC and CUT; standard error's beginning is in $W/err, filtered.
capture() {
	c_member=$1 c_bytes=$2 c_end=$3 c_mode=$4; shift 4
	now
	c_limit=$((LIMIT * PATIENCE))
	if [ "$c_limit" -gt $((END - NOW)) ]; then c_limit=$((END - NOW)); fi
	if [ "$c_limit" -lt 1 ]; then c_limit=1; fi
	rm -f "$W/pid" "$W/late" "$W/rc" "$W/err" "$W/cut" "$W/filter" "$W/errfilter" "$W/bounds"
	BROKEN=''
	mkdir -p "$W/tree/${c_member%/*}"
	(
		trap - TERM EXIT PIPE USR1
		{
			{
				{
					# the command's process writes its number down and becomes the command
					sh -c 'echo $$ >"$0"; exec "$@"' "$W/pid" "$@" 3>&- 2>&4
					echo $? >"$W/rc"
				} 4>&1 1>&3 | { head -c 4096; cat >/dev/null; } | redact text err >"$W/err"
				echo $? >"$W/errfilter"
			} 3>&1 | { bounded "$c_bytes" "$c_end"; echo $? >"$W/bounds"; } | redact "$c_mode" out -v counts="$W/n" >"$W/tree/$c_member"
			echo $? >"$W/filter"
		}
	) </dev/null >/dev/null 2>&1 &
	JOB=$!
	# its number is its own until it was waited for
	born $JOB; BIRTH=$BORN
	watchdog "$JOB" "$BIRTH" "$c_limit" "$W/late" lives end_job </dev/null >/dev/null 2>&1 &
	DOG=$!
	born $DOG
	printf '%s %s\n' $JOB "$BIRTH" $DOG "$BORN" >"$W/procs.job"
	while kill -0 "$JOB" 2>/dev/null; do wait "$JOB" 2>/dev/null; done
	call_off "$DOG"
	printf '' >"$W/procs.job"
	JOB=''
	RC=-
	[ -s "$W/rc" ] && RC=$(cat "$W/rc")
	CUT=0
	[ -e "$W/cut" ] && CUT=1
	ERR=$(head -n 1 "$W/err" 2>/dev/null | cut -b1-400)
	if [ "$STOP" != 0 ]; then ERR="interrupted by a signal"; RC=$((128 + STOP)); fi
	if [ -e "$W/late" ]; then RC=124 ERR="no end within $c_limit s; ended"; fi
	[ -e "$W/tree/$c_member" ] || printf '' >"$W/tree/$c_member"
	# what was ended with its command is not broken
	[ "$STOP" = 0 ] && [ ! -e "$W/late" ] || return 0
	of_filter "$W/errfilter"
	[ -z "$F_WHY" ] || ERR="standard error is lost: the filter for secrets $F_WHY"
	of_filter "$W/filter"
	# a filter that ended early takes what feeds it along
	if [ -z "$F_WHY" ]; then of_filter "$W/bounds"; fi
	if [ -z "$F_WHY" ] && [ "$c_end" = count ] && [ ! -s "$W/tree/$c_member" ]; then F_WHY="printed nothing"; fi
	[ -n "$F_WHY" ] || return 0
	BROKEN="nothing is kept: the filter for secrets $F_WHY"
	printf '' >"$W/tree/$c_member"
	if [ $BROKE = 0 ]; then BROKE=1; say "awk, the filter for secrets, $F_WHY: nothing is kept of what it was to filter, the index says of what"; fi
}
# of_filter FILE with an exit code: sets F_WHY, empty where all is well. What awk itself prints could hold what it was to hide.
of_filter() {
	F_WHY='' F_RC=$(cat "$1" 2>/dev/null)
	case $F_RC in
		0) ;;
		'') F_WHY='was killed' ;;
		126 | 127) F_WHY="could not be started (exit $F_RC)" ;;
		*) if [ "$F_RC" -gt 256 ]; then F_RC=$((F_RC % 128 + 128)); fi # ksh93 and yash add more to the number of a signal
			if [ "$F_RC" -gt 128 ]; then F_WHY="was killed by signal $((F_RC - 128))"; else F_WHY="ended with exit code $F_RC"; fi ;;
	esac
}
BROKEN='' BROKE=0
# Cuts at a limit, never inside of a line: half a line may be half a secret, which no filter recognises.
#   head: the first bytes; rest: the same, but the first line is the rest of one; tail: the last lines
#   count: how many lines there are, in all and by their first word
bounded() {
	case $2 in
		tail) tail -n 401 | awk -v mark="$W/cut" '{ l[NR] = $0 } END { if (NR > 400) printf "" >mark; for (i = NR > 400 ? 2 : 1; i <= NR; i++) print l[i] }' ;;
		raw) head -c "$1" ;;
		# only short plain words: out of its lines, a part of a key could not be told from a word any more
		count) awk '{ n++; c[length($1) < 13 && $1 ~ /^(-[A-Z]|[a-z][a-z-]*|[{}])$/ ? $1 : "(other)"]++ } END { print n + 0, "lines in all"; for (w in c) print c[w], w }' | sort -k1,1nr -k2 | head -n 100 ;;
		*) head -c $(($1 + 1)) | tr -d '\000' | awk -v max="$1" -v mark="$W/cut" -v skip="$2" '
			{ n += length($0) + 1; if (NR > 1 && !(skip == "rest" && NR == 2)) print last; last = $0 }
			END { if (n > max + 1) { printf "" >mark; exit } if (NR > 0 && !(skip == "rest" && NR == 1)) print last }' ;;
	esac
}

# ======================================================================================================= paths
# note PATH: one row of facts about what is at PATH, a path without links in it. Sets TYPE and TARGET.
SEEN=$NL
note() {
	n_phys=$R$1 TARGET=''
	if [ -L "$n_phys" ]; then TYPE=l; TARGET=$(readlink "$n_phys"; echo .); TARGET=${TARGET%??}
	elif [ -d "$n_phys" ]; then TYPE=d
	elif [ -f "$n_phys" ]; then TYPE=f
	elif [ -e "$n_phys" ]; then TYPE=o
	elif [ -d "${n_phys%/*}/" ] && [ ! -x "${n_phys%/*}/" ]; then TYPE=denied
	else TYPE=absent; fi
	case $SEEN in *"$NL$1$NL"*) return ;; esac
	SEEN=$SEEN$1$NL
	note_new "$1"
}
note_new() { # PATH [stat's answer]: TYPE and TARGET are known
	case $TYPE in
		absent | denied) esc "$1"; printf '%s\t%s\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\n' "$ESC" "$TYPE" >>"$W/paths" ;;
		*) facts "$1" "${2:-$(stat_of "$R$1")}" ;;
	esac
}
STATS='%F|%a|%u|%U|%g|%G|%s|%Y|%y|%Z|%z|%W|%w'
stat_of() { if [ $HAVE_STAT = 1 ]; then stat -c "$STATS" "$1" 2>/dev/null; else ls_facts "$1"; fi; }
# Without stat: what ls and date tell. Times that ls cuts are given with the precision that is left.
ls_facts() {
	LSTIME=-
	if [ ! -L "$1" ]; then LSTIME=$(date -u -r "$1" +%s 2>/dev/null) || LSTIME=-; fi
	ls -lnd "$1" 2>/dev/null | awk -v t="$LSTIME" '
		function oct(s,   v) { v = 0; if (substr(s, 1, 1) == "r") v += 4; if (substr(s, 2, 1) == "w") v += 2; if (substr(s, 3, 1) ~ /[xst]/) v += 1; return v }
		NR == 1 {
			c = substr($1, 1, 1); y = "-"
			F = c == "d" ? "directory" : c == "l" ? "symbolic link" : c == "c" ? "character special file" : c == "b" ? "block special file" : c == "p" ? "fifo" : c == "s" ? "socket" : "regular file"
			sp = (substr($1, 4, 1) ~ /[sS]/ ? 4 : 0) + (substr($1, 7, 1) ~ /[sS]/ ? 2 : 0) + (substr($1, 10, 1) ~ /[tT]/ ? 1 : 0)
			m = sp oct(substr($1, 2, 3)) oct(substr($1, 5, 3)) oct(substr($1, 8, 3))
			if (t !~ /^[0-9]+$/) t = "-"
			if (t == "-" && $8 ~ /^[0-9][0-9][0-9][0-9]$/) y = sprintf("%s-%02d-%02d", $8, (index("JanFebMarAprMayJunJulAugSepOctNovDec", $6) + 2) / 3, $7)
			size = (c == "c" || c == "b") ? "-" : $5
			print F "|" m "|" $3 "|-|" $4 "|-|" size "|" t "|" y "|-|-|-|-"
		}'
}
# facts PATH "stat's answer": writes the row
facts() {
	# what is known of a path is something, too
	[ "$1" = / ] || GOT=1
	OLDIFS=$IFS; IFS='|'; set -f; set -- "$1" $2; set +f; IFS=$OLDIFS
	f_path=$1
	if [ $# -lt 12 ]; then esc "$1"; printf '%s\tdenied\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\n' "$ESC" >>"$W/paths"; return; fi
	case $2 in
		regular*) f_t=f ;; directory) f_t=d ;; symbolic*) f_t=l ;; character*) f_t=c ;; block*) f_t=b ;; fifo*) f_t=p ;; socket*) f_t=s ;; *) f_t=f ;;
	esac
	f_mode=$3; while [ ${#f_mode} -lt 4 ]; do f_mode=0$f_mode; done
	owner "$4" "$5" passwd; f_owner=$NAME
	owner "$6" "$7" group; f_group=$NAME
	f_size=${8:--}
	shift 8
	moment "${1:--}" "${2:--}"; f_m=$MOMENT
	moment "${3:--}" "${4:--}"; f_c=$MOMENT
	moment "${5:--}" "${6:--}"; f_b=$MOMENT
	f_target=-
	if [ $f_t = l ]; then
		[ -n "$TARGET" ] || { TARGET=$(readlink "$R$f_path"; echo .); TARGET=${TARGET%??}; }
		esc "$TARGET"; f_target=$ESC
	fi
	esc "$f_path"
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t-\n' "$ESC" "$f_t" "$f_mode" "$OWNERID" "$GROUPID" "$f_owner" "$f_group" "$f_size" "$f_m" "$f_c" "$f_b" "$f_target" >>"$W/paths"
}
# The names of the node, not those of the machine that collects. 0 is root everywhere.
OWNERS=$NL
owner() { # ID NAME FILE
	if [ "$3" = passwd ]; then OWNERID=$1; else GROUPID=$1; fi
	NAME=$2
	if [ -n "$R" ]; then
		NAME=-
		case $1:$OWNERS in
			0:*) NAME=root ;;
			*"$NL$3 $1 "*) NAME=${OWNERS#*"$NL$3 $1 "}; NAME=${NAME%%"$NL"*} ;;
			*) [ -r "$R/etc/$3" ] && NAME=$(awk -F: -v id="$1" '$3 == id { print $1; exit }' "$R/etc/$3")
				OWNERS="$OWNERS$3 $1 $NAME$NL" ;;
		esac
	fi
	case $NAME in '' | UNKNOWN | *[!A-Za-z0-9._-]*) NAME=- ;; esac
}
# seconds from one field of stat, the fraction from the other
moment() {
	MOMENT=-
	case $1 in
		0) [ "$2" = - ] || MOMENT=@0 ;;
		*[!0-9-]* | '' | -) case $2 in [12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]) MOMENT=$2 ;; esac ;;
		*) m_f=${2#*.}; m_f=${m_f%% *}
			case $2 in *.*) case $m_f in '' | *[!0-9]*) MOMENT=@$1 ;; *) MOMENT=@$1.$m_f ;; esac ;; *) MOMENT=@$1 ;; esac ;;
	esac
}
# resolve PATH: notes every hop, follows links inside of the root. Sets REAL and TYPE; fails where nothing is.
resolve() {
	printf '%s\n' "$1" >"$W/at"
	r_todo=${1#/} r_cur='' r_links=0 REAL=/ TYPE=d
	note /
	while [ -n "$r_todo" ]; do
		r_head=${r_todo%%/*}
		case $r_todo in */*) r_todo=${r_todo#*/} ;; *) r_todo='' ;; esac
		case $r_head in '' | .) continue ;; ..) r_cur=${r_cur%/*}; REAL=${r_cur:-/}; TYPE=d; continue ;; esac
		note "$r_cur/$r_head"
		REAL=$r_cur/$r_head
		case $TYPE in
			l)
				r_links=$((r_links + 1))
				[ $r_links -gt 40 ] && return 1
				case $TARGET in /*) r_cur='' ;; esac
				r_todo=${TARGET#/}${r_todo:+/$r_todo} REAL=${r_cur:-/} TYPE=d
				;;
			d) r_cur=$REAL ;;
			*)
				if [ -n "$r_todo" ]; then
					case $r_todo/ in */../* | ../*) ;; *) REAL=$REAL/$r_todo; r_state=absent; [ "$TYPE" = denied ] && r_state=denied
						case $SEEN in *"$NL$REAL$NL"*) ;; *) SEEN=$SEEN$REAL$NL; esc "$REAL"; printf '%s\t%s\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\t-\n' "$ESC" "$r_state" >>"$W/paths" ;; esac ;;
					esac
					[ "$TYPE" = denied ] || TYPE=absent
				fi
				case $TYPE in absent | denied) return 1 ;; esac
				;;
		esac
	done
	return 0
}
# listing of a directory without links in its path
LISTED=$NL
enter_dir() { # REALPATH DEPTH
	printf '%s\n' "$1" >"$W/at"
	case $LISTED in *"$NL$1 $2$NL"*) return ;; esac
	LISTED=$LISTED$1\ $2$NL
	[ "$STOP" = 0 ] || return
	# busybox's -x asks the mode, even of root, who may enter where no x is; its own dot is found only where one may
	if [ ! -r "$R$1" ] || [ ! -e "$R$1/." ]; then
		printf '%s\t%s\n' "$(esc "$1"; printf '%s' "$ESC")" denied >>"$W/listings"
		begin_row; row denied - file - "$1" "a directory: not listed"
		return
	fi
	l_dir=${1%/} l_depth=$2 l_state=complete
	[ $BYTES = 1 ] || l_state=truncated
	# a pattern without a match stays as it is
	set -- "$R$l_dir"/..?*; there "$1" || set --
	set -- "$R$l_dir"/.[!.]* "$@"; there "$1" || shift
	set -- "$R$l_dir"/* "$@"; there "$1" || shift
	# a directory of that many entries is no configuration; say so instead of filling the archive
	l_n=0 l_stats=0
	[ $# -gt 2000 ] && l_state=truncated
	[ $BYTES = 1 ] || l_state=truncated
	# one stat for all of them, if each got its line
	if [ $HAVE_STAT = 1 ] && [ $# -gt 1 ] && [ $# -le 2000 ]; then
		stat -c "$STATS" "$@" >"$W/stats" 2>/dev/null && [ "$(wc -l <"$W/stats")" -eq $# ] && l_stats=1
	fi
	[ $l_stats = 1 ] || printf '' >"$W/stats"
	for l_e in "$@"; do
		l_n=$((l_n + 1)) l_stat=''
		[ $l_n -gt 2000 ] && break
		[ $l_stats = 1 ] && IFS= read -r l_stat <&9
		TARGET=''
		if [ -L "$l_e" ]; then TYPE=l
		elif [ -d "$l_e" ]; then TYPE=d
		elif [ -e "$l_e" ]; then TYPE=f
		else continue; fi
		note_new "${l_e#"$R"}" "$l_stat"
	done 9<"$W/stats"
	esc "${l_dir:-/}"; printf '%s\t%s\n' "$ESC" $l_state >>"$W/listings"
	[ "$l_depth" -gt 1 ] || return 0
	l_n=0
	for l_e in "$@"; do
		[ -d "$l_e" ] && [ ! -L "$l_e" ] || continue
		# what is not entered has no listing, and the table says so
		l_n=$((l_n + 1)); [ $l_n -gt 200 ] && break
		# a subshell keeps this level's variables
		( enter_dir "${l_e#"$R"}" $((l_depth - 1)) )
	done
}
there() { [ -e "$1" ] || [ -L "$1" ]; }

# member_for REALPATH: a legal member name, the path itself where possible. Sets MEMBER.
TAKEN=$NL MEMBERS=$NL
member_for() {
	MEMBER=bundle/node/fs$1
	# shellcheck disable=SC2018,SC2019 # bytes of ASCII are meant, in every locale
	m_lower=$(printf '%s' "$MEMBER" | tr 'A-Z' 'a-z')
	case $MEMBER in *[!A-Za-z0-9._/-]* | *//* | */../* | */./* | */*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*) m_bad=1 ;; *) m_bad=0 ;; esac
	[ ${#MEMBER} -gt 99 ] && m_bad=1
	# a name in which the filter finds something is no name of a member
	case $1 in *[!a-z/-]*) [ "$(printf '%s\n' "$1" | redact text name)" = "$1" ] || m_bad=1 ;; esac
	case $MEMBERS in *"$NL$m_lower$NL"*) m_bad=1 ;; esac
	if [ $m_bad = 1 ]; then NUMBER=$((NUMBER + 1)); MEMBER=bundle/node/fs/_$(printf '%04d' $NUMBER); fi
	MEMBERS=$MEMBERS$m_lower$NL
}
# take MODE PATH [log [BYTES] | cert]: contents of one file. LAST is its member, empty if there is none.
take() {
	LAST=''
	[ "$STOP" = 0 ] || return 1
	if ! resolve "$2"; then
		case $TYPE in denied) begin_row; row denied - file - "$2" "no permission" ;; *) gone file "$2" "no such file" ;; esac
		return 1
	fi
	begin_row
	t_real=$REAL
	case $TAKEN in *"$NL$t_real$TAB"*) LAST=${TAKEN#*"$NL$t_real$TAB"}; LAST=${LAST%%"$NL"*}; return 0 ;; esac
	if [ "$TYPE" != f ]; then row failed - file - "$t_real" "not a regular file"; return 1; fi
	if [ ! -r "$R$t_real" ]; then row denied - file - "$t_real" "no permission"; return 1; fi
	member_for "$t_real"
	t_member=$MEMBER
	TAKEN=$TAKEN$t_real$TAB$t_member$NL
	t_note=''
	t_size=$(wc -c <"$R$t_real" 2>/dev/null | tr -d ' ')
	t_max=${4:-$MAX}
	if [ "${3:-}" = log ] && [ "${t_size:-0}" -gt "$t_max" ]; then
		t_note="the last $t_max bytes of $t_size"
		capture "$t_member" $((t_max + 1048576)) rest "$1" tail -c "$t_max" "$R$t_real"
	elif [ "${3:-}" = cert ]; then
		# only whole lines of base64 inside of a certificate's block: a key in the same file is never printed
		capture "$t_member" "$MAX" head "$1" awk '
			/^-----BEGIN / { p = /^-----BEGIN (TRUSTED )?CERTIFICATE-----/ }
			p && /^(-----(BEGIN|END) (TRUSTED )?CERTIFICATE-----|[A-Za-z0-9+\/=]+)[ \t\r]*$/
			/^-----END / { p = 0 }' "$R$t_real"
	else
		capture "$t_member" "$MAX" head "$1" cat "$R$t_real"
	fi
	t_cov=complete
	[ "$RC" = 0 ] || t_cov=failed
	if [ $CUT = 1 ] || [ -n "$t_note" ]; then t_cov=truncated OVER=max-bytes; fi
	if [ "$RC" = 124 ] || [ "$STOP" != 0 ]; then t_cov=truncated; fi
	[ "${3:-}" = cert ] && ERR=${ERR:-only its certificates}
	row $t_cov "$RC" file "$t_member" "$t_real" "${t_note:-$ERR}"
	LAST=$t_member
}
# matches PATTERN: expands it inside of the root; one path a line, with the node's names
matches() {
	w_dir='' w_rest=${1#/} w_n=0
	while :; do
		w_c=${w_rest%%/*}
		case $w_c in *[*?[]*) break ;; esac
		w_dir=$w_dir/$w_c w_rest=${w_rest#*/}
	done
	resolve "$w_dir" || return 1
	OLDIFS=$IFS; IFS=''
	for w_e in $R${REAL%/}/$w_rest; do
		[ -e "$w_e" ] || [ -L "$w_e" ] || continue
		# a line is a name here: those that hold a line end, and those beyond the limit, are not read, and said to be so
		case $w_e in *"$NL"*) left_out failed "${w_e#"$R"}" "not read: a line end in its name"; continue ;; esac
		w_n=$((w_n + 1))
		if [ $w_n -gt 200 ]; then left_out truncated "$1" "more than 200 match: the rest is not read"; break; fi
		printf '%s\n' "${w_e#"$R"}"
	done
	IFS=$OLDIFS
}
left_out() { IFS=$OLDIFS; begin_row; row "$1" - file - "$2" "$3"; IFS=''; }
do_file() { # MODE PATTERN [log]
	case $2 in
		*[*?[]*)
			matching "$2"
			[ -s "$W/matches" ] || gone file "$2" "nothing matches"
			while IFS= read -r d_path <&5; do take "$1" "$d_path" "${3:-}" || :; done 5<"$W/matches"
			;;
		*) take "$1" "$2" "${3:-}" || : ;;
	esac
}
# what matches goes into a file, by a command of this shell itself: a path that is not there costs no process
matching() { case $1 in *[*?[]*) matches "$1" ;; *) resolve "$1" && printf '%s\n' "$1" ;; esac >"$W/matches"; }
do_list() { # DEPTH PATTERN
	case $2 in
		*[*?[]*)
			matching "$2"
			while IFS= read -r d_path <&5; do if resolve "$d_path" && [ "$TYPE" = d ]; then enter_dir "$REAL" "$1"; fi; done 5<"$W/matches" ;;
		*) if resolve "$2" && [ "$TYPE" = d ]; then enter_dir "$REAL" "$1"; fi ;;
	esac
}
# The API server may be down: then these files are all there is of the logs of the system's containers.
PODLOG_ROOM=''
do_podlogs() { # PATTERN of directories, one of each container
	[ -n "$PODLOG_ROOM" ] || PODLOG_ROOM=$((MAX * 2))
	matching "$1"
	while IFS= read -r l_path <&7; do
		# the newest two: 1.log is the run after 0.log
		for l_e in $(cd "$R$l_path" 2>/dev/null && ls | grep '^[0-9][0-9]*\.log$' | sort -rn | head -n 2); do
			if [ $PODLOG_ROOM -le 0 ]; then begin_row; OVER=max-bytes; row truncated - file - "$l_path/$l_e" "not read: $((MAX * 2)) bytes of such logs were"; continue; fi
			take text "$l_path/$l_e" log $((MAX / 8)) || continue
			[ -n "$LAST" ] && PODLOG_ROOM=$((PODLOG_ROOM - $(wc -c <"$W/tree/$LAST")))
		done
	done 7<"$W/matches"
}
# values of keys in a member, already filtered: only these name further paths
named() { sed -n "s/^.*$2[\"']*[ 	]*[:=][ 	]*[\"']\\(\\/[^\"']*\\)[\"'].*\$/\\1/p" "$W/tree/$1" | sort -u; }
do_cni() {
	set -- "${1%/}"
	case $CNIDIRS in *"$NL$1$NL"*) return ;; esac
	CNIDIRS=$CNIDIRS$1$NL
	resolve "$1" && [ "$TYPE" = d ] || return 0
	cni_real=$REAL
	case $CNIDIRS in *"$NL$cni_real/$NL"*) return ;; esac
	CNIDIRS=$CNIDIRS$cni_real/$NL
	enter_dir "$cni_real" 2
	for cni_e in "$R$cni_real"/*; do
		[ -e "$cni_e" ] || [ -L "$cni_e" ] || continue
		cni_path=${cni_e#"$R"}
		case $cni_path in
			*.conf | *.conflist | *.json)
				take json "$cni_path" && [ -n "$LAST" ] || continue
				named "$LAST" '"kubeconfig' >"$W/named"
				while IFS= read -r cni_k <&6; do take kubeconfig "$cni_k" || :; done 6<"$W/named"
				;;
			*kubeconfig*) [ -d "$cni_e" ] || take kubeconfig "$cni_path" || : ;;
		esac
	done
}
CNIDIRS=$NL
do_runtime() { # FILE of containerd or CRI-O
	take toml "$1" || return 0
	[ -n "$LAST" ] || return 0
	c_file=$LAST
	{ named "$c_file" conf_dir; named "$c_file" network_dir; } >"$W/confdirs"
	named "$c_file" bin_dir >"$W/bindirs"
	# these are lists, on one line or on several
	awk -F '[ \t]*=' '
		/^[ \t]*(bin_dirs|plugin_dirs|imports)[ \t]*=/ { k = $1; sub(/^[ \t]*/, "", k) }
		k != "" { n = split($0, p, /["\047]/); for (i = 2; i <= n; i += 2) print k, p[i]; if ($0 ~ /\]/) k = "" }' "$W/tree/$c_file" >"$W/lists"
	while IFS= read -r c_d <&7; do do_cni "$c_d"; done 7<"$W/confdirs"
	while IFS= read -r c_d <&7; do do_list 1 "$c_d"; done 7<"$W/bindirs"
	while read -r c_k c_d <&7; do
		case $c_k,$c_d in *,/*) ;; imports,?*) c_d=${1%/*}/$c_d ;; *) continue ;; esac
		case $c_k in bin_dirs | plugin_dirs) do_list 1 "$c_d" ;; imports) do_list 1 "${c_d%/*}"; do_file toml "$c_d" ;; esac
	done 7<"$W/lists"
}
# Whoever looks at a path below a mount that no longer answers is stopped, for ever it may be. So a child goes over all steps
# first: where it stands still that step is left out, and after three those below the same mount. Six times it is tried.
DEAD=$NL DEADBELOW='' DEADEND=0 DEADWAIT=10
scout() {
	s_from=1 s_dead=0
	[ $DEADWAIT -le "$LIMIT" ] || DEADWAIT=$LIMIT
	while [ $s_dead -lt 6 ]; do
		now
		[ "$NOW" -lt "$END" ] || return
		( look_ahead ) <"$W/steps" >/dev/null 2>&1 &
		s_pid=$! s_at='' s_still=0
		born $s_pid
		echo $s_pid "$BORN" >"$W/procs.job"
		while kill -0 $s_pid 2>/dev/null && [ $s_still -lt $((DEADWAIT * 10)) ] && [ "$STOP" = 0 ]; do
			read -r s_now s_path <"$W/scout"
			if [ "${s_now:-$s_at}" != "$s_at" ]; then s_at=$s_now s_still=0; fi
			tick; s_still=$((s_still + 1)); [ $HAVE_TICKS = 1 ] || s_still=$((s_still + 9))
		done 2>/dev/null
		# one that hangs in the kernel cannot be ended, and is not waited for
		{ kill -0 $s_pid && { slay $s_pid; tick; }; } 2>/dev/null
		[ $s_still -ge $((DEADWAIT * 10)) ] && [ -n "$s_at" ] || return
		s_dead=$((s_dead + 1)) DEAD=$DEAD$s_at$NL s_from=$((s_at + 1))
		if [ $s_dead -ge 3 ]; then
			s_mount=$(awk -v p="$R$s_path/" '{ m = $5; if (m != "/" && index(p, m "/") == 1 && length(m) > length(b)) b = m } END { print b }' /proc/self/mountinfo 2>/dev/null)
			[ -z "$s_mount" ] || [ "$s_mount" = "$R" ] || DEADBELOW="$DEADBELOW $s_mount"
		fi
	done
	DEADEND=$s_from
}
look_ahead() {
	s_n=0
	while read -r verb a b; do
		s_n=$((s_n + 1))
		[ $s_n -ge $s_from ] || continue
		below_dead "${b:-$a}" && continue
		echo $s_n "${b:-$a}" >"$W/scout"
		OLDIFS=$IFS; IFS=''
		for s_e in $R${b:-$a}; do
			there "$s_e"
			case $verb in list | hop) [ -x "$s_e" ] ;; *) try "$s_e" ;; esac
			case $verb in list | cni) for s_f in "$s_e"/*; do there "$s_f"; done ;; esac
		done
		IFS=$OLDIFS
	done
}
# A file system may say what there is and yet not answer who asks for permission or for the first byte. What the kernel answers by
# itself is not asked: its files are no regular ones on a disk, and some hold the reader.
try() {
	[ -r "$1" ] && [ -x "$1" ]
	case $1 in "$R"/proc/* | "$R"/sys/*) return ;; esac
	if [ -f "$1" ] && [ -r "$1" ]; then head -c 1 "$1"; fi
}
below_dead() { for s_m in $DEADBELOW; do case $R$1/ in "$s_m"/*) return 0 ;; esac; done; return 1; }
node_paths() {
	path_steps >"$W/steps"
	printf '' >"$W/scout"
	scout
	n_step=0
	while read -r verb a b <&8; do
		[ "$STOP" = 0 ] || break
		n_step=$((n_step + 1)) n_dead=''
		case $DEAD in *"$NL$n_step$NL"*) n_dead="no answer within $DEADWAIT s" ;; esac
		[ -n "$n_dead" ] || ! below_dead "${b:-$a}" || n_dead='three paths of its mount gave no answer'
		[ $DEADEND = 0 ] || [ $n_step -lt $DEADEND ] || n_dead='six paths before gave no answer'
		if [ -n "$n_dead" ]; then begin_row; row failed - file - "${b:-$a}" "not looked at: $n_dead (a mount that is dead)"; continue; fi
		case $verb in
			list) do_list "$a" "$b" ;;
			hop) resolve "$a" || : ;;
			file) do_file "$a" "$b" ;;
			cert) do_file text "$a" cert ;;
			log) do_file text "$a" log ;;
			podlogs) do_podlogs "$a" ;;
			cni) do_cni "$a" ;;
			containerd) do_runtime "$a" ;;
			crio) matching "$a"; if [ -s "$W/matches" ]; then mv "$W/matches" "$W/crio"; while IFS= read -r c_path <&4; do do_runtime "$c_path"; done 4<"$W/crio"; else gone file "$a" "no such file"; fi ;;
		esac
	done 8<"$W/steps"
	# what the running programs were started with, where that is none of the known places
	[ -n "$CONTAINERD_CONFIG" ] && do_runtime "$CONTAINERD_CONFIG"
	for p_path in $KUBELET_FILES; do do_file kubeconfig "$p_path"; done
	for p_path in $KUBELET_CNI; do do_cni "$p_path"; done
}

# =================================================================================================== processes
node_processes() {
	if [ -d "$R/proc" ] && ls "$R/proc" 2>/dev/null | grep -q '^[1-9][0-9]*$'; then PROC=$R/proc
	elif [ -z "$R" ]; then PROC=/proc
	else begin_row; row absent - proc - /proc "no process table below the root"; return; fi
	p_n=0
	for p_dir in "$PROC"/[0-9]*; do
		[ "$STOP" = 0 ] || return
		[ -r "$p_dir/cmdline" ] || continue
		p_pid=${p_dir##*/}
		[ "$p_pid" = $$ ] && continue
		# the program and its first argument, without folders; the rest is not looked at
		p_words=$(head -c 4096 "$p_dir/cmdline" 2>/dev/null | tr '\n\000' ' \n' | head -n 2 | sed 's:^.*/::' | tr '\n' ' ')
		p_kind=$(printf '%s\n' "$p_words" | awk -v a="^($AGENTS)\$" -v r="^($RUNTIMES)\$" '{ k = ""; for (i = 1; i <= NF; i++) { if ($i ~ a) k = "agent"; else if (k == "" && $i ~ r && (i == 1 || $1 ~ /^(sh|bash|dash)$/)) k = "runtime" } print k }')
		[ -n "$p_kind" ] || continue
		p_n=$((p_n + 1)); [ $p_n -gt 64 ] && return
		p_name=${p_words%% *}; case $p_name in sh | bash | dash) p_name=${p_words#* }; p_name=${p_name%% *} ;; esac
		take_proc "$p_pid" cmdline cmdline "$p_name"
		take_proc "$p_pid" stat text "$p_name"
		[ "$p_kind" = agent ] && take_proc "$p_pid" mountinfo text "$p_name"
	done
}
take_proc() {
	begin_row
	tp_member=bundle/node/proc/$1/$2
	if [ ! -e "$PROC/$1/$2" ]; then gone proc "/proc/$1/$2" "$4"; return; fi
	if [ ! -r "$PROC/$1/$2" ]; then row denied - proc - "/proc/$1/$2" "$4"; return; fi
	tp_end='head'; [ "$2" = cmdline ] && tp_end=raw
	capture "$tp_member" 1048576 $tp_end "$3" cat "$PROC/$1/$2"
	tp_cov=complete; [ "$RC" = 0 ] || tp_cov=failed; [ $CUT = 1 ] && tp_cov=truncated
	row $tp_cov "$RC" proc "$tp_member" "/proc/$1/$2" "$4"
}

# What the command lines just read say of this node, whatever its distribution.
CONTAINERD_CONFIG='' CTR_SOCKET='' CRI_SOCKET='' KUBELET_FILES='' KUBELET_CNI=''
flags() { # PROGRAM FLAG FLAG: values of a flag and of its short form, where they are paths
	awk -v prog="$1" -v long="$2" -v short="$3" 'FNR == 1 {
		n = split($1, p, "/")
		if (p[n] != prog) next
		for (i = 2; i <= NF; i++) {
			w = $i; v = ""; sub(/^--?/, "", w)
			if (w == $i) continue
			if (w == long || w == short) v = $(i + 1)
			else if (index(w, long "=") == 1) v = substr(w, length(long) + 2)
			sub(/^unix:\/\//, "", v)
			if (v ~ /^\/[A-Za-z0-9_.\/-]*$/) print v
		}
	}' "$W/tree/bundle/node/proc/"*/cmdline 2>/dev/null | sort -u
}
# the address in the section [grpc] of containerd's configuration: only a plain path is taken
configured_sockets() {
	for c_file in $CONTAINERD_CONFIG $(path_steps | sed -n 's/^containerd  *//p'); do
		resolve "$c_file" && [ "$TYPE" = f ] && [ -r "$R$REAL" ] || continue
		awk '/^[ \t]*\[/ { grpc = /^[ \t]*\[[ \t]*grpc[ \t]*\]/ }
			(grpc && /^[ \t]*address[ \t]*=/) || /^[ \t]*grpc[ \t]*[.][ \t]*address[ \t]*=/ {
				v = $0; sub(/^[^=]*=[ \t]*["\047]/, "", v); sub(/["\047].*$/, "", v)
				if (v ~ /^\/[A-Za-z0-9_.\/-]*$/) print v
			}' "$R$REAL" 2>/dev/null
	done | tr '\n' ' '
}
node_runtime() {
	CONTAINERD_CONFIG=$(flags containerd config c | tail -n 1)
	KUBELET_FILES="$(flags kubelet config config) $(flags kubelet kubeconfig kubeconfig)"
	KUBELET_CNI="$(flags kubelet cni-conf-dir cni-conf-dir) $(flags cri-dockerd cni-conf-dir cni-conf-dir) $(flags crio cni-config-dir cni-config-dir)"
	CTR_SOCKETS="$(flags containerd address a | tr '\n' ' ')$(configured_sockets)"
	for c_e in $(flags kubelet container-runtime-endpoint container-runtime-endpoint) $CTR_SOCKETS /run/containerd/containerd.sock /run/k3s/containerd/containerd.sock \
		/var/snap/microk8s/common/run/containerd.sock /run/k0s/containerd.sock /run/crio/crio.sock /run/cri-dockerd.sock; do
		[ -S "$R$c_e" ] || continue
		[ -n "$CRI_SOCKET" ] || CRI_SOCKET=$c_e
		# of containerd's own words its name does not matter
		case " $CTR_SOCKETS " in *" $c_e "*) [ -n "$CTR_SOCKET" ] || CTR_SOCKET=$c_e ;; esac
		case $c_e in *containerd.sock) [ -n "$CTR_SOCKET" ] || CTR_SOCKET=$c_e ;; esac
	done
}

# ==================================================================================================== commands
# The tools of the node are preferred where its root is that of the running machine (a debug pod with /host):
# they see the node's mounts and sockets. From a mere copy of a disk nothing is ever executed.
LIVE=0
in_root() {
	[ $LIVE = 1 ] || return 1
	# a link is good inside of the root only, and is looked at there
	for i_d in $TOOLDIRS; do if [ -x "$R$i_d/$1" ] || [ -L "$R$i_d/$1" ]; then TOOL=$i_d/$1; return 0; fi; done
	return 1
}
# A question must not change the node. need CONDITION: sets s_why where it would, or where it has no answer.
need() {
	case $1 in
		=*) running "${1#=}" || s_why="it would start ${1#=}, which does not run" ;;
		tables:*) tables_there "${1#*:}" ;;
		*) there "$R$1" || s_why="there is no $1" ;;
	esac
}
# the kernel keeps fifteen letters of a name
running() { [ -n "$PROC" ] && grep -qx -- "$(printf '%.15s' "$1")" "$PROC"/[0-9]*/comm 2>/dev/null; }
# One name, two programs: that for nf_tables loads the module with its first question, the older one asks of the tables that
# there are. Of a program that is neither it is not known.
tables_there() { # PROGRAM
	if in_root "$1"; then resolve "$TOOL" || return 0
	else
		TOOL=$(command -v "$1" 2>/dev/null) || return 0
		REAL=$(readlink -f "$TOOL" 2>/dev/null) || REAL=$TOOL
	fi
	t_real=${REAL##*/}
	case $t_real in
		*legacy* | xtables-multi | iptables-multi) ;;
		*)
			if ! there "$R/sys/module/nf_tables" &&
				! grep -q '/nf_tables\.ko' "$R/lib/modules/$(cat "$R/proc/sys/kernel/osrelease" 2>/dev/null)/modules.builtin" 2>/dev/null; then
				s_why="$t_real would load the kernel module nf_tables"; return
			fi ;;
	esac
	case $t_real in *nft*) return ;; esac
	t_names=$R/proc/net/ip_tables_names t_name=''
	# without the right to read them it has none to load a module either
	if there "$t_names" && [ ! -r "$t_names" ]; then return; fi
	{ read -r t_name <"$t_names"; } 2>/dev/null
	[ -n "$t_name" ] || s_why="/proc/net/ip_tables_names names no table"
}
# Commands speak of the machine that runs them. Below a root of its own that is the node's only where the root belongs to a running
# machine: a process table without a boot id could be this one's (where commands are replayed), with one it must be.
SAME=0 PROC=''
same_machine() {
	s_why=''
	if [ -n "$R" ]; then
		s_boot=$(cat "$R/proc/sys/kernel/random/boot_id" 2>/dev/null)
		if [ -z "$PROC" ]; then s_why="the root is that of no running machine"
		elif [ -n "$s_boot" ] && [ "$s_boot" != "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" ]; then s_why="the root is that of another machine"
		elif [ -n "$s_boot" ] && [ "$MYUID" = 0 ] && command -v chroot >/dev/null 2>&1; then LIVE=1; fi
	fi
	if [ -n "$s_why" ]; then gone command commands "$s_why: no command was run"; return; fi
	SAME=1
}
# coverage of a command by exit code, output and first line of standard error. Sets COV.
judge() { # MEMBER
	COV=complete
	[ "$RC" = 0 ] || COV=failed
	case $RC in
		127) COV=absent ;;
		126) COV=denied ;;
		124) COV=failed; [ -s "$W/tree/$1" ] && COV=truncated ;;
		141) [ $CUT = 1 ] && COV=truncated ;;
	esac
	# what a tool's own daemon or kernel module would tell is not there; iscsiadm says 21 where there is no session
	[ $COV = failed ] && case $RC:$ERR in
		21:*'No active sessions'*) COV=complete ;;
		*'Cannot talk to daemon'* | *'not been booted with systemd'* | *'to connect to bus'* | *'annot communicate with server'*) COV=absent ;;
	esac
	[ $COV = failed ] && case $ERR in *[Pp]ermission\ denied* | *ermission\ denied* | *[Oo]peration\ not\ permitted* | *orbidden* | *must\ be\ root*) COV=denied ;; esac
	[ $CUT = 1 ] && COV=truncated
	[ -z "$BROKEN" ] || COV=failed
	[ "$STOP" != 0 ] && { COV=failed; [ -s "$W/tree/$1" ] && COV=truncated; }
	return 0
}
DONE='' TRIED=''
run_step() { # VERB MODE SLUG COMMAND...
	s_verb=$1 s_mode=$2 s_slug=$3; shift 3
	[ "$DONE" = "$s_slug" ] && return
	s_why=''
	while case $1 in '?'*) ;; *) false ;; esac; do
		[ -n "$s_why" ] || need "${1#'?'}"
		shift
	done
	s_member=bundle/node/cmd/$s_slug.txt
	if [ "$TRIED" = "$s_slug" ]; then
		[ -e "$W/tree/$s_member" ] && s_member=bundle/node/cmd/$s_slug.2.txt
	else TRIED=$s_slug PARTIAL_BEFORE=$PARTIAL LACKING_BEFORE=$LACKING; fi
	s_origin=$*
	if [ -n "$s_why" ]; then gone command "$s_origin" "not run: $s_why"; return; fi
	# by its path: busybox's chroot may run an applet of its own instead of the node's program
	if in_root "$1"; then shift; set -- chroot "$R" "$TOOL" "$@"
	elif ! command -v "$1" >/dev/null 2>&1; then gone command "$s_origin" "command not found" 127; return; fi
	begin_row
	s_end='head'; case $s_verb in tail | count) s_end=$s_verb ;; esac
	if [ "$s_verb" = zone ]; then if [ "$ZONEVAR" = unset ]; then set -- env -u TZ "$@"; else set -- env TZ="$ZONEVAR" "$@"; fi; fi
	capture "$s_member" "$MAX" $s_end "$s_mode" "$@"
	[ $CUT$s_end = 1head ] && OVER=max-bytes
	judge "$s_member"
	# df complains of one mount and prints the others: what there is is true. Of a document it would not be.
	s_worked=1
	[ $COV = failed ] && [ "$s_mode" = text ] && [ -s "$W/tree/$s_member" ] && COV=truncated s_worked=0
	# of a program that is not there nothing is kept, not even how many lines it did not print
	if [ $COV = absent ] || { [ ! -s "$W/tree/$s_member" ] && [ $COV != complete ]; }; then rm -f "$W/tree/$s_member"; s_member=-; fi
	# of a tail the beginning is missing, which no exit code says
	[ $COV$CUT$s_end = truncated1tail ] && [ "$RC" != 124 ] && ERR="the last 400 lines${ERR:+; $ERR}"
	[ $s_worked = 1 ] || ERR=${ERR:-"it ended with exit code $RC"}
	row $COV "$RC" command "$s_member" "$s_origin" "$ERR"
	[ $s_worked = 1 ] || PARTIAL=1
	# a failure does not count where a substitute worked
	case $COV$s_worked in complete1 | truncated1) DONE=$s_slug; [ "$RC" = 124 ] || PARTIAL=$PARTIAL_BEFORE LACKING=$LACKING_BEFORE ;; esac
}
node_commands() { # first or rest
	if [ "$1" = "first" ]; then same_machine; fi
	[ $SAME = 1 ] || return 0
	command_steps >"$W/commands"
	while read -r c_verb c_mode c_slug c_line <&8; do
		[ "$STOP" = 0 ] || break
		case $1$c_verb in firstnow | firstzone) ;; first* | restnow | restzone) continue ;; esac
		fill_in "$c_line"
		set -f; set -- "$1" $FILLED; set +f
		c_phase=$1; shift
		run_step "$c_verb" "$c_mode" "$c_slug" "$@"
		set -- "$c_phase"
	done 8<"$W/commands"
}
# ss asks the kernel in a way that loads the module tcp_diag, and a node is not changed: it runs only where that is loaded already, or
# built in. What says so, or the module's folder, which is not there then.
tcp_diag() {
	if [ -d "$R/sys/module/tcp_diag" ]; then :
	elif grep -q '^tcp_diag ' "$R/proc/modules" 2>/dev/null; then echo /proc/modules; return
	else
		d_kernel=$(cat "$R/proc/sys/kernel/osrelease" 2>/dev/null)
		for d_file in "/lib/modules/$d_kernel/modules.builtin" "/usr/lib/modules/$d_kernel/modules.builtin"; do
			if grep -q '/tcp_diag[.]ko' "$R$d_file" 2>/dev/null; then echo "$d_file"; return; fi
		done
	fi
	echo /sys/module/tcp_diag
}
# The words of a line that depend on the node. Sets FILLED.
fill_in() {
	FILLED=''
	set -f
	for c_w in $1; do
		case $c_w in
			@CONFIG@) c_w=${CONTAINERD_CONFIG:+--config $CONTAINERD_CONFIG} ;;
			@ADDRESS@) c_w=${CTR_SOCKET:+-a $CTR_SOCKET} ;;
			@ENDPOINT@) c_w=${CRI_SOCKET:+--runtime-endpoint unix://$CRI_SOCKET} ;;
			@UNITS@) c_w=$(journal_units) ;;
			'?@TCP_DIAG@') c_w="?$(tcp_diag)" ;;
			'?@CTR_SOCKET@') c_w="?${CTR_SOCKET:-/run/containerd/containerd.sock}" ;;
			'?@CRI_SOCKET@') c_w="?${CRI_SOCKET:-/run/containerd/containerd.sock}" ;;
		esac
		FILLED="$FILLED $c_w"
	done
	set +f
}
node_journals() {
	[ "$STOP" = 0 ] || return
	begin_row
	if in_root journalctl; then set -- chroot "$R" "$TOOL"
	elif ! command -v journalctl >/dev/null 2>&1; then row absent 127 journal - journalctl "command not found"; return
	elif [ -z "$R" ]; then set -- journalctl
	elif [ -d "$R/var/log/journal" ]; then set -- journalctl -D "$R/var/log/journal"
	else row absent - journal - journalctl "no journal below the root"; return; fi
	# which units have entries at all: one question instead of one for each; "UNIT" are those of which only systemd told
	j_have=''
	for j_field in _SYSTEMD_UNIT UNIT; do
		begin_row
		capture bundle/node/journal/units 1048576 head text "$@" -F $j_field --no-pager
		case $ERR in *'not seeing messages'* | *'nsufficient permissions'* | *ermission\ denied*)
			rm -f "$W/tree/bundle/node/journal/units"; row denied "$RC" journal - journalctl "$ERR"; return ;;
		esac
		[ "$RC" = 0 ] && [ $CUT = 0 ] && j_have=$j_have$(cat "$W/tree/bundle/node/journal/units")$NL
	done
	rm -f "$W/tree/bundle/node/journal/units"; printf '' >"$W/n"
	for j_unit in $(journal_units); do
		[ "$STOP" = 0 ] || return
		case "$NL$j_have" in "$NL" | *"$NL$j_unit.service$NL"*) ;; *) gone journal "$j_unit" "the journal has no entry of this unit"; continue ;; esac
		begin_row
		j_member=bundle/node/journal/$j_unit.log
		capture "$j_member" 64 head text "$@" -u "$j_unit" --since="-$SINCE" -n 1 -q --no-pager -o short-iso
		if [ ! -s "$W/tree/$j_member" ] && [ $CUT = 0 ]; then
			rm -f "$W/tree/$j_member"; judge "$j_member"; [ $COV = complete ] && COV=absent
			row $COV "$RC" journal - "$j_unit" "${ERR:-no entry of this unit since -$SINCE}"
			continue
		fi
		# the newest lines count; a limit in lines keeps whole lines
		capture "$j_member" "$MAX" head text "$@" -u "$j_unit" --since="-$SINCE" -n $((MAX / 300 + 10)) -q --no-pager -o short-iso-precise --utc
		judge "$j_member"
		OVER=max-bytes
		[ $COV = complete ] && [ "$(wc -l <"$W/tree/$j_member")" -ge $((MAX / 300 + 10)) ] && COV=truncated
		row $COV "$RC" journal "$j_member" "$j_unit" "${ERR:-since -$SINCE}"
	done
}

# ===================================================================================================== cluster
API_DOWN=0 API_OFFSET='' API_ERROR=''
# kube MEMBER MODE ARGUMENTS...
kube() {
	k_member=$1 k_mode=$2; shift 2
	[ -n "$CONTEXT" ] && set -- --context "$CONTEXT" "$@"
	# the cache goes to the work directory: nothing is written into the home of whoever runs this
	set -f; set -- $KUBECTL --cache-dir "$W/kubecache" --request-timeout="${K_TIMEOUT}s" "$@"; set +f
	capture "$k_member" "$K_MAX" head "$k_mode" "$@"
	[ $CUT = 1 ] && OVER=max-bytes
	judge "$k_member"
	case $ERR in
		*"doesn't have a resource type"* | *"could not find the requested resource"* | *'(NotFound)'* | *'previous terminated container'* | *'is terminated' | *'is waiting to start'*) COV=absent ;;
		*orbidden* | *nauthorized* | *'must be logged in'*) [ $COV = complete ] || COV=denied ;;
		*'onnection refused'* | *'no route to host'* | *'i/o timeout'* | *'unable to connect'* | *'Unable to connect'* | *'TLS handshake'*) API_DOWN=$((API_DOWN + 1)) ;;
	esac
	# a proxy's login page is no answer of the API server
	case $COV$k_mode in completeapi | completejson | truncatedapi | truncatedjson) case $(tr -d ' \t\r\n' <"$W/tree/$k_member" | head -c 1) in '{') ;; *) COV=failed ERR="the answer is not JSON${ERR:+: $ERR}" ;; esac ;; esac
	# nor is one that ends in the middle a whole one
	case $COV$k_mode in completeapi | completejson) if grep -q '^unfinished ' "$W/n"; then COV=truncated ERR="the answer ends in the middle${ERR:+: $ERR}" PARTIAL=1; fi ;; esac
	[ "$RC" = 124 ] && API_DOWN=$((API_DOWN + 1))
	[ $COV = complete ] && API_DOWN=0
	case $COV in failed | denied | absent) rm -f "$W/tree/$k_member"; k_member=- ;; esac
}
api_gone() { # after three answers in a row that never came, the rest is not waited for
	[ $API_DOWN -lt 3 ] && return 1
	begin_row; row failed - "$1" - "$2" "not asked: the API server did not answer three times in a row"
}
# Which resource types there are, if the server tells of all of them: kubectl would look for each that is missing anew.
TYPES=''
known_types() {
	api_gone api api-resources && return
	begin_row
	kube bundle/cluster/api-resources.txt text api-resources --verbs=list -o name
	row $COV "$RC" api "$k_member" api-resources "$ERR"
	[ $COV = complete ] && TYPES=$(cat "$W/tree/$k_member")
	# an answer without pods is none
	case "$NL$TYPES$NL" in *"${NL}pods$NL"*) ;; *) TYPES='' ;; esac
}
# A server that is not ready says so with an error, and kubectl quotes its answer there.
told_in_error() { # MEMBER
	[ $COV = failed ] || return 0
	grep -q 'error on the server (' "$W/err" 2>/dev/null && grep -q 'check failed' "$W/err" || return 0
	k_member=$1
	cp "$W/err" "$W/tree/$1"
	COV=complete ERR="not healthy; as kubectl quotes the answer"
	[ "$(wc -c <"$W/tree/$1")" -ge 4000 ] && COV=truncated
	return 0
}
# The API server's clock from the Date header of an answer: seconds only, so its middle is taken.
api_clock() {
	begin_row
	a_0=$NOW
	set -- get --raw /version
	[ -n "$CONTEXT" ] && set -- --context "$CONTEXT" "$@"
	set -f; set -- $KUBECTL --cache-dir "$W/kubecache" --request-timeout="${K_TIMEOUT}s" -v=8 "$@"; set +f
	# only the line "Date:" of the trace is kept
	capture bundle/cluster/clock 65536 head date sh -c '"$@" 2>&1 >/dev/null' sh "$@"
	now
	# 64 KiB of trace, one line of it left: the seconds since 1970
	offset_of bundle/cluster/clock "$a_0"
}
# offset_of MEMBER BEFORE: this clock minus the API server's. Its Date has whole seconds, so their middle is taken.
offset_of() {
	o_date=$(cat "$W/tree/$1" 2>/dev/null)
	rm -f "$W/tree/$1"; printf '' >"$W/n"
	case $o_date in '' | *[!0-9]*) return 1 ;; esac
	set -- $(awk -v a="$2" -v b="$NOW" -v d="$o_date" 'BEGIN { printf "%.1f %.1f", (a + b + 1) / 2 - (d + 0.5), (b - a) / 2 + 1 }')
	API_OFFSET=$1 API_ERROR=$2
}
# The same from the node alone: every answer has a Date, a refusal too, so no credential is needed and none is sent.
node_clock() {
	n_partial=$PARTIAL n_lacking=$LACKING
	[ -d "$TREE/node/fs" ] || return 0
	now
	n_until=$((NOW + 8))
	find "$TREE/node/fs" -type f -exec sed -n 's/^[ 	-]*server:[ 	]*["'"'"']\{0,1\}\(https:\/\/[][A-Za-z0-9.:-]*\).*$/\1/p' {} + | sort -u | head -n 3 >"$W/steps"
	while read -r n_url <&8; do
		n_host=${n_url#https://}
		case $n_host in *]:* | [!\[]*:*) ;; *) n_host=$n_host:443 ;; esac
		for n_tool in curl openssl wget; do
			now
			[ "$STOP" = 0 ] && [ "$NOW" -lt "$n_until" ] || break 2
			if in_root $n_tool; then n_curl=$TOOL n_sh=/bin/sh; set -- chroot "$R"
			elif command -v $n_tool >/dev/null 2>&1; then n_curl=curl n_sh=sh; set --
			else continue; fi
			# shellcheck disable=SC2016 # the inner shell is to expand its arguments
			case $n_tool in
				curl) set -- "$@" "$n_curl" -q -sik --noproxy '*' --max-time 3 "$n_url/version" ;;
				wget) set -- "$@" $n_sh -c 'HOME=/nonexistent wget -S -T 3 -t 1 -O - --no-proxy --no-check-certificate "$1" 2>&1' sh "$n_url/version" ;;
				openssl) set -- "$@" $n_sh -c 'HOME=/nonexistent; export HOME; { printf "GET /version HTTP/1.0\r\nHost: %s\r\n\r\n" "$1"; sleep 1; } | openssl s_client -quiet -connect "$1"' sh "$n_host" ;;
			esac
			begin_row
			n_0=$NOW
			n_end=$END
			# a server that does not answer is not waited for as long as a command
			[ $((NOW + 4)) -lt "$END" ] && END=$((NOW + 4))
			capture bundle/node/clock 65536 head apidate "$@"
			END=$n_end
			now
			if offset_of bundle/node/clock "$n_0"; then row complete "$RC" command - "Date of $n_url/version ($n_tool)" "offset $API_OFFSET s"; PARTIAL=$n_partial LACKING=$n_lacking; return 0; fi
			row failed "$RC" command - "Date of $n_url/version ($n_tool)" "${ERR:-no answer of an API server}"
			# nobody there, or nobody in time: another tool would not find more
			case $n_tool:$RC in curl:7 | curl:28 | *:124) break ;; esac
		done
	done 8<"$W/steps"
	# that the API server did not answer is an observation, not a failure of the run
	PARTIAL=$n_partial LACKING=$n_lacking
}
# ask_list RESOURCE PLURAL NAMESPACE (empty: all) [names]
ask_list() {
	api_gone api "$2" && return
	[ "$STOP" = 0 ] || return
	begin_row
	WANT_AGENTS=0
	if [ "$1" = pods ]; then WANT_AGENTS=1; fi
	# a large list takes the filter longer than the server
	PATIENCE=4
	if [ -n "${4:-}" ]; then
		if [ -n "$3" ]; then kube "bundle/cluster/$2.$3.txt" text get "$1" -n "$3" -o name
		else kube "bundle/cluster/$2.txt" text get "$1" -A -o name; fi
		ERR=${ERR:-only the names${3:+, namespace $3 only}}
	elif [ -n "$3" ]; then kube "bundle/cluster/$2.$3.json" api get "$1" -n "$3" -o json
	else kube "bundle/cluster/$2.json" api get "$1" -A -o json; fi
	PATIENCE=1 WANT_AGENTS=0
	if [ -s "$W/agents.one" ]; then cat "$W/agents.one" >>"$W/agents"; rm -f "$W/agents.one"; fi
	# what was not asked for may exist
	[ -n "$3" ] && [ $COV = complete ] && COV=truncated
	row $COV "$RC" api "$k_member" "$2" "${ERR:-${3:+namespace $3 only}}"
}
cluster() {
	begin_row
	K_MAX=$((MAX * 16)) K_TIMEOUT=$LIMIT
	if ! find_kubectl; then row absent 127 api - kubectl "no kubectl found"; PARTIAL=1 LACKING="$LACKING $SEQ"; return; fi
	set -f; set -- $KUBECTL; set +f
	if ! command -v "$1" >/dev/null 2>&1; then row absent 127 api - kubectl "command not found: $1"; PARTIAL=1 LACKING="$LACKING $SEQ"; return; fi
	api_steps >"$W/steps"
	# for some namespaces only, each list is asked for once per namespace; what lies in none, once
	UNSPACED=''
	if [ -n "$NAMESPACES" ]; then
		kube bundle/cluster/unspaced text api-resources --namespaced=false -o name
		[ "$k_member" = - ] || { UNSPACED=$(cat "$W/tree/$k_member"); rm -f "$W/tree/$k_member"; printf '' >"$W/n"; }
	fi
	while read -r a_verb a_name a_url <&8; do
		[ "$STOP" = 0 ] || return
		case $a_verb in
			types) known_types; continue ;;
			*) if [ -n "$TYPES" ] && [ "$a_verb" != raw ] && case "$NL$TYPES$NL" in *"$NL$a_name$NL"*) false ;; esac; then
				gone api "${a_name%%.*}" "the server has no such resource type"; continue; fi ;;
		esac
		if [ "$a_verb" = raw ]; then
			api_gone api "$a_url" && continue
			begin_row
			case $a_name in
				*.txt) kube "bundle/cluster/$a_name" text get --raw "$a_url"; told_in_error "bundle/cluster/$a_name" ;;
				*) kube "bundle/cluster/$a_name.json" json get --raw "$a_url" ;;
			esac
			row $COV "$RC" api "$k_member" "$a_url" "$ERR"
			[ "$a_name" = version ] && [ $COV = complete ] && [ "$STOP" = 0 ] && api_clock
			continue
		fi
		a_names=''
		if [ "$a_verb" = names ]; then a_names=names; fi
		# only where two groups have the plural is the group part of the name
		case $a_name in events.*) a_plural=$a_name ;; *) a_plural=${a_name%%.*} ;; esac
		case "$NL$UNSPACED$NL" in *"$NL$a_name$NL"*) ask_list "$a_name" "$a_plural" '' $a_names; continue ;; esac
		if [ -z "$NAMESPACES" ]; then ask_list "$a_name" "$a_plural" '' $a_names; continue; fi
		for a_ns in $NAMESPACES; do ask_list "$a_name" "$a_plural" "$a_ns" $a_names; done
	done 8<"$W/steps"
	[ -s "$W/agents" ] || return
	# namespace pod container node agent trouble restarts: this node's first, of those the CNI's agent, then what is in trouble
	awk -v node="$NODE" -v all="^($LOGS)\$" -v some="^($LOGS_OF_TROUBLED)\$" '
		$5 || $1 ~ all || ($1 ~ some && $6) { print ($4 == node ? 0 : 1), ($5 ? 0 : 1), ($6 ? 0 : 1), $1, $2, $3, $7 }' "$W/agents" | sort >"$W/logs"
	head -n $LOGS_MOST "$W/logs" | cut -d' ' -f4- >"$W/steps"
	K_MAX=$((MAX / 4)) LOGNUMBER=0 l_room=$((MAX * 4))
	while read -r l_ns l_pod l_c l_restarts <&8; do
		for l_prev in '' previous; do
			[ "$STOP" = 0 ] || return
			l_origin=$l_ns/$l_pod/$l_c${l_prev:+#previous}
			case $l_prev$l_restarts in previous0) gone podlog "$l_origin" "the container has not been restarted"; continue ;; esac
			if [ $l_room -le 0 ]; then begin_row; OVER=max-bytes; row truncated - podlog - "$l_origin" "not asked: $((MAX * 4)) bytes of logs were read"; continue; fi
			api_gone podlog "$l_origin" && continue
			begin_row
			l_member=bundle/cluster/logs/${l_ns}_${l_pod}_$l_c${l_prev:+.previous}.log
			if [ ${#l_member} -gt 99 ]; then LOGNUMBER=$((LOGNUMBER + 1)); l_member=bundle/cluster/logs/_$(printf '%04d' $LOGNUMBER).log; fi
			kube "$l_member" text logs -n "$l_ns" "$l_pod" -c "$l_c" --timestamps --tail=3000 ${l_prev:+--previous}
			[ $COV = complete ] && [ "$(wc -l <"$W/tree/$k_member")" -ge 3000 ] && COV=truncated
			# a container that never restarted has no log before
			case $l_prev$COV in previousfailed) case $ERR in *previous*) COV=absent ;; esac ;; esac
			[ "$k_member" = - ] || l_room=$((l_room - $(wc -c <"$W/tree/$k_member")))
			row $COV "$RC" podlog "$k_member" "$l_origin" "$ERR"
		done
	done 8<"$W/steps"
	l_more=$(($(wc -l <"$W/logs") - LOGS_MOST))
	[ $l_more -gt 0 ] && { begin_row; row truncated - podlog - '*/*/*' "not asked: $l_more further containers of the system, at most $LOGS_MOST are"; }
	return 0
}

# ============================================================================================ filter for secrets
write_filter() {
	cat >"$W/redact.awk" <<'EOT'
# Redaction. The first line of the input is the salt, the rest is what is filtered.
#   mode    text | json | api | kubeconfig | toml | args | ps
#   counts  file for the number of replaced values by kind
#   hashes  of how many different values a fingerprint is made (1000); the others are hidden without one
#   agents  (api mode, pods) file for what is known of each container, to choose those whose logs are read
# POSIX awk only: no intervals, no gensub, nothing that mawk or busybox lack.
# What every line meets is written as /literal/: an expression in a string or a variable busybox compiles anew for each line, which takes
# longer than all the rest. \057 in brackets is a slash: busybox takes the backslash of \/ there for one of the characters.
BEGIN {
	JWT = "e(yJ|yA|yB|yL|wo|w0|wk)[A-Za-z0-9_-]+[.]e(yJ|yA|yB|yL|wo|w0|wk)[A-Za-z0-9_-]+"
	SECRETKEY = "(pass|pw|pass phrase|secret|token|(api|access|account|private|preshared|shared|client|certificate|encryption|routing|subscription|signing|master|license|session|app|application|integration|user|admin|hmac|jwt|sas|storage|ssh|webhook|deploy|enc|join|activation|tsig|secret|auth|root|cluster)[ _-]?key|credential|authorization|auth|psk|callback)"
	for (i = 1; i <= 64; i++) D64[substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", i, 1)] = i - 1
	D64["-"] = 62; D64["_"] = 63; P2[0] = 1; P2[2] = 4; P2[4] = 16
	for (i = 32; i < 127; i++) CHR[i] = sprintf("%c", i)
	ESC = sprintf("%c", 27); COLOUR = "(" ESC "|\\\\+(u001[bB]|x1[bB]|033|e)|#033)([[][0-9;]*[mK]|[(]B)"
	# prefixes of well-known keys, each with the length from which on what follows is one
	split("AKIA 12 ASIA 12 AIza 20 ya29. 10 ghp_ 8 gho_ 8 ghu_ 8 ghs_ 8 ghr_ 8 github_pat_ 16 glpat- 8 glrt- 8 gldt- 8 glptt- 8 glsoat- 8 glcbt- 8 glagent- 8 glft- 8 glimt- 8 xoxa- 8 xoxb- 8 xoxe- 8 xoxo- 8 xoxp- 8 xoxr- 8 xoxs- 8 xapp- 8 dckr_pat_ 8 dckr_oat_ 8 lin_api_ 8 lin_oauth_ 8 sk_live_ 8 sk_test_ 8 rk_live_ 8 whsec_ 8 dop_v1_ 8 doo_v1_ 8 dor_v1_ 8 glsa_ 8 tskey- 8 hvs. 20 hvb. 20 hvr. 20 SG. 16 AGE-SECRET-KEY-1 16 ATATT3 20 pypi-AgE 20 hooks.slack.com/services/ 8 discord.com/api/webhooks/ 8 discordapp.com/api/webhooks/ 8 webhook.office.com/ 8 outlook.office.com/webhook/ 8 events.pagerduty.com/integration/ 8 hooks.zapier.com/hooks/ 8 GOCSPX- 16 sk- 16+ npm_ 30+ hf_ 30+ shpat_ 16 shpss_ 16 rubygems_ 16 NRAK- 16 dt0c01. 16 dapi 30 k8s-aws-v1. 16 LTAI 12 AKID 20 pat-na1- 16 pat-eu1- 16", PREFIX, " ")
	for (i = 1; i in PREFIX; i += 2) PREFIXES = i
	# what a sentence about a password goes on with
	words("for from is in has was on at and or to given supplied provided entered specified attempt attempts attempted count authentication authenticate auth hash length format policy file used by with when while of detected error errors failed failure fails try tries returned received set sent the not user username login but after before it if may command commands called required denied rejected expired please that this than", PROSE)
	# words with which an error goes on behind "token: ": any other word there may be the token
	words("a an the this that these those it its no not none nothing never only already still just any some all each every other another more most one two first second last next new old and or but if is are was were be been being has have had do does did can could cannot couldn may might must should shall will would won isn wasn doesn didn don hasn aren", SAYS)
	words("account action add added address admission after again agent already api apiserver app apply archive argument assign at attach attempt attempts audience audiences auth authenticate authentication authorization authorized authorizer backend backoff bad base64 because before begin binding bootstrap bound broken by bytes ca cache call called caller calling canceled cancelled cert certificate certificates change changed check checking claim claims client clock close closed closing cluster cni code command config configmap configmaps configuration configured conflict connect connected connecting connection container context control controller corrupt crd create created creating credential credentials critical current daemon data date deadline decode decoding decrypt default delete deleted deleting denied deny dial directory disabled disk dns driver due duplicate during empty enabled encode encrypt end endpoint endpoints entry env environment eof error errors etcd etcdserver event exceeded exec exist exists exit expected expire expired expires expiry external fail failed failing failure fatal fetch fetched fetching field file files find flag for forbidden format found from generate generated generating get getting given go got grpc handler handshake header helper host hostname http https id identity ignored ignoring illegal image in incorrect informer init initialize input insecure internal invalid io ip issue issued issuer job json jwt key keys kind kubeconfig kubelet lacks leader lease length like limit line list load loaded loading local lock login lookup lost machine malformed manager master match matched max message metadata method mismatch missing mode module mount mounted mounting name namespace namespaces network nil node nodes notfound null object objects of off ok on open opening operation option out over parse parsing path pending permission permissions please plugin pod pods policy port post process projected protocol provider proxy public put quota rate read reading reason received record refresh refreshed refreshing refused register rejected reload remote remove removed renew renewed replaced request requested requests require required requires reset resolve resource response restart result retry retrying returned revoked role rotate rotated rotation rpc runtime sa sandbox save schema scope secret secrets see send sent server serviceaccount serviceaccounts service session set setup sign signature signed signing size skip skipping so socket something start started starting state status stop stopped storage store subject success successful successfully successes sync synced system takes target than then there time timed timeout tls to token tokenrequest tokenreview tokens too try trying type unable unauthenticated unauthorized unavailable undefined unexpected unknown unmarshal unreachable unreadable unsupported until update updated updating url use used user username users using valid validate validated validating validation value values verification verified verify version volume wait waiting warning watch watching webhook when where which while who with within without write writing wrong x509 yaml yet you your internalerror alreadyexists cookie eacces enoent eperm eio keyword string number identifier character limited shared stored encrypted hashed kept known part parts portion strong weak short long based managed correct incorrectly hidden protected generally case sensitive separated unchanged changing", SAYS)
	for (i = 1; i <= 16; i++) H16 = H16 "[0-9a-f]"
	if (hashes == "") hashes = 1000
	setup_json(); setup_kubeconfig(); setup_toml(); setup_args()
	depth = 0; topkey = ""; skipping = 0
	if (mode == "kubeconfig") KUBE = 1
	# inside of a quoted string a backslash begins an escape: it must not be taken for a part of a password
	BS = mode ~ /^(json|api|kubeconfig|toml)$/ ? "\\\\" : ""
}
function words(list, set,   n, i, w) { n = split(list, w, " "); for (i = 1; i <= n; i++) set[w[i]] = 1 }

# fp is computed by a program that reads standard input, so that neither salt nor value is ever an argument.
function fingerprint(v,   cmd, h) {
	if (v in FP) return FP[v]
	h = ""
	# each costs a process: a log with thousands of different secrets must not take the time of all else
	if (hash != "" && hashed < hashes) {
		hashed++
		cmd = "exec " hash " >\"$INQUEST_HASH\""
		printf "%s\n%s", salt, v | cmd
		close(cmd)
		if ((getline h < hashfile) <= 0) h = ""
		close(hashfile)
		h = substr(h, 1, 16)
		if (h !~ /^[0-9a-f]+$/) h = ""
	}
	return FP[v] = h
}
function hide(v, kind,   f) {
	if (v == "" || v ~ /^\[REDACTED len=[0-9]+( fp=[0-9a-f]+)?\]$/) return v
	gsub(/\002/, "", v)
	if (!probing) count[kind == "" ? "value" : kind]++
	f = fingerprint(v)
	return "[REDACTED len=" length(v) (f == "" ? "" : " fp=" f) "]"
}
# the expressions of JWT and SECRETKEY once more, as literals
function has_jwt(v) { return v ~ /e(yJ|yA|yB|yL|wo|w0|wk)[A-Za-z0-9_-]+[.]e(yJ|yA|yB|yL|wo|w0|wk)[A-Za-z0-9_-]+/ }
function bare_jwt(v) { return v ~ /^e(yJ|yA|yB|yL|wo|w0|wk)[A-Za-z0-9_-]+[.]e(yJ|yA|yB|yL|wo|w0|wk)[A-Za-z0-9_-]+[.][A-Za-z0-9_-]*$/ }
function stripped_jwt(v) { return v ~ /^e(yJ|yA|yB|yL|wo|w0|wk)[A-Za-z0-9_-]+[.]e(yJ|yA|yB|yL|wo|w0|wk)[A-Za-z0-9_-]+[.]$/ }
function secret_key(v) { return v ~ /(pass|pw|pass phrase|secret|token|(api|access|account|private|preshared|shared|client|certificate|encryption|routing|subscription|signing|master|license|session|app|application|integration|user|admin|hmac|jwt|sas|storage|ssh|webhook|deploy|enc|join|activation|tsig|secret|auth|root|cluster)[ _-]?key|credential|authorization|auth|psk|callback)/ }

# A JWT keeps header and payload: they say whose it was and when it ends. Without the signature it opens nothing.
function cut_jwt(s,   out, tok, p, n) {
	out = ""
	while (match(s, JWT "([.][A-Za-z0-9_-]*)*")) {
		tok = substr(s, RSTART, RLENGTH)
		out = out substr(s, 1, RSTART - 1)
		s = substr(s, RSTART + RLENGTH)
		n = split(tok, p, ".")
		if (unspeakable(p[1], p[2])) { out = out hide(tok, "jwt"); continue }
		if (n >= 3 && p[3] != "") count["jwt"]++
		out = out p[1] "." p[2] "."
	}
	return out s
}
# A token in base64, where it begins a word: in the middle of a certificate the same letters stand by chance
function base64_jwt(s,   out, b, n) {
	out = ""
	while (match(s, "ZX(lK|lB|lC|lM|dv|dw|dr)[A-Za-z0-9+/][A-Za-z0-9+/=]+")) {
		b = RSTART > 1 ? substr(s, RSTART - 1, 1) : " "; n = RSTART + RLENGTH
		out = out substr(s, 1, RSTART - 1) (RLENGTH < 17 || b ~ "[A-Za-z0-9+/]" ? substr(s, RSTART, RLENGTH) : hide(substr(s, RSTART, RLENGTH), "jwt"))
		s = substr(s, n)
	}
	return out s
}
# An encrypted token (five parts) tells nothing, and is a credential as a whole.
function cut_jwe(s,   out, tok) {
	out = ""
	while (match(s, /eyJ[A-Za-z0-9_-]+[.][A-Za-z0-9_-]*[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+/)) {
		tok = substr(s, RSTART, RLENGTH); out = out substr(s, 1, RSTART - 1) hide(tok, "jwt"); s = substr(s, RSTART + RLENGTH)
	}
	return out s
}
# Header and payload that may not be shown: a token which needs no signature, or one that carries another secret.
function unspeakable(h, b,   d, k) {
	k = h "." b
	if (k in UNSPEAKABLE) return UNSPEAKABLE[k]
	d = decode(b)
	return UNSPEAKABLE[k] = (tolower(decode(h)) ~ /"alg" *: *"none"/ || d ~ /eyJ|PRIVATE KEY/ || tolower(d) ~ /"[a-z_]*(passw|pwd|client_secret)[a-z_]*" *:/)
}
# what base64 says, as far as it is text
function decode(v,   i, n, b, c, out) {
	out = ""; n = b = 0
	for (i = 1; i <= length(v); i++) {
		c = substr(v, i, 1)
		if (!(c in D64)) break
		b = b * 64 + D64[c]; n += 6
		if (n >= 8) { n -= 8; c = int(b / P2[n]); b -= c * P2[n]; out = out (c in CHR ? CHR[c] : "?") }
	}
	return out
}
function has_private(v) { return v ~ /(PRIVATE KEY|UFJJVkFURS|BSSVZBVEUg|QUklWQVRFI)/ }
function public_pem(v) { return v ~ /^LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS[A-Za-z0-9+\/=]*$/ && !has_private(v) }

# replaces what the expression finds; the part before the first "keep" characters stays
function replace_all(s, re, keep, kind,   out, tok) {
	out = ""
	while (match(s, re)) {
		tok = substr(s, RSTART, RLENGTH)
		out = out substr(s, 1, RSTART - 1) substr(tok, 1, keep) hide(substr(tok, keep + 1), kind)
		s = substr(s, RSTART + RLENGTH)
	}
	return out s
}
# What is no secret whatever names it: nothing, what stands for nothing, or what was hidden already
function harmless(v) { return v == "" || v ~ /^(true|false|null|nil|none|<nil>|<none>|YES|NO|<(masked|redacted|hidden|omitted)>|[$][{(][A-Z][A-Z0-9_]*[)}]?|\[REDACTED.*|\*+|[.][.][.]+)$/ || stripped_jwt(v) || rooted(v) }
# An absolute path with a directory that every system has: by chance no secret begins like that
function rooted(v) {
	return v ~ /^\/(etc|var|run|usr|opt|home|root|tmp|mnt|srv|snap|dev|proc|sys|lib|lib64|boot|media|host|hostfs|host-[a-z]+|hostroot|rootfs|system|private)\/[][A-Za-z0-9_.\057@:+~*{}-]*[A-Za-z_][][A-Za-z0-9_.\057@:+~*{}-]*$/
}
# The same of a value behind a key: a path where the name says file or directory, a number where it says how many or how long, a name
# where it says whose. The name stands in small letters, with the sign behind it; a word behind the value tells a count from a password.
function shown(key, v, behind_it) {
	sub(/[\\]*["']?[]]?[ \t]*(:=|[:=]).*$/, "", key); sub(/[ \t]+["']?$/, "", key)
	# the dot at its end belongs to a token without signature, else to the sentence
	if (harmless(v)) return 1
	if (v ~ /[^.:][.:]$/) { sub(/[.:]$/, "", v); if (harmless(v)) return 1 }
	if (v ~ /^[0-9.]+(ns|us|ms|s|m|h|d|[KMG]i?B?)?([0-9]+[ms])*$/) {
		if (key ~ /(^|[_.-]|(pass|word|wd|phrase|token|secret|key|credential|auth|callback)s?)((min|max|minimum|maximum|cache|expir[a-z]*|rotation|refresh|renew|renewal|retry|total|lockout|last|valid)[_.-]?)*(length|len|size|age|ttl|time|timeout|count|counter|num|number|total|limit|expir[a-z]*|version|generation|revision|retries|attempts|interval|period|duration|delay|seconds|secs|minutes|hours|days|min|max|minimum|maximum|rate|bits|port|uid|gid|id|index|level|changed|iterations|rounds)$/) return 1
		if (key !~ /pass|pw|psk/ && key ~ /(secrets|tokens|keys|credentials)$/ && length(v) < 5) return 1
		if (key !~ /pass|pw|psk/ && length(v) < (key ~ /token|secret|key/ ? 3 : 5)) return 1
		if (key == "pass" && length(v) < 5 && behind_it ~ /^[ ,;]+(fail|failed|failures?|skip|skipped|warn|errors?|tests?|checks?|total|of)([^a-z]|$)/) return 1
	}
	if (v ~ /^[.]?[.]?\/[A-Za-z0-9_.\057@:+~%-]*([?#].*)?$/ && key ~ /(file|filename|dir|directory|path|mount|mountpoint|root|prefix|socket|ur[il])s?$/) return 1
	# the name of a key in a Secret, such as tls.crt
	if (key ~ /(secret|user) key$/ && v ~ /^(tls|ca|client|server|sa|cert|config|ssh|etcd|etcd-[a-z]+)([._-][a-z]+)*[.](crt|key|pem|cert|json|ya?ml|conf)$/) return 1
	# what a projected token is asked for, and the architecture of a package, as in xauth:amd64
	if (v ~ /^expirationSeconds=[0-9]+$/ || (v ~ /^(amd64|arm64|armhf|i386|ppc64el|s390x|riscv64|all)$/ && behind_it !~ /^[^ \t,;]/)) return 1
	if (v ~ /^[a-z][a-z0-9.-]*$/ && length(v) < 64 && key ~ /(secret|credential|token|auth)[a-z0-9_.-]*[a-z][_-]?(names?|refs?|namespace|type|kind|class|mode|provider|scheme|method)$/) return 1
	if (v ~ /^[a-z][a-z0-9.-]*$/ && length(v) < 64 && key ~ /(secret|credential|token|auth)[_-]?(names?|refs?|namespace|type|kind|class|mode|provider|scheme|method)$/) return 1
	return 0
}
# Whether the name of a key says that what is behind it is a secret; "before" is what stands in front of where the name was found
function names_secret(key, before) {
	if (key ~ /^pass/ && tolower(before) ~ /(by|com|tres|sur|over|under)$/) sub(/^pass/, "", key)
	# "unauthorized: Unauthorized" is the evidence, not a secret
	gsub(/boundserviceaccounttokenvolume|authori[sz]ation-(mode|webhook)|authentication-token-webhook|anonymous-auth|author(ized|ised|ize|ise|ity|ities)|authenticat(ed|ion|or|e|ing)|[a-z_]*[.]go[]]?:|(by|com|tres|sur|over|under)pass|pass(ed|es|ing|ive|ively|[_-]?through|[_-]?thru|enger|age|port|able|ions?)|pw[abce-z]/, "", key)
	return secret_key(key)
}
# key=value, "key":"value", key: value and --key value where the key's name says that it is a secret
function secret_pairs(s,   out, low, head, rest, v, q, key, prose, strong, n, before, near) {
	out = ""; low = tolower(s)
	while (match(low, /(pass|pw|pass phrase|secret|token|(api|access|account|private|preshared|shared|client|certificate|encryption|routing|subscription|signing|master|license|session|app|application|integration|user|admin|hmac|jwt|sas|storage|ssh|webhook|deploy|enc|join|activation|tsig|secret|auth|root|cluster)[ _-]?key|credential|authorization|auth|psk|callback)[a-z0-9_.-]*[\\]*["']?[]]?[ \t]*(:=|[:=][=>]?)[ \t]*[[]?[\\]*["'`]?|--?[a-z0-9-]*(pass|pw|pass phrase|secret|token|(api|access|account|private|preshared|shared|client|certificate|encryption|routing|subscription|signing|master|license|session|app|application|integration|user|admin|hmac|jwt|sas|storage|ssh|webhook|deploy|enc|join|activation|tsig|secret|auth|root|cluster)[ _-]?key|credential|authorization|auth|psk|callback)[a-z0-9-]*[ \t]+["']?/)) {
		head = substr(s, 1, RSTART + RLENGTH - 1); key = substr(low, RSTART, RLENGTH); before = out substr(s, 1, RSTART - 1)
		rest = substr(s, RSTART + RLENGTH)
		# the backslash of a line end is no quote's
		if (head ~ /\\$/ && rest ~ /^[nrt]\002/) { out = out head; s = rest; low = tolower(s); continue }
		# "psk" and "auth" stand in base64 by chance, and its padding looks like the sign behind a key
		if (key ~ /[a-z0-9]=+\\*$/ && (rest ~ /^=*(\\*[nr]\002?)*-----END/ || (RSTART > 20 && substr(s, RSTART - 20, 20) ~ "^[A-Za-z0-9+/]+$"))) { out = out head; s = rest; low = tolower(s); continue }
		q = substr(head, length(head)); prose = 0
		# the name of a field, not a word of a sentence: passwords, keys, client_secret, accessToken
		# with a blank in it a name may be words of a sentence
		strong = key !~ /[a-z] key/ && (key ~ /(pass|pw|private|[a-z_-]key)/ || compound(substr(head, 1, RSTART), key))
		if (q == "\"" || q == "'" || q == "`") {
			if (substr(head, length(head) - 1, 1) == "\\") n = index(rest, "\\" q); else n = closing(rest, q)
			v = n ? substr(rest, 1, n - 1) : rest
			if (v ~ / / && key ~ /: / && !strong && v !~ /^(Basic|Bearer|basic|bearer) /) prose = excuse(v) || says(v)
			# oauth2: "refresh_token":"...": the value is itself the name of one
			if (v ~ /^[A-Za-z][A-Za-z0-9_.-]*[\\]*$/ && secret_key(tolower(v)) && substr(rest, length(v) + 1) ~ /^[\\]*["'`][ \t]*[:=]/) prose = 1
		} else {
			v = match(rest, /^(Basic|Bearer|basic|bearer|Token|token)[ ]+[^ \t,;&"'})\\]+/) ? substr(rest, 1, RLENGTH) : \
				(match(rest, /^[^ \t,;&"'})\\]+/) ? substr(rest, 1, RLENGTH) : "")
			if (strong && key ~ /=$/ && v !~ / / && match(rest, "^[^ \t\"'" BS "]+")) v = substr(rest, 1, RLENGTH)
			# a string of the shell with escapes in it
			if (v == "$" && match(rest, /^[$]'[^']+/)) v = substr(rest, 1, RLENGTH)
			# nothing else on the line of a configuration
			if (strong && key ~ /: +$/ && before ~ /(^|\002)[ \t-]*[A-Za-z0-9_.-]*$/ && match(rest, /^[^ \t"'{}\\]+[ \t\r]*$/)) { v = substr(rest, 1, RLENGTH); sub(/[ \t\r]+$/, "", v) }
			# an anchor or a tag of YAML in front of the value
			if (key ~ /: +$/ && match(rest, "^[&!][^ \t\"'\\\\]*[ ]+[\\\\]*[\"']?[^ \t\"'" BS "]+")) v = substr(rest, 1, RLENGTH)
			sub(/[]]+$/, "", v)
			# a list goes to its end
			if (q == "[" && v != "" && match(rest, /^[^]["'{}\\:=]+[ ,][^]["'{}\\:=]*\]/)) v = substr(rest, 1, RLENGTH - 1)
			# "failed to fetch token: pod not found" is prose: keep what a sentence would go on with
			if (key ~ /: +$/ && !strong && substr(rest, length(v) + 1) ~ /^ *[^ ]/ && sentence(v, substr(rest, length(v) + 1))) prose = 1
			# the name of an object that is missing
			if (key ~ /^secrets?: +$/ && !strong && v ~ /^[a-z]+(-[a-z]+)+$/ && substr(rest, length(v) + 1) ~ /^ (not found|is forbidden|already exists|does not exist)/) prose = 1
			if (v ~ /^(pod|failed|error|not|no|the|is|could|cannot|unable|invalid|expired|unauthorized|context|rpc|timed|secret|secrets|configmap)$/ && (key ~ /: +$/ || !strong)) prose = 1
			# an error in the words in which programs tell it, or the name of an event
			if (key ~ /: +$/ && (excuse(rest) || (!strong && rest ~ /^([A-Z]+[a-z][a-z][a-z]+)+ (failed|error|is|was|not|returned|timed out|ended)([^a-z]|$)/))) prose = 1
			# a line of a configuration: a pass phrase goes to its last word
			else if (v ~ /^[^.\/$[]/ && key ~ /^(pass|pw|psk|secret[ \t]*=)/ && before ~ /(^|\002)[ \t-]*[A-Za-z0-9_.-]*$/ && match(rest, /^[^ \t"',;:=\\\002]+([ \t]+[^ \t"',;:=\\\002]+)+[ \t]*(\\[nr]|\r?$)/)) {
				v = substr(rest, 1, RLENGTH); sub(/[ \t\r]*(\\[nr])?$/, "", v); prose = 0
			}
		}
		# password: password: SECRET
		if (v ~ /(password|passwd|passphrase|token|secret|key):$/ && v ~ /^[A-Za-z][A-Za-z0-9_.-]*:$/ && substr(rest, length(v) + 1) ~ /^[ \t]+[^ \t]/) prose = 1
		if (key ~ /^authorization[\\]*["']?[]]?[ \t]*:/ && v ~ /^[Tt]oken / && !says(substr(v, 7))) prose = 0
		# a scheme that is not known, and whatever follows it
		if (!prose && key ~ /^authorization[\\]*["']?[]]?[ \t]*[:=]/ && q !~ /["'`]/ && v !~ /^(Basic|Bearer|basic|bearer) / && match(rest, /^[^"'\\\002]+/) && RLENGTH > length(v)) {
			v = substr(rest, 1, RLENGTH); sub(/[] \t\r)}]+$/, "", v)
		}
		# of a long line only what may belong to the name
		near = length(before) > 80 ? substr(before, length(before) - 79) : before
		if (!names_secret(key, near)) { v = ""; prose = 1 }
		# the end of a name, as in default-token-x2x4l
		if (key ~ /^-/ && near ~ /[A-Za-z0-9_.]$/) { v = ""; prose = 1 }
		# the tag of an image
		if (key ~ /[a-z0-9]:$/ && near ~ "/[A-Za-z0-9_./-]*$" && v ~ /^v?[0-9]+[.][0-9]+[0-9A-Za-z.+_-]*(@sha256:[0-9a-f]+)?$/) prose = 1
		if (key ~ /^-.*-stdin[ \t]/) prose = 1
		# references non-existent secret key: NAME
		if (key ~ /^secret key: +$/ && near ~ /non-existent +$/) prose = 1
		if (key ~ /^-/ && v ~ /^(has|is|was|are|will|must|and|or|to|in|not|for|with|flag|flags|option|argument|should|cannot|can)$/) prose = 1
		if (head ~ /\[$/ && rest ~ /^REDACTED len=/) { v = substr(rest, 1, index(rest, "]")); out = out head v }
		else if (prose || (q ~ /["'`]/ ? !strong && v ~ /^([[]?\{([\\"' ]|$)|map\[[A-Za-z_]+:)/ : v ~ /^(map\[|\[+(\{.*)?$|\{$|\{[A-Za-z_]+[:=]|&(\{|[A-Z][A-Za-z.]*\{))/)) { v = ""; out = out head }
		# in a path or an address there may be the next key
		else if (shown(key, v, substr(rest, length(v) + 1)) || (v ~ / / && v ~ /\[REDACTED/)) { v = ""; out = out head }
		else if (v ~ /^(Basic|Bearer|basic|bearer|Token|token) /) {
			n = index(v, " ")
			out = out head substr(v, 1, n) (harmless(substr(v, n + 1)) ? substr(v, n + 1) : hide(substr(v, n + 1)))
		} else {
			out = out head hide(v)
			# the rest of a list
			if (head ~ /\[[\\]*["'`]$/) {
				rest = substr(rest, length(v) + 1); v = ""
				while (match(rest, /^[\\]*["'`][ ,]+[\\]*["'`]/)) {
					q = substr(rest, RLENGTH, 1); out = out substr(rest, 1, RLENGTH); rest = substr(rest, RLENGTH + 1)
					n = closing(rest, q); if (!n) n = index(rest, q)
					v = n ? substr(rest, 1, n - 1) : rest; sub(/\\+$/, "", v)
					out = out (harmless(v) ? v : hide(v)); rest = substr(rest, length(v) + 1); v = ""
				}
			}
		}
		s = substr(rest, length(v) + 1); low = tolower(s)
	}
	return out s
}
# Whether a text begins with an error that programs tell in fixed words: whole phrases, and none that is only likely
function excuse(s) {
	if (s ~ /^(Unauthorized|Forbidden|EOF)([^A-Za-z0-9 ].*)?$/) return 1
	s = tolower(substr(s, 1, 60))
	if (s ~ /^((open|stat|lstat|read|write|readlink|mkdir|remove|rename|exec) \\*"?\/|dial (tcp|udp|unix)[46]? |(get|post|put|patch|delete|head) \\*"?https?:|rpc error: |(x509|tls|asn1|pem|yaml|json|crypto\/[a-z0-9]+): [a-z]+ )/) return 1
	return s ~ /^(connection (refused|reset|timed out|closed)|no such (file|host|object|device)|no route to host|network is unreachable|permission denied|operation not permitted|i\/o timeout|timed out (waiting|while)|context (deadline exceeded|canceled|cancelled)|deadline exceeded|not found|unexpected (eof|end of (file|input|json))|broken pipe|input\/output error|stale file handle|read-only file system|too many open files|no space left|authentication (failed|failure|required)|must not be (empty|blank)|(is|was) (required|missing|invalid|forbidden|empty|not))([^a-z0-9]|$)/
}
# Whether the name of which s ends with the first letter goes back further, as in client_secret, x-auth-token and accessToken
function compound(s, key,   c) {
	if (length(s) < 2) return 0
	c = substr(s, length(s) - 1, 1); if (length(s) > 24) s = substr(s, length(s) - 23)
	if (c ~ /[a-z]/ && s ~ /[A-Z]$/) return 1
	return c == "_" || tolower(s) ~ /(client|bearer|access|refresh|auth|session|api|app|csrf|security|master|vault|consumer|webhook|private|x)-?[a-z]$/
}
# Whether an error goes on behind "token: " with v: a word of errors, an address, the name of an object, or another field
function sentence(v, behind_it) {
	sub(/^[(]/, "", v); sub(/[:.!?]+$/, "", v)
	if (says(v) || (v ~ /[a-z][A-Z]/ && (tolower(v) in SAYS))) return 1
	if (v ~ /^[a-z]+(-[a-z0-9]+)*\/[a-z]+(-[a-z0-9]+)*$/) return says(substr(behind_it, match(behind_it, /[^ :"]/)))
	return v ~ /^(system:[a-z].*|https?:\/\/.*|[a-z_-]+=[^=].*|[^A-Za-z0-9]*|[0-9]?[0-9]?[0-9]|[0-9][0-9]?[0-9]?[.][0-9][0-9]?[0-9]?[.][0-9][0-9]?[0-9]?[.][0-9][0-9]?[0-9]?(:[0-9]+)?)$/
}
# whether the first word is one of those with which errors are told
function says(v) {
	sub(/^[("'\\]+/, "", v); sub(/[^A-Za-z0-9].*$/, "", v)
	return v ~ /^([A-Z]?[a-z0-9]+|[A-Z]+)$/ && (tolower(v) in SAYS)
}
# where a quoted value ends; a quote behind a backslash is part of it
function closing(s, q,   i, n) {
	i = 0
	while ((n = index(substr(s, i + 1), q)) > 0) { i += n; if (i < 2 || substr(s, i - 1, 1) != "\\") return i }
	return 0
}
function userinfo(s,   out, w, a, n) {
	out = ""
	while (match(s, /:\\*\/\\*\//)) {
		out = out substr(s, 1, RSTART + RLENGTH - 1); s = substr(s, RSTART + RLENGTH)
		match(s, /^[^ \t"'<>]*/); w = substr(s, 1, RLENGTH)
		sub(/,[a-z]+:\/\/.*$/, "", w)
		# a user of a domain, whose password may hold what ends a host
		if (match(w, /^[A-Za-z0-9_.-]+\\+[nrt]?\002?[A-Za-z0-9_.-]+:[^@]*@/)) { out = out hide(substr(s, 1, RLENGTH - 1), "url"); s = substr(s, RLENGTH); continue }
		sub(/\\[^\/].*$/, "", w)
		a = w; sub(/[\/\\].*$/, "", a)
		n = lastat(a)
		# docker-pullable://name@sha256:... has no user; https://host:443/x?y=a@b has neither
		if (n && substr(w, n + 1) ~ /^sha(256|512):/ && substr(a, 1, n) !~ /:/) n = 0
		else if (!n && a ~ /:/ && a !~ /:[0-9]*$/ && a !~ /\]$/) n = lastat(w)
		if (n > 1) { out = out hide(substr(s, 1, n - 1), "url"); s = substr(s, n) }
	}
	return out s
}
function lastat(v,   n, i) { n = 0; while ((i = index(substr(v, n + 1), "@")) > 0) n += i; return n }
# user:password@host without a scheme, but not name:tag@sha256:...
function userpass(s,   out, tok, n, rest) {
	out = ""
	while (match(s, "[A-Za-z0-9_.%+-]+:[^ \t\"'<>@:/,;()\\\\]+@")) {
		tok = substr(s, RSTART, RLENGTH); rest = substr(s, RSTART + RLENGTH); n = index(tok, ":")
		out = out substr(s, 1, RSTART - 1) substr(tok, 1, n)
		out = out (rest ~ /^sha(256|512):/ || substr(tok, n + 1, 1) == "[" ? substr(tok, n + 1) : hide(substr(tok, n + 1, length(tok) - n - 1), "url") "@")
		s = rest
	}
	return out s
}
# keys that are known by how they begin
function prefixed(s,   i, f, min, out, n, v, b) {
	for (i = 1; i <= PREFIXES; i += 2) {
		f = PREFIX[i]
		if (!index(s, f)) continue
		min = PREFIX[i + 1] + 0; out = ""
		while ((n = index(s, f)) > 0) {
			b = n > 1 ? substr(s, n - 1, 1) : " "
			out = out substr(s, 1, n + length(f) - 1); s = substr(s, n + length(f))
			if (f ~ /\/$/) match(s, "^[A-Za-z0-9_/@-]*")
			else if (f ~ /[.]$/) match(s, /^[A-Za-z0-9_.-]*/)
			else match(s, /^[A-Za-z0-9_-]*/)
			v = substr(s, 1, RLENGTH)
			# part of another word, as in disk-controller-manager
			if (length(v) < min || b ~ /[A-Za-z0-9]/ || (PREFIX[i + 1] ~ /[+]/ && (v !~ /[A-Z]/ || v !~ /[0-9]/))) continue
			out = out hide(v, "token"); s = substr(s, length(v) + 1)
		}
		s = out s
	}
	return s
}
# Long words which mix upper case, lower case and digits as chance does: no name and no path looks like that.
function opaque(v,   i, n, k, p, u, l, d, t) {
	if (v !~ /[A-Z]/ || v !~ /[a-z]/ || v !~ /[0-9]/) return 0
	n = length(v); if (n > 256) n = 256
	u = l = d = t = 0; p = -1
	for (i = 1; i <= n; i++) {
		k = substr(v, i, 1); k = k in D64 ? D64[k] : 99
		k = k < 26 ? 0 : (k < 52 ? 1 : (k < 62 ? 2 : 3))
		if (k == 0) u++; else if (k == 1) l++; else if (k == 2) d++
		if (p >= 0 && k != p) t++
		p = k
	}
	# of a thousand words of forty random characters one changes its class less often; names change it at every fifth
	return u >= 4 && l >= 4 && d >= 1 && t >= (n < 60 ? 0.36 : 0.33) * n
}
function opaques(s,   out, n, v, b, a) {
	# four capitals in one word, or what a log is full of goes no further
	if (s !~ /[A-Z][+-9A-Z_a-z]*[A-Z][+-9A-Z_a-z]*[A-Z][+-9A-Z_a-z]*[A-Z]/ || s !~ /[0-9]/) return s
	out = ""
	if (!index(s, "CERTIFICATE-----")) return opaque_words(s)
	while (match(s, "-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[A-Za-z0-9+/=\\\\ \t\002]*")) {
		n = RSTART + RLENGTH
		out = out opaque_words(substr(s, 1, RSTART - 1)) substr(s, RSTART, RLENGTH); s = substr(s, n)
	}
	return out opaque_words(s)
}
function opaque_words(s,   out, w, n, i, v, at, b, a, line) {
	if (length(s) < 40) return s
	n = split(s, w, /[^A-Za-z0-9+\057_-]+/); out = ""
	for (i = 1; i <= n; i++) {
		v = w[i]
		# base64 over several lines that are escaped: its last line may be short
		if (line && (v == "n" || v == "r")) continue
		if (line && v != "" && v !~ /^[A-Za-z]?[a-z]+$/ && (at = index(s, v)) > 1 && substr(s, 1, at - 1) ~ /^[\\nr\002]*$/) {
			out = out substr(s, 1, at - 1) hide(v, "opaque"); s = substr(s, at + length(v)); line = length(v) >= 60
			continue
		}
		line = 0
		if (length(v) < 40 || !opaque(v)) continue
		at = index(s, v); b = at > 1 ? substr(s, at - 1, 1) : ""; a = substr(s, at + length(v), 2)
		out = out substr(s, 1, at - 1); s = substr(s, at + length(v))
		# a certificate in base64 is public; so is what is left of a token: header, payload and a dot
		if (public_pem(v) || (v ~ /^e[yw]/ && (a ~ /^[.]e/ || (b == "." && a ~ /^[.]/)))) out = out v
		else { out = out hide(v, "opaque"); line = length(v) >= 60 }
	}
	return out s
}
# A word, or a few, that say that a password follows behind a blank, a tag or an option
function spoken(s, low,   t) {
	if (low ~ /requirepass|masterauth|rootpw|auth_pass|identified by|(^|[^a-z0-9])psk/) s = behind(s, "(requirepass|masterauth|rootpw|auth_pass|identified by|(^|[^a-z0-9])psk)[ \t]+[\\\\]*[\"'`]?", "^[^ \t\"'`;:=" BS "][^ \t\"'`;" BS "]*")
	if (low ~ /<[a-z0-9_:.-]*(pass|secret|token|pw|credential)[a-z0-9_.-]*>/) s = behind(s, "<[a-z0-9_:.-]*(pass|secret|token|pw|credential)[a-z0-9_.-]*>", "^[^<" BS "]+")
	if (low ~ /sshpass|mysql|mariadb|mongo|cqlsh|sqlcmd|ipmitool|(docker|podman|nerdctl|buildah|skopeo|crane|oras|argocd|oc|az) login|helm registry|redis-cli|ldap|smbclient|user(add|mod) /) {
		s = behind(s, "[ ][\"']?-[pPwa][ ]*[\\\\]*[\"']?", "^[^, \t\"'" BS "][^ \t\"'" BS "]*")
		s = behind(s, "[\"']-[pPwa][\\\\]*[\"'][ ,]+(a[0-9]+=)?[\\\\]*[\"']", "^[^\"'\\\\]+")
	}
	# not the numbers of docker run -u 1000:1000
	if (low ~ /(^|[ ])(-u|--user|--proxy-user)[ =]*[\\]*["']?[^ :"'\/]+:/) s = behind(s, "(^|[ ])(-u|--user|--proxy-user)[ =]*[\\\\]*[\"']?[^ :\"'/]*[^ 0-9:\"'/=-][^ :\"'/]*:", "^[^ \t\"'" BS "]+")
	if (low ~ /user(pwd)?=["']?[^ :"'\/]+:/) s = behind(s, "user(pwd)?=[\"']?[^ :\"'/]+:", "^[^ \t\"'" BS "]+")
	if (low ~ /chpasswd/) s = behind(s, "[\"' ][a-z_][a-z0-9_-]*:", "^[^ {\"'|:\\\\]+")
	if (low ~ /cookie2?[]"']*[:=]/) s = behind(s, "cookie2?[]\"']*[:=][ \t]*[[\"']?", "^[^]\"'" BS "]*=[^]\"'" BS "]*")
	if (low ~ /erlang_cookie/) s = behind(s, "erlang_cookie[\\\\\"' ]*[:=][\\\\ ]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /[?&](x-amz-)?(sig|signature|credential|security-token|code|key)=/) s = behind(s, "[?&](x-amz-)?(sig|signature|credential|security-token|code|key)=", "^[^& \t\"'" BS "]+")
	if (low ~ /sharedaccesssignature/) s = behind(s, "[ \t;,\"']sig=", "^[^& \t;\"'" BS "]+")
	if (low ~ /bot[0-9]+:/) s = behind(s, "bot[0-9]+:", "^[A-Za-z0-9_-]+")
	if (low ~ /[$](1|2[abxy]?|5|6|7|y|gy|apr1|argon2(id?|d))[$]/) s = behind(s, "[$](1|2[abxy]?|5|6|7|y|gy|apr1)[$]|[$]argon2(id?|d)[$](v=[0-9]+[$])?(m=[0-9]+,t=[0-9]+,p=[0-9]+[$])?", "^[^ \t:\"'," BS "]+")
	if (low ~ /pbkdf2|scram-sha|[{]s?sha/) s = behind(s, "pbkdf2[_a-z0-9:-]*[$:][0-9]+[$:]|scram-sha-[0-9]+[$][0-9]+:|[{]s?sha(256|384|512)?[}]", "^[A-Za-z0-9+/=$:._-]+")
	# command lines in hexadecimal, of the kernel's audit
	if (low ~ /(proctitle|cmd|[ ]a[0-9]+)=[0-9a-f][0-9a-f][0-9a-f][0-9a-f]/) s = behind(s, "(proctitle|cmd|[ ]a[0-9]+)=", "^" H16 "[0-9A-Fa-f]*|^[0-9A-F][0-9A-F][0-9A-F][0-9A-F][0-9A-F][0-9A-F][0-9A-F][0-9A-F][0-9A-F][0-9A-F]+")
	# bytes as numbers, as Go prints the contents of a Secret
	if (index(low, "[") && low ~ /[a-z0-9]: ?\[[0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+/) s = behind(s, ": ?\\[", "^[0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9 ]+")
	if (low ~ /netroot=iscsi:/) s = behind(s, "netroot=iscsi:", "^[^ \t\"'@" BS "]+")
	if (low ~ /:[0-9]+\/[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]/) s = behind(s, ":[0-9]+/", "^[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f/]*")
	if (low ~ / a0=\\*"/) s = execve(s)
	if (low ~ /(cmd|command|args?|argv|entrypoint)[\\]*["']?[:=][ \\]*["']?[\\]*\[/) s = quoted_command(s)
	if (low ~ /-[a-z0-9._-]*[\\]*["'][ ,]|, ?value:|--?p(in|at)[ =]|["']-p/) s = listed(s, low)
	if (low ~ /creds[ =]|literal[ =]| login +[^ -]|authtoken| -[ktc] |bindpw|neighbor|pass(word|phrase)? |snmp|community|com2sec|createuser|curl |7za? |rar |rabbitmqctl|racadm|stats auth|pin[0-9]?[]\\"' ]*[:=]|certificate key|token ["'\\0-9a-f]|(token|secret|key) is[ :]|[ "']--?v(alue)?["' \\]|with value|onfig(ure)? set |rfc[0-9]+[(]|(hmac|gcm|ccm|cmac|cbc|ctr|ecb)[(]|signature=|(response|nonce)=|kubeconfig-|hooks?(b2)?\\*\/|echo |jdbc:|alias +set|host +add|unseal|<\/name>|%/) s = spoken_too(s, low)
	return s
}
function listed(s, low) {
	# arguments as a list prints them: "--password","X", '-a' 'X', a1="--token" a2="X", of a Go struct Name:X-Vault-Token,Value:X
	if (low ~ /["']--?[a-z0-9._-]*(pass|pw|secret|token|psk|pat|pin|key|cred|auth)[a-z0-9._-]*[\\]*["'][ ,]/)
		s = behind(s, "[\"']--?[a-z0-9._-]*(pass|pw|secret|token|psk|pat|pin|api-?key|access-?key|private-?key|cred|auth)[a-z0-9._-]*[\\\\]*[\"'][ ,]*(a[0-9]+=)?[\\\\]*[\"']", "^[^\"'\\\\]+")
	if (low ~ /redis-cli[\\]*["']/) s = behind(s, "[\"']-a[\\\\]*[\"'][ ,]*(a[0-9]+=)?[\\\\]*[\"']", "^[^\"'\\\\]+")
	if (low ~ /(mysql|mariadb)[a-z-]*[\\]*["']/) s = behind(s, "[\"']-p", "^[^\"'\\\\]+")
	if (low ~ /, ?value:/) {
		s = variables(s)
		s = behind(s, "name:[a-z0-9._-]*(token|authorization|key|secret|pass|auth|cookie|cred)[a-z0-9._-]*,value:", "^[^,}]+")
	}
	if (low ~ /--?p(in|at)[ =]/) s = behind(s, "[ \"'[]--?p(in|at)[ =]+[\\\\]*[\"']?", "^[^] \t\"',\\\\]+")
	return s
}
# A variable as Go prints it: its value may hold commas and brackets, and no name says that it is harmless
function variables(s,   out, v, n) {
	out = ""
	while (match(s, /(EnvVar|KeyValue)[{](Name|Key):[^,]*, ?Value:/)) {
		out = out substr(s, 1, RSTART + RLENGTH - 1); s = substr(s, RSTART + RLENGTH)
		n = match(s, /, ?ValueFrom:/) ? RSTART : 0; if (!n) n = index(s, ",}"); if (!n) n = index(s, "}")
		v = n ? substr(s, 1, n - 1) : s; s = substr(s, length(v) + 1)
		out = out (harmless(v) ? v : hide(v))
	}
	return out s
}
# A command as a list in quotes, behind a name that says so: each word as on a command line, what holds a blank as text
function quoted_command(s,   out, n, v, q, re, deep) {
	out = ""
	re = "([Cc]md|CMD|[Cc]ommand|[Aa]rgs?|[Aa]rgv|[Ee]ntrypoint)[\\\\]*[\"']?[:=][ ]*[\\\\]*[\"']?[\\\\]*[[]([]]string[{])?[\\\\]*[\"']"
	while (match(s, re)) {
		n = RSTART + RLENGTH; q = substr(s, n - 1, 1); out = out substr(s, 1, n - 1); s = substr(s, n)
		match(out, /\\*.$/); deep = RLENGTH - 1
		lastflag = command = tool = prior = ""; header = keyed = phrase = joined = mcleft = 0
		for (;;) {
			# a quote of the word's own has more backslashes before it than the one that opened
			n = same_quote(s, q, deep); v = n ? substr(s, 1, n - 1) : s; sub(/\\+$/, "", v)
			# what holds a blank is a script, but for the value of a flag
			if (v == "" || index(v, "[REDACTED")) out = out v
			else if (v !~ /[ \t\\]/ || v ~ /^--?[A-Za-z0-9_.-]+=/ || tool == "**" || command != "") out = out argument(v)
			else if (lastflag != "" && sensitive(lastflag)) { out = out hide(v); lastflag = "" }
			else { out = out v; lastflag = "" }
			s = substr(s, length(v) + 1)
			if (!match(s, "^[\\\\]*" q "[ ,]+[\\\\]*" q)) break
			out = out substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
		}
		lastflag = command = tool = prior = ""; header = keyed = phrase = mcleft = 0
	}
	return out s
}
# where a quote stands with so many backslashes before it, and no more
function same_quote(s, q, deep,   at, n, b) {
	at = 0
	while ((n = index(substr(s, at + 1), q)) > 0) {
		at += n
		for (b = 0; b < at - 1 && substr(s, at - 1 - b, 1) == "\\"; b++);
		if (b <= deep) return at
	}
	return 0
}
# the arguments of a program as the kernel's audit lists them: a0="mysql" a1="-p" a2="SECRET"
function execve(s,   out, v) {
	out = lastflag = command = tool = prior = ""; header = keyed = phrase = joined = mcleft = 0
	while (match(s, / a[0-9]+=\\*"/)) {
		out = out substr(s, 1, RSTART + RLENGTH - 1); s = substr(s, RSTART + RLENGTH)
		match(s, /^[^"\\]*/); v = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
		out = out (v == "" || index(v, "[REDACTED") ? v : argument(v))
	}
	lastflag = command = tool = prior = ""; mcleft = 0
	return out s
}
# More of them, which few lines have
function spoken_too(s, low) {
	if (index(s, "%") && low ~ /cifs|smb|samba|rpcclient|net (rpc|ads)|mount/) s = behind(s, "([ ]-u[ ]*|[ ]--user[ =]|user(name)?=)[\\\\]*[\"']?[a-z0-9\\\\._-]+%", "^[^ ,\t\"'" BS "]+")
	if (low ~ /--(src-|dest-)?creds[ =]/) s = behind(s, "--(src-|dest-)?creds[ =]+[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /--from-literal[ =]/) s = behind(s, "--from-literal[ =]+[\\\\]*[\"']?[^ =\"']+=", "^[^ \t\"'" BS "]+")
	if (low ~ /(vault|sso) +login +[^ -]|operator unseal|ngrok .*authtoken +[^ -]/) s = behind(s, "((vault|sso) +login|vault operator unseal|ngrok .*authtoken) +[\\\\]*[\"']?", "^[^] \t\"'`,;:=(){}<>" BS "-][^ \t\"'" BS "]*")
	if (low ~ /openssl.* -k /) s = behind(s, " -k +[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /(k3s|rke2).* -t /) s = behind(s, "(agent|server)( .*)? -t +[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	# iscsiadm -n KEY -v SECRET; key "KEY" with value "SECRET"; aws configure set KEY SECRET
	if (low ~ /(pass[a-z]*|pw|pwd|psk|secret|token|key)(_in)?[]\\"', ]+(--?v(alue)?|with value)[\\"', =]/) {
		s = behind(s, "(pass[a-z]*|pw|pwd|psk|secret|token|key)(_in)?[]\\\\\"', ]+(--?v(alue)?|with value)[\\\\\"', =]*[\"']", "^[^\"'" BS "]+")
		s = behind(s, "(pass[a-z]*|pw|pwd|psk|secret|token|key)(_in)?[]\\\\\"', ]+(--?v(alue)?|with value)[\\\\\"', =]+", "^[^] \t\"'" BS "][^ \t\"'" BS "]*")
	}
	if (low ~ /onfig(ure)? set +[a-z0-9_.-]*(pass|pw|secret|token|key)/) s = behind(s, "onfig(ure)? set +[a-z0-9_.-]*(pass|pw|secret|token|key)[a-z0-9_.-]* +[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /bindpw[ \t]/) s = behind(s, "bindpw[ \t]+", "^[^ \t\"':=" BS "][^ \t\"'" BS "]*")
	if (low ~ /neighbor [^ ]+ password/) s = behind(s, "neighbor [^ ]+ password +([0-9] )?", "^[^ \t\"'" BS "]+")
	# Password for bob: SECRET; the new password for user bob is SECRET; root password set to SECRET
	if (low ~ /pass(word|phrase) (for|of) .*(:| is) /) s = secret_word(s, "pass(word|phrase) (for|of) ([^ :=]+ )?([^ :=]+ )?[^ :=]+(:| is:?) +[\\\\]*[\"']?")
	if (low ~ /password.* to:? |(set|chang|updat).* password to/) s = secret_word(s, "((set|chang(e|ed|ing)|updat(e|ed|ing)) [a-z0-9_ ]*password|password (was |is )?((re)?set|changed|updated)) to:? +[\\\\]*[\"']?")
	if (low ~ /password is generated for /) s = secret_word(s, "password is generated for [^ ]+: +")
	if (low ~ /pass(word|wd|phrase) +(-[ >]|=>|\342\206\222)/) s = secret_word(s, "pass(word|wd|phrase) +(->?|=>|\342\206\222) +[\\\\]*[\"']?")
	if (low ~ /password [a-z0-9_.-]+ = /) s = behind(s, "password [a-z0-9_.-]+ = ", "^[^ \t\"'" BS "]+")
	if (low ~ /alias +set |host +add /) s = behind(s, "(alias +set|config +host +add) +[^ ]+ +[^ ]+ +", "^[^|;&]+")
	if (low ~ /<name>[^<]*(pass|secret|token|key|cred)[^<]*<\/name>/) s = behind(s, "<name>[^<]*(pass|secret|token|key|cred)[^<]*</name>[ ]*<value>", "^[^<" BS "]+")
	if (low ~ /password -p/) s = behind(s, "password -p[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	# tools whose options are letters
	if (low ~ /snmp/) s = behind(s, " -[acx][ ]*[\\\\]*[\"']?", "^[^] \t\"'" BS "-][^ \t\"'" BS "]*")
	if (low ~ /community|com2sec/) s = behind(s, "(r[ow]community6?|com2sec [^ ]+ [^ ]+|(snmp[a-z-]*:?|v[123]c?) community|community string) +[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /createuser /) s = behind(s, "(createuser +(-e [^ ]+ +)?[^ ]+ +(md5|sha[-0-9]*)|[\"' ](aes|des)[-0-9]*) +[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /curl .*-[a-z]*u/) s = behind(s, " -[a-z]*u[^ :\"'/=-]+:", "^[^ \t\"'" BS "]+")
	if (low ~ /(7za?|rar) .*-p/) s = behind(s, " -p[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /rabbitmqctl .*_/) s = behind(s, "(add_user|change_password|authenticate_user) +[^ ]+ +[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /racadm .*-p /) s = behind(s, " -p +[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /stats auth /) s = behind(s, "stats auth +[^ :]+:", "^[^ \t\"'" BS "]+")
	if (low ~ /user(name)? [^ ]+ pass(word)? /) s = secret_word(s, "user(name)? [^ ]+ pass(word)? +[\\\\]*[\"']?")
	if (low ~ /(^|[^a-z0-9])pin[0-9]?[]\\"' ]*[:=]/) s = behind(s, "(^|[^a-z0-9])pin[0-9]?[]\\\\\"' ]*[:=][ \t]*[\\\\]*[\"']?", "^[0-9][0-9][0-9][0-9]+")
	# what kubeadm prints, with the key on the same line or the next
	if (low ~ /certificate key/) {
		s = behind(s, "certificate key( is)?:?([ \t]|\\\\[nrt]\002?)*[\\\\]*[\"']?", "^" H16 H16 "[0-9a-f]*")
		if (low ~ /certificate key( is)?:?[ \t\r]*$/) awaited = 3
		# the next line of a text whose line ends are escaped
		if (low ~ /certificate key( is)?:?\\[nr]/) s = behind(s, "[ \002]", "^" H16 H16 H16 H16)
	}
	if (low ~ /(token|secret|key) is[ :]/) s = secret_word(s, "(token|secret|key) is[ :]+[\\\\]*[\"']?", 1)
	if (low ~ /(with|using) token ["'\\]/) s = secret_word(s, "(with|using) token +[\\\\]*[\"']")
	# in quotes, unless it is the name of an object or what a parser stumbled over
	if (low ~ /token ["'\\]/ && low !~ /unexpected token|near token/) s = secret_word(s, "(^|[^a-z0-9-])token +[\\\\]*[\"']", 2)
	if (low ~ /echo .*[|] *(sudo +)?([a-z]+ +login|base64|chpasswd|passwd|openssl|cryptsetup)/) s = behind(s, "echo +(-n +|-e +)*[\\\\]*[\"']?", "^[^ |\t\"'" BS "]+")
	if (low ~ /jdbc:oracle:[a-z]+:[^ \/@]+\//) s = behind(s, "jdbc:oracle:[a-z]+:[^ /@]+/", "^[^ @\t\"'" BS "]+")
	if (low ~ /snmp.* -c /) s = behind(s, " -c +[\\\\]*[\"']?", "^[^ \t\"'" BS "]+")
	if (low ~ /token +[0-9a-f]/) s = behind(s, "token +", "^" H16 H16 "[0-9a-f]*")
	# keys of IPsec: algorithm and key
	if (low ~ /rfc[0-9]+[(]|(hmac|gcm|ccm|cmac|cbc|ctr|ecb)[(]/) s = behind(s, "(rfc[0-9]+|hmac|gcm|ccm|cmac|cbc|ctr|ecb)[(][a-z0-9()_-]*[)][\\\\\"']* +[\\\\]*[\"']?(0x)?", "^" H16 "[0-9A-Fa-f]*")
	if (low ~ /signature=/) s = behind(s, "signature=[\\\\]*[\"']?", "^(" H16 "[0-9a-f]+|[A-Za-z0-9+/_%-]*[0-9][A-Za-z0-9+/_%-]*[A-Z][A-Za-z0-9+/_%-]*=*)")
	if (low ~ /digest .*(response|nonce)=/) s = behind(s, "(response|nonce)=[\\\\]*[\"']?", "^[^ ,\t\"'" BS "]+")
	# Rancher's tokens
	if (index(low, "kubeconfig-")) s = behind(s, "kubeconfig-[a-z0-9.-]+:", "^[a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9]+")
	if (low ~ /:\\*\/\\*\/.*hooks?(b2)?\\*\//) s = hooks(s)
	return s
}
# A password behind a phrase, unless it is a word of a sentence; "mixed": only a word that no name looks like (1), no name in words (2)
function secret_word(s, re, mixed,   out, low, v, w) {
	out = ""; low = tolower(s)
	while (match(low, re)) {
		# "lets a user to pass an id" is none
		split(substr(low, RSTART, RLENGTH), w, " ")
		out = out substr(s, 1, RSTART + RLENGTH - 1); s = substr(s, RSTART + RLENGTH)
		if (match(s, /^[^ \t"',;:\\]+/)) {
			v = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
			out = out ((tolower(v) in PROSE) || says(v) || (w[1] ~ /^user/ && ((w[2] in SAYS) || (w[2] in PROSE))) || harmless(v) || (mixed == 2 && (length(v) < 5 || v ~ /^[a-z]+(-[a-z]+)+(-[a-z0-9]+)?$/)) || (mixed == 1 && (length(v) < 10 || v !~ /[0-9]/ || v !~ /[A-Za-z]/ || v ~ /^[a-z0-9]+([.\/-][a-z0-9]+)+$/)) ? v : hide(v))
		}
		low = tolower(s)
	}
	return out s
}
# Addresses whose path is the secret. What admission controllers and the cluster's own services are called by is none.
function hooks(s,   out, host, n, v) {
	out = ""
	while (match(s, ":\\\\*/\\\\*/[^ \t\"'<>/\\\\]+")) {
		host = substr(s, RSTART, RLENGTH); out = out substr(s, 1, RSTART + RLENGTH - 1); s = substr(s, RSTART + RLENGTH)
		if (host ~ /[.]svc([.:]|$)|localhost|\/127[.]/ || !match(s, /^[^ \t"'<>?]*\/([Ww]eb)?[Hh]ooks?(b2)?\\*\//)) continue
		# an expression takes the longest: back to the first of such words
		match(s, /\/([Ww]eb)?[Hh]ooks?(b2)?\\*\//); n = RSTART + RLENGTH - 1
		out = out substr(s, 1, n); s = substr(s, n + 1)
		if (match(s, /^[^] \t"'<>)},;?]+/)) { v = substr(s, 1, RLENGTH); sub(/(\\[nrt]\002?.*|\\+)$/, "", v); out = out hide(v, "url"); s = substr(s, length(v) + 1) }
	}
	return out s
}
# A password in a sentence: in quotes behind the word or as an argument of a call, or a word that no sentence goes on with
function told(s,   out, low, re, head, rest, q, v, n) {
	out = ""; low = tolower(s)
	re = "pass(word|wd|phrase)[ \t]+(is[ :]+|was[ :]+)?[\\\\]*[\"'`]?|(passw|passphrase|pwd|set_?(token|secret|api_?key|credential))[a-z0-9_]*[(]([a-z0-9_.&*]+,[ ]*)*[\\\\]*[\"'`]"
	while (match(low, re)) {
		head = substr(s, 1, RSTART + RLENGTH - 1); rest = substr(s, RSTART + RLENGTH); q = substr(head, length(head)); v = ""
		if (q == "\"" || q == "'" || q == "`") {
			if (substr(head, length(head) - 1, 1) == "\\") n = index(rest, "\\"); else n = closing(rest, q)
			v = n ? substr(rest, 1, n - 1) : rest
			# the quote closes: what follows is not what it holds
			if (v ~ /^[] \t,:;)}]/) v = ""
		} else if (match(rest, /^[^ \t"'`,;()<>{}\\]+/)) {
			v = substr(rest, 1, RLENGTH); sub(/[.:!?]+$/, "", v)
			if (v ~ /[=:]|^-/) v = ""
			else if (tolower(head) ~ /(bad|wrong|incorrect|invalid) pass[a-z]+[ \t]+$/) { if (tolower(v) in PROSE) v = "" }
			# the last word of a line, and none that a sentence ends with
			else if (length(v) > 5 && v ~ /^[A-Za-z0-9_!@#$%^&*+-]+$/ && substr(rest, length(v) + 1) ~ /^[.!]?[ \t]*((\\[nr]|["']).*|\r)?$/) { if ((tolower(v) in PROSE) || says(v)) v = "" }
			else if (v ~ /^[0-9]+$/) { if (length(v) < 6) v = "" }
			else if (tolower(head) ~ /(is|was)[ :]+$/) { if (length(v) < 6 || (tolower(v) in PROSE) || says(v)) v = "" }
			else if (length(v) < 6 || v !~ /[A-Za-z]/ || v !~ /[0-9]/ || tolower(v) ~ /^(sha|md5|base64|utf|pbkdf|k8s|argon)|\//) v = ""
		}
		out = out head (v == "" || harmless(v) ? v : hide(v)); s = substr(rest, length(v) + 1)
		# further arguments of the same call
		while (head ~ /[(]/ && v != "" && match(s, "^[\\\\]*[\"'`],[ ]*[\\\\]*[\"'`]")) {
			q = substr(s, RLENGTH, 1); out = out substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
			n = index(s, q); v = n ? substr(s, 1, n - 1) : s; sub(/\\+$/, "", v)
			out = out (harmless(v) ? v : hide(v)); s = substr(s, length(v) + 1)
		}
		low = tolower(s)
	}
	return out s
}
# AUTH as redis and mail servers are told it: upper case, and no word of a sentence behind it
function auth_command(s,   out, v, b) {
	out = ""
	while (match(s, "AUTH([\\\\]*[\"']?[ ]+[\\\\]*[\"']?(PLAIN|LOGIN|default))?[\\\\]*[\"']?[ ]+[\\\\]*[\"']?")) {
		b = RSTART > 1 ? substr(s, RSTART - 1, 1) : " "
		out = out substr(s, 1, RSTART + RLENGTH - 1); s = substr(s, RSTART + RLENGTH)
		if (b ~ /[A-Za-z0-9_-]/ || !match(s, /^[^ \t"'<>\\]+/)) continue
		v = substr(s, 1, RLENGTH); sub(/[.,:;!?]+$/, "", v)
		if (!(tolower(v) in PROSE) && !harmless(v)) { out = out hide(v); s = substr(s, length(v) + 1) }
	}
	return out s
}
# "password" in base64, wherever it stands in it; the payload of a token is looked at elsewhere
function base64_password(s,   out, v, a) {
	out = ""
	while (match(s, "[A-Za-z0-9+/_-]*([cU]GFzc3dvcm|Bhc3N3b3Jk|[wQ]YXNzd29yZ|UEFTU1dPUk|BBU1NXT1JE|QQVNTV09SR)[A-Za-z0-9+/_-]*=*")) {
		v = substr(s, RSTART, RLENGTH); a = substr(s, RSTART + RLENGTH, 1)
		out = out substr(s, 1, RSTART - 1) (a == "." && v ~ /^e[yw]/ ? v : hide(v)); s = substr(s, RSTART + RLENGTH)
	}
	return out s
}
# hides what the second expression finds behind the first one
function behind(s, re, what,   out, low, v) {
	out = ""; low = tolower(s)
	while (match(low, re)) {
		out = out substr(s, 1, RSTART + RLENGTH - 1); s = substr(s, RSTART + RLENGTH)
		v = match(s, what) ? substr(s, 1, RLENGTH) : ""
		# a port or a code has fewer digits than a password
		if (v != "") { out = out (harmless(v) || v ~ /^([0-9]?[0-9]?[0-9]|count|identity)$/ ? v : hide(v)); s = substr(s, length(v) + 1) }
		low = tolower(s)
	}
	return out s
}
function bootstrap(s,   out, tok, b, a, re) {
	out = ""
	re = "[a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][.][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9]"
	while (match(s, re)) {
		tok = substr(s, RSTART, RLENGTH)
		b = RSTART > 1 ? substr(s, RSTART - 1, 1) : " "; a = substr(s, RSTART + RLENGTH, 1)
		out = out substr(s, 1, RSTART - 1)
		s = substr(s, RSTART + RLENGTH)
		# a word of its own with a digit behind the dot: host and file names rarely look like that
		if (b ~ "[A-Za-z0-9_./-]" || a ~ "[A-Za-z0-9_./-]" || substr(tok, 8) !~ /[0-9]/ || substr(tok, 8) ~ /^[0-9]+$/) out = out tok
		else out = out substr(tok, 1, 7) hide(substr(tok, 8))
	}
	return out s
}
# The key of a name/value pair of an environment printed on one line
function env_pairs(s,   out, low, re, head, rest, v) {
	out = ""; low = tolower(s)
	re = "(name|key)[\\\\]*\"?[:=][ \t]*[\\\\]*\"?[a-z0-9_.-]*(pass|token|secret|key|cred|pw|auth)[a-z0-9_.-]*[\\\\]*\"?([, \t]|\\\\[nr]\002?)+[\\\\]*\"?value[\\\\]*\"?[:=][ \t]*[\\\\]*\"?"
	while (match(low, re)) {
		head = substr(s, 1, RSTART + RLENGTH - 1); rest = substr(s, RSTART + RLENGTH)
		v = match(rest, /^[^,"\\}]+/) ? substr(rest, 1, RLENGTH) : ""
		# in a Go struct the next field follows behind a blank
		if (head !~ /"$/) sub(/ [A-Z][A-Za-z]*:.*$/, "", v)
		out = out head hide(v); s = substr(rest, length(v) + 1); low = tolower(s)
	}
	return out s
}
# The same with the value in front of its name
function value_first(s,   out, low, re, n, v) {
	out = ""; low = tolower(s)
	re = "value[\\\\]*\"[:=][ \t]*[\\\\]*\"[^\"\\\\]+[\\\\]*\"[ \t]*,[ \t]*[\\\\]*\"name[\\\\]*\"[:=][ \t]*[\\\\]*\"[a-z0-9_.-]*(pass|token|secret|key|cred|pw|auth)"
	while (match(low, re)) {
		out = out substr(s, 1, RSTART - 1); s = substr(s, RSTART); match(s, /^[^:=]*[:=][ \t]*[\\]*"/)
		out = out substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1); match(s, /^[^"\\]+/); v = substr(s, 1, RLENGTH)
		out = out (harmless(v) ? v : hide(v)); s = substr(s, length(v) + 1); low = tolower(s)
	}
	return out s
}
# Free text: everything stays but what looks like a secret. Escapes and colours may stand in the middle of one: a line in which only
# the text without them shows one is given without them.
function text(s,   n, i, w) {
	if ((index(s, "\\") && s ~ /\\(u00|x1[bB]|033|e\[)/) || (index(s, "&") && s ~ /&(amp|quot|lt|gt|#3[49]|#61);/) || index(s, "#033") || index(s, ESC)) {
		if (!index(s, "\\n")) return plain_text(readable(s))
		n = split(s, w, /\\n/); s = readable(w[1])
		for (i = 2; i <= n; i++) s = s "\\n" readable(w[i])
	}
	if (index(s, "\\n") && s ~ /[A-Za-z]["'\\]*[ \t]*[:=][^:]*\\n/) s = next_lines(s)
	return plain_text(s)
}
function readable(s,   b, r) {
	b = unescaped(s)
	if (b == s) return s
	probing = 1; r = plain_text(b)
	if (r == b) { probing = 0; return s }
	# what is seen as it stands goes first: a quote that is none before may end a value too early
	s = plain_text(s); probing = 0
	return unescaped(s)
}
# the same over line ends that are escaped
function next_lines(s,   n, i, w, v, out) {
	n = split(s, w, /\\n/); out = ""; pendingname = pendingkey = 0
	for (i = 1; i <= n; i++) { v = awaited_value(w[i]); out = out (i > 1 ? "\\n" : "") (v == "" ? w[i] : v) }
	pendingname = pendingkey = 0
	return out
}
# What a line holds for the name or the key on the line before, hidden; nothing where it holds nothing of that. With what a log puts in front.
function awaited_value(s,   m, v, q) {
	if ((pendingname && s ~ /value/) || pendingkey) {
		match(s, /^([0-9TZ:.+-]+ std(out|err) [FP] |[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]+ [^ ]+ [^ ]+: )?[ \t]*/); m = RLENGTH; v = substr(s, m + 1)
		if (pendingname && match(v, /^(- +)?["\\]*value["\\]*[ \t]*[:=][ \t]*/)) { m += RLENGTH; pendingname = 0; v = substr(s, m + 1); return substr(s, 1, m) quoted(v) }
		# deeper than the key: one line, or a block of them
		if (pendingkey && v != "" && m > keyindent && (pendingkey == 2 || v !~ /^(- |["'\\]*[A-Za-z0-9_.\057-]+["'\\]*[ \t]*:([ \t]|$))/)) {
			if (pendingkey == 1 || ++keyblock > 200) pendingkey = 0
			return substr(s, 1, m) (harmless(v) ? v : quoted(v))
		}
		pendingname = pendingkey = 0
	}
	# what few lines have goes first: this is asked of each
	if (s ~ /[:|>+\t\r -]$/ && s ~ /:[ \t]*([|>][+-]?[0-9]?)?[ \t\r]*$/ && tolower(s) ~ /^([0-9tz:.+-]+ std(out|err) [fp] |[a-z][a-z][a-z] [ 0-9][0-9] [0-9:]+ [^ ]+ [^ ]+: )?[ \t-]*["'\\]*[a-z0-9_.-]*(password|passwd|passphrase|secret|token|(api|private|access|secret)[_-]?key)["'\\]*[ \t]*:[ \t]*([|>][+-]?[0-9]?)?[ \t\r]*$/) {
		pendingkey = s ~ /[|>][+-]?[0-9]?[ \t\r]*$/ ? 2 : 1; keyblock = 0
		match(s, /^([0-9TZ:.+-]+ std(out|err) [FP] |[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]+ [^ ]+ [^ ]+: )?[ \t]*/); keyindent = RLENGTH
	}
	pendingname = (index(s, "ame") || index(s, "AME")) && s ~ /[Nn][Aa][Mm][Ee]["\\]*[ \t]*[:=]/ && (tolower(s) ~ /^([0-9tz:.+-]+ std(out|err) [fp] |[a-z][a-z][a-z] [ 0-9][0-9] [0-9:]+ [^ ]+ [^ ]+: )?[ \t-]*["\\]*name["\\]*[ \t]*[:=][ \t]*["\\]*[a-z0-9_.-]*(pass|token|secret|key|cred|pw|auth)[a-z0-9_.-]*["\\]*,?[ \t\r]*$/)
	return ""
}
# hides a value, not the quotes around it, nor the comma behind
function quoted(v,   a, b) {
	a = match(v, /^[\\]*["']/) ? RLENGTH : 0
	b = match(v, /[\\]*["']?,?[ \t\r]*$/) && RSTART > a ? RLENGTH : 0
	return substr(v, 1, a) hide(substr(v, a + 1, length(v) - a - b)) substr(v, length(v) - b + 1)
}
function unescaped(s) {
	gsub(/\\+u0026/, "\\&", s); gsub(/\\+u003[cC]/, "<", s); gsub(/\\+u003[eE]/, ">", s); gsub(/\\+u003[dD]|&#61;/, "=", s); gsub(/\\+u003[aA]/, ":", s); gsub(/&amp;/, "\\&", s)
	# a quote of the other kind: this one ends no string
	gsub(/\\+u002[27]|&quot;|&#3[49];/, "'", s); gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s)
	gsub(COLOUR, "", s)
	return s
}
function plain_text(s) {
	# what follows an escape begins a word: \002 stands there meanwhile
	if (index(s, "\\")) gsub(/\\[nrt]/, "&\002", s)
	s = shapes(s)
	if (length(s) >= 40) s = opaques(s)
	if (index(s, "\002")) gsub(/\002/, "", s)
	return s
}
function shapes(s,   low, n, t) {
	# keys of Ceph
	if (index(s, "AQ") && index(s, "==")) s = ceph(s)
	low = tolower(s)
	# Most lines of a log hold nothing of all that is looked for below, and go no further. Whoever adds a shape adds here what no line with
	# it can be without.
	if (low !~ /(pass|pw[^a-ce-z]|psk|secret|token|key|cred|auth|bearer|basic |cookie|callback|identified|communit|com2sec|createuser|curl |7za? |rar |rabbitmqctl|user(pwd|name)?=|-u|login|join |pin[0-9]?[]\\"' ]*[:=]|(mac|[gc]cm|cbc|ctr|ecb)[(]|signature=|kubeconfig-|hooks?(b2)?\\*\/|gocspx-|webhook[.]office|pagerduty| -[ktc] |echo |jdbc:|user(add|mod) |ipmitool|mongo|mariadb|mysql|redis|registry|ldap|smbclient|:[^ ]*@|e(yj|ya|yb|yl|wo|w0|wk)[a-z0-9_-]+[.]|zx(lk|lb|lc|lm|dv|dw|dr)|ls0t|--?p(in|at)[^a-z]|envvar[{]|[$](1|2[abxy]?|5|6|7|y|gy|apr1)[$]|k10[0-9a-f]|bot[0-9]+:|[?&](sig|code|x-amz)|(proctitle|cmd)=[0-9a-f]|[{]s?sha|pbkdf2|[$]argon2|netroot=iscsi|(cmd|command|args|argv|entrypoint)[\\"']*[:=][ \\"']*\[|alias +set|host +add|unseal|scram-sha| a0=|a[0-9]+="?-|a[0-9]+=[0-9a-f][0-9a-f][0-9a-f]|negotiate|ntlm|dapi|shp(at|ss)_|rubygems_|nrak-|dt0c01|k8s-aws|ltai|akid|pat-|sharedaccess|gfzc3dvcm|hc3n3b3jk|yxnzd29yz|eftu1dpuk|bu1nxt1je|qvntv09sr|[.][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9]|:[0-9]+\/[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]|akia|asia|aiza|ya29|gh[pousr]_|github_pat_|gl(pat|rt|dt|ptt|soat|cbt|agent|ft|imt)-|xox|xapp-|dckr_|lin_|[^a-z0-9][sr]k[_-]|^[sr]k[_-]|whsec_|do[por]_v1|glsa_|hv[sbr][.]|sg[.]|atatt3|pypi-|hooks[.]slack|discord|npm_|hf_)/) return s
	if (s ~ /PRIVATE KEY( BLOCK)?-----/ || low ~ /ls0t/) s = pem_inline(s)
	if (low ~ /eyj[a-z0-9_-]+[.][a-z0-9_-]*[.][a-z0-9_-]+[.]/) s = cut_jwe(s)
	if (has_jwt(s)) s = cut_jwt(s)
	if (low ~ /zx(lk|lb|lc|lm|dv|dw|dr)/) s = base64_jwt(s)
	if (index(s, "@")) { if (s ~ /:\\*\//) s = userinfo(s); if (s ~ /:[^ \t"'<>@:\/,;()]+@/) s = userpass(s) }
	s = spoken(s, low)
	if (low ~ /(name|key)[\\"]*[:=].*value/) s = env_pairs(s)
	if (low ~ /value[\\"]*[:=].*name[\\"]*[:=]/) s = value_first(s)
	if (secret_key(low)) {
		s = secret_pairs(s)
		if (low ~ /pass(word|wd|phrase)[ \t]|(passw|passphrase|pwd|set_?(token|secret|api_?key|credential))[a-z0-9_]*[(]/) s = told(s)
		if (index(s, "AUTH") && (low ~ /redis|valkey|keydb/ || s ~ /AUTH (PLAIN|LOGIN)/)) s = auth_command(s)
		if (low ~ /%3[ad]/) s = behind(s, SECRETKEY "[a-z0-9_.-]*(%(25)*2[27])?%(25)*3[ad](%(25)*2[27])?", "^([^& \t\"'%,;)}\\\\]|%2[013-57-9a-fA-F]|%[013-9a-fA-F][0-9a-fA-F])+")
	}
	if (low ~ /gfzc3dvcm|hc3n3b3jk|yxnzd29yz|eftu1dpuk|bu1nxt1je|qvntv09sr/) s = base64_password(s)
	if (low ~ /(bearer|basic|negotiate|ntlm) /) s = schemes(s)
	if (low ~ /[a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][.][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9]/) s = bootstrap(s)
	if (low ~ /(akia|asia|aiza|ya29|gh[pousr]_|github_pat_|gl(pat|rt|dt|ptt|soat|cbt|agent|ft|imt)-|xox|xapp-|dckr_|lin_|(^|[^a-z0-9])[sr]k[_-]|whsec_|do[por]_v1|glsa_|tskey-|hv[sbr][.]|sg[.]|age-secret-key|atatt3|pypi-|hooks[.](slack|zapier)|discord|[.]office[.]com|pagerduty|gocspx-|npm_|hf_|shp(at|ss)_|rubygems_|nrak-|dt0c01|dapi|k8s-aws-v1|ltai|akid|pat-)/) s = prefixed(s)
	if (low ~ /k10[0-9a-f]/) s = replace_all(s, "K10[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][^ \t\"']*", 3, "token")
	# microk8s join HOST:PORT/TOKEN/HASH
	if (low ~ /join +[^ ]+:[0-9]+\//) { match(s, /oin +[^ ]+:[0-9]+\/[^ \t"']+/); t = substr(s, RSTART, RLENGTH); n = index(t, "/")
		s = substr(s, 1, RSTART - 1) substr(t, 1, n) hide(substr(t, n + 1), "token") substr(s, RSTART + RLENGTH) }
	return s
}
function ceph(s,   out, b) {
	out = ""
	while (match(s, "AQ[A-Za-z0-9+/]+==")) {
		b = RSTART > 1 ? substr(s, RSTART - 1, 1) : " "
		out = out substr(s, 1, RSTART - 1) (RLENGTH == 40 && b !~ "[A-Za-z0-9+/]" ? hide(substr(s, RSTART, RLENGTH)) : substr(s, RSTART, RLENGTH))
		s = substr(s, RSTART + RLENGTH)
	}
	return out s
}
function schemes(s,   out, tok, n) {
	out = ""
	while (match(s, "([Bb]earer|[Bb]asic|BEARER|BASIC|[Nn]egotiate|NTLM) +[A-Za-z0-9._~+/=-]+")) {
		tok = substr(s, RSTART, RLENGTH); out = out substr(s, 1, RSTART - 1); s = substr(s, RSTART + RLENGTH)
		n = match(tok, / +/) + RLENGTH - 1
		if (length(tok) - n < (tok ~ /^[Nn]/ ? 20 : 8) || substr(tok, n + 1) ~ /^[a-z]+[.,]?$/ || stripped_jwt(substr(tok, n + 1))) out = out tok
		else out = out substr(tok, 1, n) hide(substr(tok, n + 1))
	}
	return out s
}
# Private keys inside one line: as PEM with \n escapes, or as base64 of PEM
function pem_inline(s,   out, a, rest, n, w) {
	out = ""
	while (match(s, /-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/)) {
		out = out substr(s, 1, RSTART - 1); rest = substr(s, RSTART)
		if (match(rest, /-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/)) { out = out hide(substr(rest, 1, RSTART + RLENGTH - 1), "private-key"); s = substr(rest, RSTART + RLENGTH) }
		# how many words a log puts in front of each line
		else { keywords = split(out, w, " "); out = out hide(rest, "private-key"); s = ""; inkey = 1; keylines = 0; keywide = 64 }
	}
	s = out s; out = ""
	# a string: between the brackets of a literal, busybox takes the backslash before a slash for one of the characters
	while (match(s, "LS0t[A-Za-z0-9+/=]+")) {
		a = substr(s, RSTART, RLENGTH); out = out substr(s, 1, RSTART - 1); s = substr(s, RSTART + RLENGTH)
		out = out (public_pem(a) ? a : hide(a, "private-key"))
	}
	return out s
}
# A line of a key's body: the same prefix as before, and one word of base64. The last one may be short; a plain word is none.
function key_line(s,   n, w, v) {
	n = split(s, w, " ")
	if (n == 0 || n == keywords) return 1
	if (s ~ /(Proc-Type|DEK-Info|Version|Comment|Hash|Charset): /) return 1
	v = w[n]; sub(/^["'|]+/, "", v); sub(/(\\[nr]|["',;|\r])+$/, "", v)
	if (n != 1 && n != keywords + 1) return 0
	if (v !~ /^=?[A-Za-z0-9+\/]+=*$/ || (keywide < 30 && length(v) > 4) || (length(v) < 30 && v ~ /^[A-Za-z]?[a-z]+$/ && length(v) > 3)) return 0
	keywide = length(v)
	return 1
}
# A line of free text; remembers PEM blocks and "name:"/"value:" pairs over line ends
function text_line(s,   v, n, w, was) {
	if (inkey) {
		if (s ~ /-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/) { inkey = 0; sub(/^.*-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/, "", s); return s == "" ? "\001" : text(s) }
		# a block without end must not swallow the rest of a log
		if (++keylines < 400 && key_line(s)) return "\001"
		inkey = 0
	}
	if (s ~ /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/) incert = 200
	if (incert) {
		if (s ~ /-----END / || --incert == 0) incert = 0
		else if (s ~ /[A-Za-z0-9+\/]=*[ \t\r]*$/ && s !~ /[A-Za-z0-9+\/=][^A-Za-z0-9+\/= \t\r][A-Za-z0-9+\/=]+[ \t\r]*$/) return text_rest(s)
	}
	if (awaited) {
		awaited--
		n = split(s, w, " "); v = w[n]; sub(/\r$/, "", v)
		if (length(v) >= 32 && v ~ /^[0-9a-f]+$/) { awaited = 0; return text(substr(s, 1, length(s) - length(w[n]))) hide(v) }
	}
	# base64 over several lines, whatever it is: its last line may be short
	was = block; block = 0
	if (length(s) >= 60 || was) {
		n = split(s, w, " "); v = w[n]; sub(/\r$/, "", v)
		if (v ~ /^[A-Za-z0-9+\/_.-]+=*$/ && !index(v, "..")) {
			if (length(v) >= 60 && !has_jwt(v) && !public_pem(v) && opaque(v)) { block = n; return text(substr(s, 1, length(s) - length(w[n]))) hide(v, "opaque") }
			if (length(v) >= 60 && n == 1 && has_jwt(v)) block = n
			if (was == n && v !~ /^[A-Za-z]?[a-z]*$/ && (n == 1 || length(v) > 8) && v !~ /^[0-9.]+$/) return text(substr(s, 1, length(s) - length(w[n]))) hide(v, "opaque")
		}
	}
	if (pendingname || pendingkey || s ~ /[:|>+\t\r -]$/ || index(s, "ame") || index(s, "AME")) { v = awaited_value(s); if (v != "") return v }
	return text(s)
}
# a line of a certificate, with what a log puts in front of it
function text_rest(s,   n, w) {
	n = split(s, w, " ")
	return n < 2 ? s : text(substr(s, 1, length(s) - length(w[n]))) w[n]
}

# ---- JSON: a tokenizer that needs no valid document. Punctuation and keys stay, so that what was broken stays broken.
function setup_json() {
	words("apiVersion kind name namespace uid generateName resourceVersion generation creationTimestamp deletionTimestamp selfLink controller-revision-hash", OK)
	words("phase qosClass reason message note type status action count series state lastObservedTime eventTime firstTimestamp lastTimestamp lastTransitionTime lastHeartbeatTime lastProbeTime lastUpdateTime startTime completionTime startedAt finishedAt renewTime acquireTime time manager operation fieldsType subresource", OK)
	words("deprecatedFirstTimestamp deprecatedLastTimestamp $patch component host reportingComponent reportingController reportingInstance fieldPath nodeName hostname hostIP podIP ip address addressType addresses podCIDR podCIDRs podIPs hostIPs providerID protocol scheme", OK)
	words("image imageID images names containerID imagePullPolicy terminationMessagePath terminationMessagePolicy restartPolicy dnsPolicy schedulerName serviceAccount serviceAccountName automountServiceAccountToken priorityClassName preemptionPolicy runtimeClassName", OK)
	words("path mountPath subPath subPathExpr mountPropagation medium devicePath volumeDevices volumeMode volumeName claimName secretName server share fsType pdName accessModes storageClassName persistentVolumeReclaimPolicy volumeHandle driver iqn targetPortal persistentVolumeName provisioner attacher reclaimPolicy volumeBindingMode", OK)
	words("key operator value_unused values effect topologyKey namespaces whenUnsatisfiable nominatedNodeName expression sizeLimit divisor resource containerName audience", OK)
	words("updateStrategy strategy maxUnavailable maxSurge minAvailable partition podManagementPolicy policy serviceName currentRevision updateRevision finalizers holderIdentity", OK)
	words("architecture bootID containerRuntimeVersion kernelVersion kubeProxyVersion kubeletVersion operatingSystem osImage cpu memory storage pods ephemeral-storage", OK)
	words("clusterGUID clusterType calicoVersion cidr ipipMode vxlanMode blockSize natOutgoing nodeSelector allowedUses assignmentMode", OK)
	words("signal exitCode port targetPort appProtocol zone forZones unhealthyPodEvictionPolicy resizePolicy allocatedResources", OK)
	# raw answers of the API server; all of these are public
	words("major minor gitVersion gitCommit gitTreeState buildDate goVersion compiler platform emulationMajor emulationMinor minCompatibilityMajor minCompatibilityMinor kty kid alg use n e crv x y x5t issuer jwks_uri response_types_supported subject_types_supported id_token_signing_alg_values_supported", OK)
	# objects of CNI plugins, storage, admission and access: names, numbers, verbs
	words("affinity handle_id node pod timestamp deleted strategy encapsulation variant kubernetesProvider linuxDataplane bgp ipv4 ipv6 clusterIP clusterIPs externalTrafficPolicy internalTrafficPolicy sessionAffinity ipFamilies ipFamilyPolicy", OK)
	words("nodeID topologyKeys fsGroupPolicy volumeLifecycleModes policyTypes except group signerName failurePolicy matchPolicy sideEffects reinvocationPolicy scope operations verbs apiGroups resources resourceNames nonResourceURLs leakGracePeriod hostEndpoints", OK)
	words("selector", MAPS)
	# CNI configuration
	words("cniVersion cniVersions log_level log_file_path log_file_max_size log_file_max_age log_file_max_count datastore_type nodename nodename_file kubeconfig k8s_api_root subnet rangeStart rangeEnd gateway dst gw dataDir resolvConf bridge master mode ipam_type assign_ipv4 assign_ipv6 ipv4_pools ipv6_pools etcd_endpoints etcd_key_file etcd_cert_file etcd_ca_cert_file subnetFile stateFile confDir binDir clusterNetwork readinessindicatorfile logFile logLevel conditionsV4 conditionsV6 backend", OK)
	# crictl info
	words("Name Type CNIVersion PluginDirs PluginConfDir PluginMaxConfNum IFName Prefix confTemplate lastCNILoadStatus sandboxImage snapshotter defaultRuntimeName runtimeType golang rootDir stateDir containerdRootDir containerdEndpoint", OK)
	words("labels matchLabels nodeSelector capacity allocatable requests limits hard used topology deprecatedTopology overhead allocated capabilities_unused", MAPS)
	words("tolerations taints", VALUES)
	words("CLUSTER_TYPE DATASTORE_TYPE NODENAME NODE_NAME HOSTNAME POD_NAME POD_NAMESPACE WAIT_FOR_DATASTORE SLEEP CNI_CONF_NAME CNI_NET_DIR CNI_BIN_DIR CNI_MTU KUBECONFIG KUBERNETES_NODE_NAME KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT IP IP6 IP_AUTODETECTION_METHOD IP6_AUTODETECTION_METHOD USE_POD_CIDR UPDATE_CNI_BINARIES", ENV)
}
function env_ok(n) {
	if (n ~ /(PASS|PW|PSK|KEY|TOKEN|SECRET|CRED|AUTH|CERT|NETWORK_CONFIG)/) return 0
	return (n in ENV) || n ~ /^(CNI_|CALICO_|FELIX_|IP_|IP6_|FLANNELD_|CILIUM_)[A-Z0-9_]*$/
}
function annotation_ok(n) {
	return n ~ /^(deployment[.]kubernetes[.]io\/|deprecated[.]daemonset[.]template[.]generation$|kubernetes[.]io\/config[.](seen|source|hash|mirror)$|cni[.]projectcalico[.]org\/(containerID|podIP|podIPs)$|projectcalico[.]org\/(IPv|kube)|volume[.](beta[.])?kubernetes[.]io\/|volumes[.]kubernetes|pv[.]kubernetes|node[.]alpha|kubectl[.]kubernetes[.]io\/restartedAt$|control-plane[.]alpha[.]kubernetes[.]io\/leader$|storageclass[.](beta[.])?kubernetes[.]io\/|flannel[.]alpha[.]coreos[.]com\/(backend-type|kube-subnet-manager|public-ip)$|autoscaling[.]alpha[.]kubernetes[.]io\/conditions$|pod-deletion-cost)/
}
function json_value(v,   key, box) {
	box = NAME[depth]
	key = KIND[depth] == "{" ? KEY[depth] : box
	if (depth == 0) key = topkey
	if (v == "") return v
	if (mode == "api") note_agent(key, box, v)
	if ((key == "token" || key == "k8s_auth_token" || key == "id-token") && bare_jwt(v)) return cut_jwt(v)
	if (KUBE) return kube_value(key, v)
	if (mode == "json" && box == "keys" && key ~ /^(n|x|y|kid|x5t)$/ && v ~ /^[A-Za-z0-9_=-]+$/) return v
	if (KIND[depth] == "{") {
		if (box == "annotations") return annotation_ok(key) && (key !~ /(hash|mirror|containerID)$/ || v ~ /^[0-9a-f-]*$/) ? text(shorten(v)) : hide(v)
		if ((box in MAPS) && length(v) < 256) return tolower(key) ~ /(password|passwd|passphrase|passcode|pass|pw|pwd|psk|pin|token|secret|(api|access|private|license|master|user|admin)[_-]?key)$/ && !harmless(v) ? hide(v) : text(v)
		if (box == "env" && key == "name") { ENVNAME[depth] = v; return text(v) }
		if (box == "env" && key == "value") return env_ok(ENVNAME[depth]) ? text(v) : hide(v)
		if (key == "value") return (box in VALUES) ? text(v) : hide(v)
		if (box == "data" || box == "stringData" || box == "binaryData") return hide(v)
		if (key == "Source") return json_source(v)
	} else if (box == "command" || box == "args") return argument(v)
	# of the options of a mount only what says how, never who with what
	if (box == "mountOptions" && v ~ /^((nfs)?vers|minorversion|proto|sec|timeo|retrans|[rw]size|port|actimeo|nconnect|file_mode|dir_mode|uid|gid|cache|hard|soft|intr|ro|rw|nolock|noatime|nodiratime|discard|mfsymlinks|nobrl|noresvport)(=[a-z0-9.]+)?$/) return text(v)
	if (key in OK) return text(shorten(v))
	return hide(v)
}
# crictl quotes the CNI configuration that the runtime loaded as one string: what it names matters, the rest does not
function json_source(v,   out, k, n) {
	out = ""
	while (match(v, /\\"(kubeconfig|type|name|cniVersion|log_file_path)\\":[ ]*\\"[A-Za-z0-9_.\/-]*\\"/)) { out = out (out == "" ? "" : ",") substr(v, RSTART, RLENGTH); v = substr(v, RSTART + RLENGTH) }
	return "{" out "}"
}
# a very long message is cut, never inside of an escape
function shorten(v) {
	if (length(v) <= 12288) return v
	long++
	v = substr(v, 1, 12288); sub(/\\+u?[0-9a-fA-F]*$/, "", v)
	# nor inside of a word: half a secret is not recognised
	sub(/[^] \t,;"'\\]*$/, "", v); sub(/\\+$/, "", v)
	return v " [CUT]"
}
function json_key(k) {
	if (k !~ /^[A-Za-z0-9_.\/:@ $*-]*$/ || length(k) > 320) return hide(k)
	# a value in the place of a key
	if (length(k) >= 20 && k ~ /^[A-Za-z0-9]+$/ && k ~ /[0-9]/ && k ~ /[A-Z]/ && k ~ /[a-z]/) return hide(k)
	return text(k)
}
function json_open(c,   name) {
	name = KIND[depth] == "{" ? KEY[depth] : NAME[depth]
	header = 0; if (c == "{") { tool = prior = ""; mcleft = 0 }
	depth++; KIND[depth] = c; NAME[depth] = name; KEY[depth] = ""; ENVNAME[depth] = ""
	if (depth > 400) depth = 400
	# who set which field is long and says little; who changed the object when stays
	if (name == "fieldsV1" && !skipping) { skipping = depth; return c }
	return skipping ? "" : c
}
function json_close(c,   r) {
	r = skipping && depth != skipping ? "" : c
	if (skipping && depth <= skipping) { skipping = 0; r = c; tight = 1 }
	if (mode == "api" && depth == 3 && agents != "") flush_agent()
	if (depth > 0) { depth-- }
	return r
}
function punct(s,   out, c, w) {
	out = ""
	# almost every piece between two strings is one of these
	if (s == ": " || s == "," || s == ":") return skipping ? "" : s
	while (s != "") {
		if (match(s, /^[ \t\r,:]+/)) { if (!skipping) out = out substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1); continue }
		c = substr(s, 1, 1)
		if (c == "{" || c == "[") { out = out json_open(c); s = substr(s, 2); continue }
		if (c == "}" || c == "]") {
			if (skipping) sub(/[ \t]+$/, "", out)
			out = out json_close(c); s = substr(s, 2); continue
		}
		match(s, /^[^][ \t\r,:{}]+/)
		if (RLENGTH < 1) RLENGTH = 1
		w = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
		if (agents != "") note_status(w)
		if (skipping) continue
		if (w !~ /^(true|false|null|-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?)$/) out = out hide(w)
		# in quotes, or it would be JSON no more
		else out = out (secret_number(w) ? "\"" hide(w) "\"" : w)
	}
	return out
}
function secret_number(w) { return w ~ /^-?[0-9]/ && tolower(KIND[depth] == "{" ? KEY[depth] : NAME[depth]) ~ /(passw|passphrase$|passcode$|pass$|pw$|pwd$|psk$|pin$|secret$|token$|(api|access|account|private|shared|encryption|master|license|user|admin)[_-]?key$)/ }
function json_line(line,   q, n, i, s, out, closed, wasskip) {
	wasskip = skipping
	n = split(line, q, "\"")
	out = punct(q[1])
	for (i = 2; i <= n; i++) {
		s = q[i]
		while (i < n && substr(s, length(s)) == "\\" && match(s, /\\+$/) && RLENGTH % 2 == 1) { i++; s = s "\"" q[i] }
		open = !(closed = i < n)
		i++
		if (closed && q[i] ~ /^[ \t\r]*:/) {
			KEY[depth] = s; if (depth == 0) topkey = s
			if (!skipping) out = out "\"" json_key(s) "\""
		} else if (!skipping) out = out "\"" json_value(s) (closed ? "\"" : "")
		if (closed) out = out punct(q[i])
	}
	if (wasskip && out ~ /^[ \t\r]*$/) return "\001"
	return out
}
# ---- containers of the system, for their logs
function note_agent(key, box, v) {
	if (agents == "") return
	if (depth == 4 && box == "metadata" && key == "name") podname = v
	if (depth == 4 && box == "metadata" && key == "namespace") podns = v
	if (depth == 4 && box == "spec" && key == "nodeName") podnode = v
	if (depth == 6 && key == "name" && (NAME[5] == "containers" || NAME[5] == "initContainers")) podcs = podcs " " v
	if (depth == 6 && key == "name" && NAME[5] ~ /ontainerStatuses$/) { podstatus = v; READY[v] = "true"; RESTARTS[v] = 0 }
}
# numbers and booleans of the status, which follow its name
function note_status(w) {
	if (depth != 6 || NAME[5] !~ /ontainerStatuses$/) return
	if (KEY[6] == "ready") READY[podstatus] = w
	if (KEY[6] == "restartCount" && w ~ /^[0-9]+$/) RESTARTS[podstatus] = w
}
# "namespace pod container node agent trouble restarts"; restarts is - where the status does not say
function flush_agent(   n, c, i, agent, trouble, r) {
	agent = (podname " " podcs) ~ /(calico|canal|flannel|cilium|kube-router|antrea-agent|weave-net|kindnet|aws-node|install-cni|ovnkube-node|kube-ovn-cni|multus)/
	if (podname ~ /^[a-z0-9.-]+$/ && podns ~ /^[a-z0-9-]+$/) {
		n = split(podcs, c, " ")
		for (i = 1; i <= n; i++) {
			r = (c[i] in RESTARTS) ? RESTARTS[c[i]] : "-"
			trouble = ((c[i] in READY) && READY[c[i]] != "true") || r + 0 > 0
			if (c[i] ~ /^[a-z0-9-]+$/) print podns, podname, c[i], (podnode == "" ? "-" : podnode), agent, trouble, r >agents
		}
	}
	podname = podns = podcs = podnode = podstatus = ""
	split("", READY); split("", RESTARTS)
}

# ---- kubeconfig: block YAML by an allow-list of keys, or JSON
function setup_kubeconfig() {
	# a kubelet's configuration, and the members of dqlite
	words("address enabled cacheTTL mode cgroupDriver cgroupRoot cgroupsPerQOS clientCAFile clusterDNS clusterDomain containerRuntimeEndpoint imageServiceEndpoint containerLogMaxSize containerLogMaxFiles cpuManagerPolicy eventRecordQPS evictionHard evictionSoft evictionPressureTransitionPeriod failSwapOn fileCheckFrequency hairpinMode healthzBindAddress healthzPort httpCheckFrequency imageGCHighThresholdPercent imageGCLowThresholdPercent imageMinimumGCAge imageMaximumGCAge kubeAPIQPS kubeAPIBurst kubeReserved systemReserved maxPods podPidsLimit podCIDR nodeStatusReportFrequency nodeStatusUpdateFrequency nodeLeaseDurationSeconds port readOnlyPort protectKernelDefaults providerID registerNode resolvConf rotateCertificates runtimeRequestTimeout serializeImagePulls maxParallelImagePulls serverTLSBootstrap shutdownGracePeriod shutdownGracePeriodCriticalPods staticPodPath streamingConnectionIdleTimeout syncFrequency tlsCertFile tlsPrivateKeyFile topologyManagerPolicy volumePluginDir volumeStatsAggPeriod memory.available nodefs.available nodefs.inodesFree imagefs.available imagefs.inodesFree pid.available cpu memory ephemeral-storage pid Address ID Role", KC)
	words("apiVersion kind current-context name namespace cluster user server certificate-authority client-certificate client-key tokenFile insecure-skip-tls-verify tls-server-name proxy-url command interactiveMode provideClusterInfo disable-compression colors", KC)
}
function kube_value(key, v) {
	if (key == "token" && bare_jwt(v)) return cut_jwt(v)
	if (key == "certificate-authority-data" || key == "client-certificate-data") return public_pem(v) ? v : hide(v, has_private(v) ? "private-key" : "value")
	if (key == "client-key-data") return hide(v, "private-key")
	if (key in KC) return v ~ /^[A-Za-z0-9_.:\/@ +-]*$/ ? text(v) : hide(v)
	return hide(v)
}
function kube_line(s,   lead, key, v, q, tail) {
	if (s ~ /^[ \t\r]*$/ || s ~ /^(---|[.][.][.])[ \t\r]*$/) return s
	match(s, /^[ \t]*/); lead = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
	if (substr(s, 1, 1) == "#") return lead "#"
	while (match(s, /^-[ \t]+/)) { lead = lead substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1) }
	if (match(s, /^[A-Za-z][A-Za-z0-9._-]*:([ \t]+|\r?$)/)) {
		tail = substr(s, 1, RLENGTH); key = tail; sub(/:.*/, "", key); v = substr(s, RLENGTH + 1)
		lead = lead tail; tail = ""
		if (match(v, /[ \t\r]+$/)) { tail = substr(v, RSTART); v = substr(v, 1, RSTART - 1) }
		if (v == "" || v ~ /^[|>][+-]?[0-9]?$/ || v ~ /^(\{\}|\[\]|true|false|null)$/) return lead v tail
		q = substr(v, 1, 1)
		if ((q == "\"" || q == "'") && length(v) > 1 && substr(v, length(v)) == q) return lead q kube_value(key, substr(v, 2, length(v) - 2)) q tail
		return lead kube_value(key, v) tail
	}
	if (s == "-") return lead s
	return lead hide(s)
}

# ---- containerd's TOML, also a template or a broken file
function setup_toml() {
	# CRI-O
	words("network_dir plugin_dirs cni_default_network runroot storage_driver default_runtime pause_image pause_command runtimes allowed_annotations monitor_path monitor_cgroup monitor_exec_cgroup cgroup_manager conmon conmon_cgroup listen stream_port log_dir log_size_max log_level log_filter pids_limit pinns_path namespaces_dir hooks_dir drop_infra_ctr version_file version_file_persist clean_shutdown_file container_exits_dir container_attach_socket_dir internal_wipe internal_repair ctr_stop_timeout default_capabilities seccomp_profile apparmor_profile selinux metrics_port", TOML)
	words("version imports root state temp plugin_dir disabled_plugins required_plugins oom_score conf_dir bin_dir bin_dirs max_conf_num conf_template ip_pref setup_serially use_internal_loopback sandbox_image sandbox pinned_images SystemdCgroup systemd_cgroup snapshotter default_runtime_name runtime_type runtime_path runtime_engine runtime_root base_runtime_spec cni_conf_dir cni_max_conf_num BinaryName ConfigPath Root config_path path address format level stream_server_address stream_server_port stream_idle_timeout endpoint interval platforms default content_sharing_policy sandbox_mode sandboxer privileged_without_host_devices server capabilities shim runtime image_pull_progress_timeout drain_exec_sync_io_timeout deletion_threshold schedule_delay startup_delay root_path", TOML)
}
function toml_line(s,   lead, key, t) {
	if (tomlend != "") {
		t = index(s, tomlend)
		if (!t) return s == "" ? s : hide(s)
		key = hide(substr(s, 1, t - 1)) tomlend; s = substr(s, t + 3); tomlend = ""
		return key toml_value(s)
	}
	match(s, /^[ \t]*/); lead = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
	if (s == "" || s == "\r") return lead s
	if (substr(s, 1, 1) == "#") return lead "#"
	if (tomlarray > 0) return lead toml_value(s)
	if (match(s, /^\[\[?[^=]*\]\]?[ \t\r]*(#.*)?$/)) { sub(/[ \t]*#[^]"']*$/, "", s); return lead text(s) }
	if (match(s, /^("[^"]*"|'[^']*'|[A-Za-z0-9_.\/-])+[ \t]*=[ \t]*/)) {
		t = substr(s, 1, RLENGTH); key = t; sub(/[ \t]*=[ \t]*$/, "", key); sub(/^.*[.]/, "", key); gsub(/["']/, "", key)
		tomlkey = key
		return lead text(t) toml_value(substr(s, length(t) + 1))
	}
	return lead hide(s)
}
function toml_scalar(v) {
	if (v == "") return v
	return (tomlkey in TOML) ? text(v) : hide(v)
}
function toml_value(s,   out, c, n, v, save) {
	out = ""; save = tomlkey
	while (s != "") {
		if (match(s, /^[ \t\r,]+/)) { out = out substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1); continue }
		c = substr(s, 1, 1)
		if (c == "#") return out "#"
		if (c == "[") { tomlarray++; out = out c; s = substr(s, 2); continue }
		if (c == "]") { if (tomlarray > 0) tomlarray--; out = out c; s = substr(s, 2); continue }
		if (c == "{") { tomlarray++; out = out c; s = substr(s, 2); continue }
		if (c == "}") { if (tomlarray > 0) tomlarray--; tomlkey = save; out = out c; s = substr(s, 2); continue }
		if (tomlarray > 0 && match(s, /^("[^"]*"|'[^']*'|[A-Za-z0-9_.-]+)[ \t]*=[ \t]*/)) {
			v = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1); out = out text(v)
			sub(/[ \t]*=[ \t]*$/, "", v); gsub(/["']/, "", v); tomlkey = v; continue
		}
		if (substr(s, 1, 3) == "\"\"\"" || substr(s, 1, 3) == "'''") {
			tomlend = substr(s, 1, 3); out = out tomlend; s = substr(s, 4); n = index(s, tomlend)
			if (!n) return out (s == "" ? "" : hide(s))
			out = out hide(substr(s, 1, n - 1)) tomlend; s = substr(s, n + 3); tomlend = ""; continue
		}
		if (c == "\"" && match(s, /^"([^"\\]|\\.)*"/)) { n = RLENGTH; out = out c toml_scalar(substr(s, 2, n - 2)) c; s = substr(s, n + 1); continue }
		if (c == "'" && match(s, /^'[^']*'/)) { n = RLENGTH; out = out c toml_scalar(substr(s, 2, n - 2)) c; s = substr(s, n + 1); continue }
		if (c == "\"" || c == "'") return out c hide(substr(s, 2))
		match(s, /^[^] \t\r,}#]+/); if (RLENGTH < 1) RLENGTH = 1
		v = substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
		out = out (v ~ /^(true|false|[+-]?[0-9][0-9_]*([.][0-9]+)?|[0-9-]+T[0-9:.Z+-]+)$/ && tolower(tomlkey) !~ /(passw|passphrase$|passcode$|pass$|pw$|pwd$|psk$|secret|token|pin$|(api|access|account|private|shared|encryption|master|license|user|admin)[_-]?key$)/ ? v : hide(v))
	}
	return out
}

# ---- command lines: flags by an allow-list
function setup_args() {
	words("config conf cni-conf-dir cni-bin-dir cni-cache-dir network-plugin container-runtime container-runtime-endpoint image-service-endpoint runtime-request-timeout kubeconfig bootstrap-kubeconfig root-dir cert-dir hostname-override node-ip cluster-dns cluster-domain cgroup-driver eviction-hard feature-gates fail-swap-on pod-infra-container-image root state address log-level data-dir node-name flannel-backend cluster-cidr service-cidr event-ttl v node-labels register-with-taints resolv-conf max-pods serialize-image-pulls authorization-mode namespace id client-ca-file anonymous-auth authentication-token-webhook rotate-certificates service-account-issuer service-account-signing-key-file service-account-key-file tls-cert-file tls-private-key-file read-only-port healthz-port healthz-bind-address port path pid pidfile prefix profile policy print progress streaming-connection-idle-timeout sync-frequency node-status-update-frequency termination-grace-period publish workdir", FLAG)
	words("name node nodes nodename node-name hostname node-external-ip node-taint node-labels advertise-address bind-address bind-port secure-port apiserver-bind-port https-listen-port listen-address listen-client-urls listen-peer-urls advertise-client-urls initial-advertise-peer-urls initial-cluster-state metrics-bind-address metrics-addr health-addr leader-elect leader-elect-resource-name leader-elect-resource-namespace leader-elect-lease-duration namespace container cluster-name cluster-signing-duration controllers service-cluster-ip-range service-node-port-range allocate-node-cidrs node-cidr-mask-size cloud-provider enable-admission-plugins disable-admission-plugins admission-control runtime-config storage-backend etcd-servers etcd-prefix proxy-mode masquerade-all conntrack-max-per-core image-gc-high-threshold image-gc-low-threshold kube-reserved system-reserved enforce-node-allocatable cpu-manager-policy topology-manager-policy cgroup-root cgroups-per-qos kubelet-cgroups runtime-cgroups system-cgroups cgroup-manager storage-driver runtime snapshotter default-runtime exec-opt exec-opts log-driver log-opt containerd-config pod-cidr non-masquerade-cidr network-plugin-mtu hairpin-mode pod-manifest-path volume-plugin-dir container-log-max-size container-log-max-files iface public-ip ip-masq kube-subnet-mgr kubeconfig-mode write-kubeconfig write-kubeconfig-mode disable disable-kube-proxy disable-network-policy egress-selector-mode flannel-iface flannel-conf cluster-init lb-server-port loglevel logging-format logtostderr stderrthreshold vmodule felix bird bird6 confd mtu k8s-kubeconfig-path keep-config debug-level version unit service type", FLAG)
	# values that are no secret behind any flag
	words("true false yes no on off auto none default all debug info warn warning error fatal panic trace json text logfmt plain color systemd cgroupfs overlayfs overlay2 overlay native zfs btrfs containerd docker crio cri-o moby runc crun remote ipvs iptables nftables vxlan geneve host-gw wireguard wireguard-native udp bgp ipip cni kubenet calico cilium flannel canal node controller server agent client worker master control-plane start run daemon serve foreground background rbac webhook alwaysallow strict permissive enforcing baseline tcp tcp4 tcp6 http https ipv4 ipv6 dual kubernetes k8s k8s.io kube-system kube-public default-scheduler amd64 arm64 linux stdout stderr stdin syslog journald get list watch create delete generate update renew status show help version config exec logs describe apply lookup revoke merge rw ro", VALUE)
}
# What is no secret behind a flag that is not known: a number of few digits, an address, a path of words
function plain(v) { return v ~ /^(true|false|[$][{]?[A-Z][A-Z0-9_]*[}]?|[0-9]?[0-9]?[0-9]?[0-9]?[0-9](ms|s|m|h|d|Ki|Mi|Gi|%)?|[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+(:[0-9]+|\/[0-9]+)?|:[0-9]+|[0-9]+[.][0-9]+|(unix|npipe|fd):\/\/[A-Za-z0-9_.\057-]*)$/ || rooted(v) || words_path(v) || (tolower(v) in VALUE) }
# a path of which no part mixes upper case, lower case and digits
function words_path(v,   n, i, p) {
	if (v !~ /^\/[A-Za-z0-9_.\057:@+-]*$/) return 0
	n = split(v, p, "/")
	for (i = 1; i <= n; i++) if (length(p[i]) > 3 && p[i] ~ /[A-Z]/ && p[i] ~ /[a-z]/ && p[i] ~ /[0-9]/) return 0
	return v !~ /^\/[^\/]*[0-9][^\/]*$/
}
# a flag whose value is hidden whatever it looks like: -p 8080 may be a port, -p 123456 a password
function sensitive(f,   l) {
	l = tolower(f)
	return !(f in FLAG) && l ~ /(pass|pw|token|secret|key|cred|auth|user|psk|jwt|cookie|license|bearer|(^|[_-])(pat|pin|sas|otp)$|^(pword|from-literal|hook|webhook|[pPuUawktxW])$)/ && l !~ /(file|dir|path|mode|ttl|timeout|url)s?$/ && f !~ /^authentication-token-webhook/
}
# a word that is a name: no mix of upper case and digits, no long run of letters and digits
function name_word(w) {
	if (w !~ /^[@A-Za-z][A-Za-z0-9_.\/()-]*:?[0-9]*$/ || length(w) > 40) return 0
	if (w ~ /[A-Z]/ && w ~ /[0-9]/ && w !~ /[\/.:]/) return 0
	return !(w ~ /^[A-Za-z0-9]+$/ && length(w) >= 16 && w ~ /[0-9]/)
}
# A word that is a secret's own name, as in: iscsiadm -n node.session.auth.password -v SECRET, aws configure set aws_secret_access_key SECRET
function key_word(w) {
	w = tolower(w); sub(/^["'\\]+/, "", w); sub(/["'\\,]+$/, "", w)
	if (w !~ /^[a-z\057][a-z0-9_.\057-]*$/ || rooted(w)) return 0
	return w ~ /(password|passwd|passphrase|pwd|requirepass|masterauth|rootpw|bindpw|authtoken)(_in)?$/ || w ~ /[._\057-](pass|pw|psk|secret|token|key|credentials?|access_key_id)$/
}
# The name of a header, where the quotes around header and value are lost: what follows belongs to it
function header_name(w,   f) {
	f = tolower(w)
	if (f !~ /^(-[a-z]*h|[a-z0-9_.-]+=)?["'\\]*[a-z][a-z0-9_-]*:[a-z]*$/) return 0
	return lastflag ~ /^([A-Za-z]*H|[a-z-]*header)$/ || w ~ /^-[A-Za-z]*H/ || f ~ /header=/ || f ~ /(^|[^a-z])x-[a-z0-9_-]*:/ || secret_key(f) || f ~ /cookie|key[a-z_-]*:/
}
# Behind the name of a header: a scheme, and all to the next flag or address. Right behind name or scheme even a dash begins the secret.
function header_word(w) {
	if (w ~ /^[a-z]+:\/\// || (header == 3 && w ~ /^-/)) { header = 0; return "" }
	if (header == 1 && tolower(w) ~ /^["'\\]*(bearer|basic|token|digest|negotiate)$/) { header = 2; return w }
	header = header == 1 && w ~ /^[A-Za-z]+$/ ? 2 : 3
	return w ~ /^[^A-Za-z0-9]*$/ ? w : hide(w)
}
# Programs with ways of their own to take a secret: the letters of one dash with the secret behind them, or every word (*)
function set_tool(w) {
	if (w ~ /^([^-].*\/)?ldap[a-z]+ *$/) tool = "w"
	else if (w ~ /^([^-].*\/)?snmp[a-z]+ *$/) tool = "[acx]"
	else if (w ~ /^([^-].*\/)?iscsiadm *$/) tool = "iscsi"
	else if (w ~ /^([^-].*\/|.*[;&|(!`$"'])?mcl?i? *$/) tool = "mc"
	else if (w ~ /^([^-].*\/)?(htpasswd|wpa_passphrase|mkpasswd|expect) *$/) tool = "*"
}
# one element of a command line; the flag before it decides on a value
function argument(w,   f, n, v) {
	f = substr(w, 1, 1)
	if ((f == "'" || f == "\"") && length(w) > 2 && substr(w, length(w)) == f && !index(substr(w, 2, length(w) - 2), f) && w ~ /^.-/) return f argument(substr(w, 2, length(w) - 2)) f
	if (header) { v = header_word(w); if (v != "") return v }
	if (header_name(w)) {
		header = tolower(w) ~ /:[a-z]+$/ ? 2 : 1; n = index(w, ":"); v = substr(w, n + 1); lastflag = command = ""
		return text(substr(w, 1, n)) (v == "" || tolower(v) ~ /^(bearer|basic|token|digest|negotiate)$/ ? v : hide(v))
	}
	# mc alias set NAME URL KEY SECRET, within a script, too, where mc may stand behind a bracket
	if (tool == "**") return w ~ /^(--([a-z][a-z-]*)?|-[A-Za-z])$/ ? text(w) : hide(w)
	if (mcleft > 0 && w !~ /^-/) { if (--mcleft == 0 || w ~ /^["'\\]*https?:\/\//) { tool = "**"; lastflag = command = "" } return text(w) }
	if (tool == "mc" && w ~ /^["'\\]*https?:\/\//) { tool = "**"; lastflag = command = ""; return text(w) }
	if ((prior == "alias" && w ~ (tool == "mc" ? "^(set|s)$" : "^set$")) || (prior == "host" && w ~ (tool == "mc" ? "^(add|a)$" : "^add$"))) { mcleft = 2; lastflag = command = "" }
	if (tool == "mc" && prior == "user" && w ~ /^(add|a)$/) { mcleft = 1; lastflag = command = "" }
	# flags may stand in between, and the end of a line
	if (w !~ /^(-.*|\\)$/) prior = w
	if (tool == "") set_tool(w); else if (tool == "*" && w !~ /^-/) return plain(w) ? text(w) : hide(w)
	if (w ~ /^-+$/) { lastflag = ""; return w }
	if (match(w, /^--?[A-Za-z0-9_.-]+=/)) {
		n = RLENGTH; f = substr(w, 1, n - 1); sub(/^--?/, "", f); v = substr(w, n + 1); lastflag = ""; command = ""
		if (v == "" || v == "true" || v == "false") return w
		if (bare_jwt(v)) return substr(w, 1, n) cut_jwt(v)
		return substr(w, 1, n) (value_ok(f, v) ? text(v) : hide(v))
	}
	if (w ~ /^--?[A-Za-z][A-Za-z0-9_.-]*$/) {
		f = w; sub(/^--?/, "", f); lastflag = f; command = ""; phrase = 0
		# the value of the key named before: iscsiadm -n KEY -v SECRET
		if (keyed) { if (f ~ /^(v|value)$/) lastflag = "password"; keyed = 0 }
		if (tool != "" && tolower(w) ~ ("^-" tool "..")) { lastflag = ""; return substr(w, 1, 2) hide(substr(w, 3)) }
		# -pSECRET is one word: a single dash with more than a plain word behind it is not shown, unless it is the name of a secret. Where it
		# could be either, neither it nor what follows is.
		if (w ~ /^-[^-]/ && length(w) > 2 && !(f in FLAG) && (w !~ /^-[a-z][a-z-]*$/ || w ~ /^-p/) && !single_dash(f)) {
			lastflag = w ~ /^-[A-Za-z]*H$/ ? "H" : (sensitive(f) ? "password" : ""); return substr(w, 1, 2) hide(substr(w, 3))
		}
		return text(w)
	}
	if (bare_jwt(w)) { lastflag = command = ""; return cut_jwt(w) }
	if (lastflag != "") {
		f = lastflag; lastflag = command = ""; keyed = key_word(w); if (w == "echo" || keyed) command = w; phrase = joined && tolower(f) ~ /phrase$/
		return value_ok(f, w) || (keyed && f == "n") ? text(w) : hide(w)
	}
	# a pass phrase whose quotes are lost
	if (phrase) return hide(w)
	# vault login SECRET; rabbitmqctl add_user NAME SECRET
	if (command != "" && (tolower(w) in VALUE)) return text(w)
	if (command != "" && !rooted(w)) { command = command ~ /^(add|change|set|reset|authenticate)[_-]/ ? "password" : ""; return hide(w) }
	command = w ~ /^(login|unseal|authtoken|add-authtoken|auth|token|password|passwd|chpasswd|secret|passphrase|requirepass|apikey|api-key|((add|change|set|reset|authenticate)[_-](user|password|passwd)))$/ || key_word(w) ? w : ""
	if (plain(w) || name_word(w)) return text(w)
	return w ~ /^[^A-Za-z0-9]*$/ ? w : hide(w)
}
# With one dash: whether the whole word names a secret, and is not -p with the secret
function single_dash(f) {
	return f ~ /^(p(ass|assword|asswd|assphrase|asscode|assin|assout|sk|at|w|wd|word|in|rivate-?key|roxy-(user|pass|password))|[a-oq-z][a-z]*([._-][a-z]+)*[._-](pass|password|passwd|passphrase|pw|pwd|psk|secret|token|key|credentials?))$/
}
# whether the value of a flag is shown
function value_ok(f, v) {
	# the key may stand behind its value
	if (tool == "iscsi" && f ~ /^(v|value)$/) return v ~ /^[0-9]$/
	if (f in FLAG) return 1
	if (v == "true" || v == "false" || rooted(v)) return 1
	if (sensitive(f)) return 0
	# one letter says too little of what is behind it
	if (length(f) == 1) return (tolower(v) in VALUE) || (f ~ /[cdfrCD]/ && words_path(v)) || v ~ /^([0-9]?[0-9]?[0-9]|(unix|fd):\/\/[A-Za-z0-9_.\057-]*)$/
	return plain(v)
}
# the files of microk8s: one flag a line
function args_line(s,   tail, was, n) {
	# comments may stand between the lines of one command
	if (s ~ /^[ \t]*[#;]/) return "#"
	tail = ""; was = continued
	if (match(s, /[ \t]*\\[ \t\r]*$/)) { tail = substr(s, RSTART); s = substr(s, 1, RSTART - 1) }
	continued = tail != ""
	# a flag alone on its line has its value on the next
	if (was && hidden == 2 && s ~ /^[ \t]*--?[A-Za-z]/) hidden = 0
	# a value may begin with a dash, too
	if (was && owed && s ~ /^[ \t]*["']?-[^-]/) hidden = 1
	owed = 0
	if (was && hidden) { hidden = continued; match(s, /^[ \t]*/); return substr(s, 1, RLENGTH) hide(substr(s, RLENGTH + 1)) tail }
	hidden = 0; tail = (was ? words_of(s, 1, lastflag, 1) : assignment(s)) tail
	# and so has one with its sign, and a name; of one that tells nothing the next word is judged by itself
	if (continued && match(s, /[A-Za-z_][A-Za-z0-9_.-]*(\[[0-9]*\])?[+:?]?=["']?$/)) {
		n = substr(s, RSTART); sub(/(\[[0-9]*\])?[+:?]?=["']?$/, "", n)
		if (!(n in FLAG) && (secret_key(tolower(n)) || sensitive(n))) { lastflag = "password"; owed = tail ~ /[^ \t]\\[ \t\r]*$/ }
	}
	return tail
}
# units, and files of variables: what is no flag and no directive of systemd is hidden whole, whatever blanks are in it
function assignment(s,   n, k, v, q) {
	if (s ~ /^\[[A-Za-z]+\][ \t\r]*$/) { lastflag = ""; return s }
	if (match(s, /^Exec[A-Za-z]*[ \t]*=[ \t]*[-@:+!|]*/)) { n = RLENGTH; lastflag = ""; return substr(s, 1, n) words_of(substr(s, n + 1), 1) }
	# what systemd knows, and no other name
	if (s ~ /^(Description|Documentation|After|Before|Wants|WantedBy|Requires|RequiredBy|BindsTo|PartOf|Conflicts|Condition[A-Z][A-Za-z]+|Assert[A-Z][A-Za-z]+|Type|Restart|Restart(Sec|Steps|MaxDelaySec|ForceExitStatus|PreventExitStatus)|Slice|Delegate|Kill(Mode|Signal)|User|Group|SupplementaryGroups|Limit[A-Z]+|Tasks(Max|Accounting)|CPU[A-Z][A-Za-z]+|Memory[A-Z][A-Za-z]+|IO[A-Z][A-Za-z]+|OOM(Policy|ScoreAdjust)|Nice|StartLimit(Burst|Interval|IntervalSec)|Timeout(Sec|StartSec|StopSec)|WatchdogSec|WorkingDirectory|RootDirectory|RuntimeDirectory|StateDirectory|UMask|NotifyAccess|PIDFile|SyslogIdentifier|Standard(Output|Error)|RemainAfterExit|DefaultDependencies|EnvironmentFile|AmbientCapabilities|CapabilityBoundingSet|Protect[A-Z][A-Za-z]+|Private(Tmp|Network|Mounts|Devices)|NoNewPrivileges|Read(Only|Write)Paths|Alias|Also)[ \t]*=/) { lastflag = ""; return text(s) }
	if (match(s, /^[ \t]*((export|readonly|declare|local|set)[ \t]+)?(Environment[ \t]*=[ \t]*)?["']?[A-Za-z_][A-Za-z0-9_.-]*(\[[0-9]*\])?[ \t]*[+:?]?=[ \t]*["']?/)) {
		n = RLENGTH; k = substr(s, 1, n); v = substr(s, n + 1); lastflag = ""
		sub(/^[ \t]*((export|readonly|declare|local|set)[ \t]+)?(Environment[ \t]*=[ \t]*)?["']?/, "", k); sub(/(\[[0-9]*\])?[ \t]*[+:?]?=.*$/, "", k)
		if ((k ~ /^[A-Z][A-Z0-9_]*$/ && !sensitive(k) || tolower(k) ~ /_(args|opts|options|flags)$/) && !secret_key(tolower(k)) && v ~ /^([ \t]*--?[A-Za-z]|[$][{A-Z][^ ]* +-)/) return substr(s, 1, n) words_of(v, 1)
		q = match(v, /["']?[ \t\r]*$/) ? substr(v, RSTART) : ""; v = substr(v, 1, length(v) - length(q))
		if (v == "" && !continued) return substr(s, 1, n) q
		if (v != "" && !secret_key(tolower(k)) && (sensitive(k) ? v ~ /^([Tt]rue|[Ff]alse|yes|no|on|off|none|[01])$/ || rooted(v) || (v ~ /^\/[^\/]+\/[^\/]/ && words_path(v)) : plain(v))) return substr(s, 1, n) v q
		# and what the next line says of it; nothing is judged yet where the value begins there
		hidden = continued ? (v == "" && tolower(k) ~ /(args|opts|options|flags|params|parameters|config|exec|cmd|command)$/ && !secret_key(tolower(k)) && !sensitive(k) ? 2 : 1) : 0
		return substr(s, 1, n) hide(v) q
	}
	return words_of(s, 1, lastflag)
}
function words_of(s, from, flag, goes_on,   n, w, i, out, lead) {
	match(s, /^ */); lead = substr(s, 1, RLENGTH)
	n = split(s, w, " "); out = ""; lastflag = flag; joined = 1
	# the same command as on the line before
	if (!goes_on) { command = tool = prior = ""; header = keyed = phrase = mcleft = 0; set_tool(program) }
	for (i = 1; i <= n; i++) out = out (i > 1 ? " " : "") (i < from ? w[i] : argument(w[i]))
	joined = 0; program = ""
	return lead out
}
# ps: the columns before COMMAND and the program stay, its arguments go through the same filter
function ps_line(s,   head, rest, n) {
	if (!psmark) { psmark = match(s, /(COMMAND|CMD|ARGS)/) ? RSTART : 1; return s }
	# a line that does not begin with a number is the rest of the one before
	if (s !~ /^ *[0-9]+ /) return words_of(s, 1)
	head = substr(s, 1, psmark - 1); rest = substr(s, psmark)
	# a wide column shifts the line: move on to the start of a word
	while (head != "" && substr(head, length(head)) != " " && rest != "") { head = head substr(rest, 1, 1); rest = substr(rest, 2) }
	# a thread of the kernel; a process may call itself so too
	if (rest ~ /^\[[A-Za-z0-9_.\/:+-]*\]$/) return text(s)
	n = index(rest, " ")
	if (!n) return head text(rest)
	program = substr(rest, 1, n)
	return head text(program) words_of(substr(rest, n + 1), 1)
}

# ---- paths.tsv and index.tsv: each field by itself
function table_line(s,   n, f, i, out) {
	if (text(s) == s) return s
	n = split(s, f, "\t"); out = ""
	for (i = 1; i <= n; i++) out = out (i > 1 ? "\t" : "") text(f[i])
	return out
}

# ---- the trace of kubectl: only the time in the answer's Date header, as seconds since 1970
function http_date(s,   f, m, y, d, t, days) {
	sub(/^.*[Dd]ate: */, "", s); split(s, f, " "); split(f[5], t, ":")
	d = f[2] + 0; m = (index("JanFebMarAprMayJunJulAugSepOctNovDec", f[3]) + 2) / 3; y = f[4] + 0
	if (m != int(m) || m < 1 || y < 2000) return
	if (m <= 2) { y--; m += 12 }
	days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
	printf "%d\n", days * 86400 + t[1] * 3600 + t[2] * 60 + t[3]
}

NR == 1 { salt = $0; hashfile = ENVIRON["INQUEST_HASH"]; next }
KUBE && !started && $0 !~ /^[ \t\r]*$/ { started = 1; if ($0 ~ /^[ \t]*[{]/) mode = "json" }
# apidate: only where the answer is an API server's, and not that of something on the way
mode == "apidate" && /"gitVersion"|"kind": *"Status"/ { answered = 1 }
mode ~ /date$/ { if (dated == "" && $0 ~ /^(.* )?[Dd]ate: [A-Z][a-z][a-z], [0-9]/) dated = $0; next }
{
	if (mode == "text") {
		# cut before it came here: half a secret is not recognised, so the word goes where the line was cut
		if (length($0) >= 8192) { line = $0; sub(/[^] \t,;"'\\]*$/, "", line); sub(/\\+$/, "", line); $0 = line " [CUT]"; long++ }
		line = text_line($0)
	}
	else if (mode == "json" || mode == "api") line = json_line($0)
	else if (mode == "kubeconfig") line = kube_line($0)
	else if (mode == "toml") line = toml_line($0)
	else if (mode == "args") line = args_line($0)
	else if (mode == "cmdline") { line = NR == 2 ? text($0) : argument($0); if (NR == 2) set_tool($0); printf "%s%s", (NR > 2 ? " " : ""), line; next }
	else if (mode == "ps") line = ps_line($0)
	else if (mode == "tsv") line = table_line($0)
	else line = hide($0)
	if (line != "\001") print line
}
END {
	if (dated != "" && (mode == "date" || answered)) http_date(dated)
	if (mode == "cmdline" && NR > 1) printf "\n"
	if (counts != "") {
		for (k in count) print k, count[k] >counts
		if (long) print "long", long >counts
		if ((mode == "json" || mode == "api") && (depth || open)) print "unfinished", 1 >counts
		close(counts)
	}
}
EOT
}

# ================================================================================================== end of a run
# The last look before anything leaves: a member in which something still has the form of a secret is withheld.
write_gate() {
	cat >"$W/gate.awk" <<'EOT'
# Shapes that the filter leaves nowhere. Told: what was found first (a member), or the lines without any (drop: a table).
function rule(s) {
	if (s ~ /eyJ[A-Za-z0-9_-]+[.]eyJ[A-Za-z0-9_-]+[.][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-][A-Za-z0-9_-]/) return "jwt"
	if (s ~ /BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----/) return "private key"
	if (s ~ /LS0tLS1CRUdJTiBSU0Eg|LS0tLS1CRUdJTiBFQy|LS0tLS1CRUdJTiBQUklWQVRF|LS0tLS1CRUdJTiBPUEVOU1NI|LS0tLS1CRUdJTiBFTkNSWVBURU/ || (s ~ /LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS/ && s ~ /UFJJVkFURS|BSSVZBVEUg|QUklWQVRFI/)) return "private key in base64"
	# in a certificate in base64 the next letters stand by chance
	if (s ~ /LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS/ && s !~ /UFJJVkFURS|BSSVZBVEUg|QUklWQVRFI/) gsub(/LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS[A-Za-z0-9+\/=]*/, "", s)
	if (s ~ /ZXlK[A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/][A-Za-z0-9+\/]/) return "jwt in base64"
	if (s ~ /:\/\/[^\/ \t"'<>@[]+:[^\/ \t"'<>@[]+@/) return "password in a URL"
	if (s ~ /(^|[^A-Za-z0-9])(AKIA|ASIA)[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]([^A-Za-z0-9]|$)/) return "cloud key"
	if (s ~ /(gh[pousr]_|github_pat_|glpat-|lin_api_)[A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9]/) return "access token"
	return ""
}
drop { if (rule($0) == "") print; else n++; next }
{ found = rule($0); if (found != "") { print found; exit } }
END { if (drop) print n + 0 >drop }
EOT
}
gate() {
	write_gate
	find "$W/tree/bundle" -type f ! -name paths.tsv >"$W/files"
	while IFS= read -r g_file <&8; do
		g_rule=$(awk -f "$W/gate.awk" "$g_file")
		[ -n "$g_rule" ] || continue
		WITHHELD=1
		g_member=${g_file#"$W/tree/"}
		say "withheld: $g_member ($g_rule)"
		rm -f "$g_file"
		awk -F '\t' -v OFS='\t' -v m="$g_member" -v rule="$g_rule" '$9 == m { $5 = "failed"; $6 = 0; $9 = "-"; $11 = "withheld: looks like a secret (" rule ")" } { print }' "$W/index" >"$W/index2" && mv -f "$W/index2" "$W/index"
	done 8<"$W/files"
	# of a table only the line goes: the rest is needed to know what there was
	for g_file in "$W/index" "$TREE/paths.tsv"; do
		[ -s "$g_file" ] || continue
		awk -v drop="$W/dropped" -f "$W/gate.awk" "$g_file" >"$W/table" && mv -f "$W/table" "$g_file" || return 1
		[ "$(cat "$W/dropped")" = 0 ] && continue
		WITHHELD=1
		say "withheld: $(cat "$W/dropped") lines of ${g_file##*/}"
		# what is no longer told may exist
		case $g_file in *.tsv) awk -F '\t' -v OFS='\t' '$13 == "complete" { $13 = "truncated" } { print }' "$g_file" >"$W/table" && mv -f "$W/table" "$g_file" || return 1 ;; esac
	done
}
json() { # a JSON string or null; UTF-8 stays, other bytes become \xHH
	if [ -z "$1" ]; then printf null; return; fi
	esc "$1"; [ "$1" = - ] && ESC=-
	printf '"%s"' "$(printf '%s' "$ESC" | sed 's/[\\"]/\\&/g')"
}
# Whether the clock is kept right, where nobody could be asked: as the kernel says, as chrony says, or as systemd-timesyncd left it,
# which touches the file whenever it hears of the time, every half an hour at least.
synced() {
	case $(sed -n 's/^ *return value *[:=] *\([0-9]\).*/\1/p' "$TREE/node/cmd/adjtimex"*.txt 2>/dev/null | head -n 1) in
		5) echo no; return ;;
		[0-4]) echo yes; return ;;
	esac
	case $(grep '^Leap status' "$TREE/node/cmd/chronyc-tracking.txt" 2>/dev/null) in
		*'Not synch'*) echo no; return ;;
		*:*) echo yes; return ;;
	esac
	if [ $SAME = 1 ] && [ -n "$(find "$R/run/systemd/timesync/synchronized" -mmin -70 2>/dev/null)" ]; then echo yes; else echo unknown; fi
}
node_facts() {
	n_host=$(head -n 1 "$R/etc/hostname" 2>/dev/null)
	[ -z "$R" ] && n_host=$(hostname 2>/dev/null || uname -n)
	n_machine='' n_boot='' n_kernel='' n_os=''
	[ -s "$R/etc/machine-id" ] && n_machine=$(tr -d ' \n' <"$R/etc/machine-id" | $HASH | cut -c1-64)
	n_boot=$(cat "$R/proc/sys/kernel/random/boot_id" 2>/dev/null)
	n_kernel=$(cat "$R/proc/sys/kernel/osrelease" 2>/dev/null)
	[ -n "$n_kernel" ] || n_kernel=$(awk 'NR == 1 { print $3 }' "$R/proc/version" 2>/dev/null)
	[ -r "$R/etc/os-release" ] && n_os=$(sed -n 's/^PRETTY_NAME=["'"'"']*\([^"'"'"']*\).*/\1/p' "$R/etc/os-release" | head -n 1)
	SYNCED=unknown
	[ -f "$W/tree/bundle/node/cmd/timedatectl.txt" ] && SYNCED=$(sed -n 's/^NTPSynchronized=//p' "$W/tree/bundle/node/cmd/timedatectl.txt" | head -n 1)
	case $SYNCED in yes | no) ;; *) SYNCED=$(synced) ;; esac
}
write_collector() {
	now
	c_sha=$([ -f "$SELF" ] && [ -r "$SELF" ] && hash_of "$SELF")
	c_parts=''
	[ $DO_NODE = 1 ] && c_parts='"node"'
	[ $DO_CLUSTER = 1 ] && c_parts="${c_parts:+$c_parts, }\"cluster\""
	c_red=$(awk '{ c[$1] += $2 } END { printf "\"jwt\": %d, \"private-key\": %d, \"url\": %d, \"token\": %d, \"opaque\": %d, \"value\": %d", c["jwt"], c["private-key"], c["url"], c["token"], c["opaque"], c["value"] }' "$W/counts")
	{
		printf '{\n  "schema": "%s",\n' "$SCHEMA"
		printf '  "collector": {"name": "collect.sh", "version": "%s", "sha256": %s},\n' "$VERSION" "$(json "$c_sha")"
		if [ $DO_NODE = 1 ]; then
			node_facts
			printf '  "node": {"name": %s, "hostname": %s, "machine_id_sha256": %s, "boot_id": %s, "kernel": %s, "os": %s},\n' \
				"$(json "$NODE")" "$(json "$n_host")" "$(json "$n_machine")" "$(json "$n_boot")" "$(json "$n_kernel")" "$(json "$n_os")"
		else printf '  "node": null,\n'; SYNCED=unknown; fi
		printf '  "custody": {"case": %s, "operator": %s},\n' "$(json "$CASE")" "$(json "$OPERATOR")"
		printf '  "parts": [%s],\n  "root": %s,\n  "uid": %s,\n' "$c_parts" "$(json "$ROOT")" "$MYUID"
		printf '  "clock": {"start": "%s", "end": "%s", "zone": "%s",\n            "synchronised": "%s", "api_offset_s": %s, "api_offset_error_s": %s},\n' \
			"$START" "$STAMP" "$ZONE" "$SYNCED" "${API_OFFSET:-null}" "${API_ERROR:-null}"
		printf '  "state": "%s",\n  "redacted": {%s}\n}\n' "$STATE" "$c_red"
	} >"$TREE/collector.json"
}
finish() {
	if [ $DO_NODE = 1 ]; then
		printf 'path\ttype\tmode\tuid\tgid\towner\tgroup\tsize\tmtime\tctime\tbtime\ttarget\tlisting\n' >"$TREE/paths.tsv"
		# the first row of a path counts; what is known of its listing is put into it
		awk -F '\t' -v OFS='\t' 'FILENAME == ARGV[1] { if (!($1 in l) || $2 != "complete") l[$1] = $2; next } !($1 in s) { s[$1] = 1; if ($1 in l) $13 = l[$1]; print }' \
			"$W/listings" "$W/paths" | sort >>"$TREE/paths.tsv" || return 1
	fi
	# names of files, targets of links and notes pass the filter too
	for f_t in "$TREE/paths.tsv" "$W/index"; do
		[ -s "$f_t" ] || continue
		# is it the filter, or the disk?
		redact tsv table -v counts="$W/n" <"$f_t" >"$W/table" || { redact tsv table <"$f_t" >/dev/null || return 3; return 1; }
		mv -f "$W/table" "$f_t" || return 1
		[ -s "$W/n" ] && cat "$W/n" >>"$W/counts"; printf '' >"$W/n"
	done
	gate
	printf 'seq\tstart\tseconds\texit\tcoverage\tbytes\tredactions\tkind\tmember\torigin\tnote\n' >"$TREE/index.tsv"
	cat "$W/index" >>"$TREE/index.tsv" || return 1
	[ $STATE = complete ] && { [ $PARTIAL = 1 ] || [ $WITHHELD = 1 ]; } && STATE=partial
	write_collector || return 1
	find "$TREE" -type d -exec chmod 700 {} \; 2>/dev/null
	# directories that stayed empty say nothing
	find "$TREE" -depth -type d -exec rmdir {} \; 2>/dev/null
	( cd "$W/tree" && find bundle -type f ! -name MANIFEST.sha256 | sort | while IFS= read -r f_m; do printf '%s  %s\n' "$(hash_of "$f_m")" "$f_m"; done ) >"$W/manifest" || return 1
	mv "$W/manifest" "$TREE/MANIFEST.sha256" || return 1
	f_format=''
	tar --format=ustar -cf /dev/null -C "$W" index 2>/dev/null && f_format=--format=ustar
	f_name=inquest-${NODE:-cluster}-$(printf '%s' "$START" | tr -d ':-').tar
	# what says what the archive is goes first: a copy that was cut short still tells it
	( cd "$W/tree" && set -- bundle/collector.json bundle/index.tsv bundle/MANIFEST.sha256 &&
		if [ -f bundle/paths.tsv ]; then set -- "$@" bundle/paths.tsv; fi &&
		for f_m in bundle/*; do case " $* " in *" $f_m "*) ;; *) set -- "$@" "$f_m" ;; esac; done &&
		tar -cf "$W/out.tar" $f_format "$@" ) 2>/dev/null || return 1
	if command -v gzip >/dev/null 2>&1; then
		gzip -9 <"$W/out.tar" >"$W/out.tar.gz" || return 1
		rm -f "$W/out.tar"; f_name=$f_name.gz; f_file=$W/out.tar.gz
	else f_file=$W/out.tar; fi
	f_sum=$(hash_of "$f_file")
	if [ $STDOUT = 1 ]; then cat "$f_file" || return 1; printf '%s  %s\n' "$f_sum" "$f_name" >&2; return 0; fi
	publish "$f_file" "$f_name" "$f_sum"
}
# publish FILE NAME SHA256: the archive gets its final name, whole or not at all; SHA256SUMS beside it gets its line
publish() {
	# ln fails where the name is taken, mv would replace; some file systems have no hard links. A second run of one second takes the next name.
	case $2 in *.tar.gz) p_end=.tar.gz ;; *) p_end=.tar ;; esac
	p_name=$2 p_turn=1
	while [ -e "$OUT/$p_name" ] || ! ln "$1" "$OUT/$p_name" 2>/dev/null; do
		if [ ! -e "$OUT/$p_name" ]; then mv "$1" "$OUT/$p_name" || return 2; break; fi
		[ $p_turn -lt 99 ] || { say "exists already: $OUT/$p_name"; return 2; }
		p_turn=$((p_turn + 1)); p_name=${2%"$p_end"}-$p_turn$p_end
	done
	set -- "$1" "$p_name" "$3"
	if { [ ! -f "$OUT/SHA256SUMS" ] || grep -v -F "  $2" "$OUT/SHA256SUMS" || :; printf '%s  %s\n' "$3" "$2"; } >"$W/sums" 2>/dev/null && mv -f "$W/sums" "$OUT/SHA256SUMS"; then :
	else say "SHA256SUMS in $OUT could not be written"; fi
	printf '%s  %s\n' "$3" "$OUT/$2"
}

# ================================================================================================ every node at once
# within SECONDS COMMAND...: bounded, input and output as they are; 124 where the time was up
within() {
	w_limit=$1; shift
	w_flag=$W/late.$NUMBER
	rm -f "$w_flag"
	exec 7<&0
	"$@" <&7 7<&- &
	w_job=$!
	exec 7<&-
	born $w_job; w_birth=$BORN
	watchdog "$w_job" "$w_birth" "$w_limit" "$w_flag" held end_call </dev/null >/dev/null 2>&1 &
	w_dog=$!
	born $w_dog
	printf '%s %s\n' $w_job "$w_birth" $w_dog "$BORN" >"$W/procs.call.$NUMBER"
	wait $w_job 2>/dev/null; w_rc=$?
	# a signal for this shell ends the wait, too
	if same $w_job "$w_birth"; then end_tree $w_job; fi
	call_off $w_dog
	{ printf '' >"$W/procs.call.$NUMBER"; } 2>/dev/null
	[ -e "$w_flag" ] && return 124
	return $w_rc
}
# What looks after one node goes on only as long as the run does; what tidies up, without that.
LEASH=0
leashed() { [ $LEASH = 0 ] || lives; }
held() { [ -d "$W" ] && leashed; }
end_call() { end_tree "$1"; }
# kctl SECONDS ARGUMENTS...: kubectl, its output as it is. K_LIMIT is how long it had.
kctl() {
	leashed || exit 137
	K_LIMIT=$1; shift
	if [ $LEASH = 1 ]; then
		now
		[ "$K_LIMIT" -le $((END - NOW)) ] || K_LIMIT=$((END - NOW))
		[ "$K_LIMIT" -ge 1 ] || K_LIMIT=1
	fi
	[ -n "$CONTEXT" ] && set -- --context "$CONTEXT" "$@"
	set -f; set -- $KUBECTL --cache-dir "$W/kubecache" "$@"; set +f
	within "$K_LIMIT" "$@"
}
first_line() { tr -d '\000-\010\013-\037\177' <"$1" 2>/dev/null | grep -v '^[ 	]*$' | head -n 1 | cut -b1-300 | redact text "line$NUMBER"; }
# reason EXIT FILE: why a call failed
reason() { if [ "$1" = 124 ]; then echo "no answer of the API server within $K_LIMIT s"; else first_line "$2"; fi; }
# heard EXIT: an API server that twice in a row did not answer in time is not asked about further nodes
heard() { if [ "$1" = 124 ]; then echo late >>"$W/silent"; else printf '' >"$W/silent"; fi; }
silent() { [ -s "$W/silent" ] && [ "$(wc -l <"$W/silent")" -ge 2 ]; }
# blame FILE EXIT: the same for what is run on the node: the API server stands between
blame() {
	if [ "$2" != 124 ]; then first_line "$1"; return; fi
	b_late=$K_LIMIT
	kctl "$LIMIT" get --raw /version >/dev/null 2>&1; b_rc=$?
	heard $b_rc
	if [ $b_rc = 124 ]; then reason 124; else echo "no answer of the node within $b_late s, but one of the API server"; fi
}
# shellcheck disable=SC2016 # a case's name stands between quotes in the line that is shown
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }
by_hand() {
	b_said=''
	[ -n "$CASE" ] && b_said=" --case $(quoted "$CASE")"
	[ -n "$OPERATOR" ] && b_said="$b_said --operator $(quoted "$OPERATOR")"
	printf 'sh collect.sh --no-cluster --node %s --since %s%s   # on %s, as root' "$1" "$SINCE" "$b_said" "$1"
}
# one_node NODE: a pod, the collector in it, its archive; the outcome is one line in a file. Runs in a shell of its own.
one_node() {
	o_node=$1 o_pod=inquest-collect-$RUN-$NUMBER o_dir=$W/node.$NUMBER
	mkdir -p "$o_dir"
	pod_manifest "$o_node" "$o_pod" "$RUN" >"$o_dir/pod.json"
	printf '' >"$o_dir/making"
	kctl "$LIMIT" -n "$PODNS" create -f - <"$o_dir/pod.json" >"$o_dir/out" 2>"$o_dir/err"; o_rc=$?
	heard $o_rc
	if [ $o_rc != 0 ]; then
		# what was cut off may still be granted
		[ $o_rc = 124 ] || rm -f "$o_dir/making"
		missing "no pod could be made: $(reason $o_rc "$o_dir/err")"; return
	fi
	rm -f "$o_dir/making"
	o_until=$(($(date -u +%s) + PODWAIT)) o_why=''
	while :; do
		kctl "$LIMIT" -n "$PODNS" get pod "$o_pod" -o 'jsonpath={.status.phase}|{.status.containerStatuses[0].state.waiting.reason}|{.status.containerStatuses[0].state.waiting.message}|{.status.reason} {.status.message}' >"$o_dir/out" 2>"$o_dir/err"
		o_rc=$?
		heard $o_rc
		if [ $o_rc = 124 ] && silent; then missing "$(reason $o_rc)"; return; fi
		o_line=$(first_line "$o_dir/out")
		case $o_line in
			Running\|*) break ;;
			Failed\|* | Succeeded\|*) missing "the pod ended: ${o_line##*|}"; drop; return ;;
		esac
		# blanks and bars alone are no reason
		case $o_line in *[A-Za-z]*) o_why=$(printf '%s' "${o_line#*|}" | tr -s '| ' '  ') ;; *) [ $o_rc = 0 ] || o_why=$(reason $o_rc "$o_dir/err") ;; esac
		case $o_why in *[A-Za-z]*) ;; *) o_why='' ;; esac
		[ "$(date -u +%s)" -lt $o_until ] || { missing "the pod did not start within $PODWAIT s: ${o_why:-its kubelet has not said why}"; drop; return; }
		sleep 1
	done
	# The kubelet may call a container running before it can be entered, and kubectl may lose the end of what it is given
	# (seen with 1.20: 32 KiB of 100): what arrived is counted.
	o_try=0
	while :; do
		kctl "$LIMIT" -n "$PODNS" exec -i "$o_pod" -- sh -c 'cat >/scratch/collect.sh; wc -c </scratch/collect.sh' <"$SELF" >"$o_dir/out" 2>"$o_dir/err"; o_rc=$?
		[ $o_rc = 0 ] && [ "$(tr -cd 0-9 <"$o_dir/out")" = "$(wc -c <"$SELF" | tr -cd 0-9)" ] && break
		o_try=$((o_try + 1))
		[ $o_rc != 124 ] && [ $o_try -lt 5 ] || { missing "the pod cannot be entered: $(blame "$o_dir/err" $o_rc)"; drop; return; }
		sleep 1
	done
	# its archive must arrive before the run's own end
	now
	o_end=$((END - NOW - 15))
	[ $o_end -ge 5 ] || o_end=5
	[ $o_end -le "$DEADLINE" ] || o_end=$DEADLINE
	set -- --root /host --no-cluster --node "$o_node" -o /scratch --since "$SINCE" --timeout "$LIMIT" --deadline "$o_end" --max-bytes "$MAX"
	[ $DO_COMMANDS = 1 ] || set -- "$@" --files-only
	[ -n "$CASE" ] && set -- "$@" --case "$CASE"
	[ -n "$OPERATOR" ] && set -- "$@" --operator "$OPERATOR"
	kctl $((o_end + 60)) -n "$PODNS" exec "$o_pod" -- sh /scratch/collect.sh "$@" >"$o_dir/out" 2>"$o_dir/err"
	o_rc=$?
	sed "s/^collect.sh: /collect.sh: $o_node: /; /^command terminated with/d" "$o_dir/err" | tr -d '\000-\010\013-\037\177' | head -n 20 | redact text "line$NUMBER" >&2
	o_sum=$(sed -n 's/^\([0-9a-f]\{64\}\)  \/scratch\/inquest-[A-Za-z0-9._-]*$/\1/p' "$o_dir/out" | head -n 1)
	o_file=$(sed -n 's/^[0-9a-f]\{64\}  \/scratch\/\(inquest-[A-Za-z0-9._-]*\)$/\1/p' "$o_dir/out" | head -n 1)
	if [ -z "$o_sum" ] && [ $o_rc = 124 ]; then missing "the collector left no archive: $(blame "$o_dir/err" $o_rc)"; drop; return; fi
	if [ -z "$o_sum" ]; then missing "the collector left no archive (exit $o_rc): $(left_why)"; drop; return; fi
	o_try=0
	while :; do
		kctl $((LIMIT * 4)) -n "$PODNS" exec "$o_pod" -- cat "/scratch/$o_file" >"$o_dir/archive" 2>"$o_dir/err"; o_late=$?
		[ "$(hash_of "$o_dir/archive")" = "$o_sum" ] && break
		o_try=$((o_try + 1))
		[ $o_late != 124 ] && [ $o_try -lt 5 ] || { missing "its archive did not arrive whole: $(blame "$o_dir/err" $o_late)"; drop; return; }
	done
	drop
	printf '%s %s %s\n' "$o_rc" "$o_sum" "$o_file" >"$o_dir/done"
}
missing() { # REASON
	now
	# cut short by the end of the run, a call says nothing of who did not answer
	[ "$NOW" -lt "$END" ] || set -- "the deadline of $n_span s has passed (--deadline)"
	printf '%s\n' "$1" >"$o_dir/missing"
}
drop() { silent || kctl "$LIMIT" -n "$PODNS" delete pod "$o_pod" --wait=false >/dev/null 2>&1 || :; }
# Every pod of this run goes, also one that was being made when the run was stopped. It takes a minute at most.
drop_all() {
	a_limit=$LIMIT
	[ "$a_limit" -le 15 ] || a_limit=15
	# a request that was cut off may still be granted: for those pods it waits until they came and went
	a_wait=''
	for a_m in "$W"/node.*/making; do [ -e "$a_m" ] && { a_m=${a_m%/making}; a_wait="$a_wait inquest-collect-$RUN-${a_m##*.}"; }; done
	a_start=$(date -u +%s) a_took=0 a_late=0
	a_hand="$KUBECTL${CONTEXT:+ --context $CONTEXT} -n $PODNS delete pods -l inquest/run=$RUN"
	while [ $a_took -lt 30 ] && [ $a_late -lt 2 ]; do
		a_force=''
		# a node whose kubelet is gone never confirms that a pod ended
		[ $a_took -gt 8 ] && a_force='--grace-period=0 --force'
		kctl "$a_limit" -n "$PODNS" get pods -l "inquest/run=$RUN" -o name >"$W/left" 2>"$W/err"; a_rc=$?
		if [ $a_rc = 124 ]; then a_late=$((a_late + 1)); fi
		if [ $a_rc = 0 ] && [ ! -s "$W/left" ]; then
			[ -z "$a_wait" ] && return 0
			if [ $a_took -ge 15 ]; then
				say "a pod that was being made may still appear: $a_hand"
				return 1
			fi
		elif [ $a_rc != 124 ]; then
			a_still=''
			for a_m in $a_wait; do grep -qF "$a_m" "$W/left" || a_still="$a_still $a_m"; done
			a_wait=$a_still
			kctl "$a_limit" -n "$PODNS" delete pods -l "inquest/run=$RUN" --wait=false $a_force >/dev/null 2>"$W/err"
			[ $a_took -gt 8 ] && [ $a_rc != 0 ] && break
		fi
		sleep 1
		a_took=$(($(date -u +%s) - a_start))
	done
	say "pods of this run may be left; they end by themselves, or with: $a_hand"
	return 1
}
alive() { # how many of the started runs still go on
	a_left=''
	for a_p in $WORKERS; do kill -0 "$a_p" 2>/dev/null && a_left="$a_left $a_p"; done
	WORKERS=$a_left
	set -- $a_left
	ALIVE=$#
}
all_nodes() {
	find_kubectl || die 3 "nothing could be read: no kubectl found (--kubectl)"
	[ -f "$SELF" ] && [ -r "$SELF" ] || die 64 "--all-nodes sends this script to the nodes: run it as a file, not from a pipe"
	mkdir -p "$W/kubecache"
	[ "$STOP" = 0 ] || exit $((128 + STOP))
	if ! kctl "$LIMIT" get nodes -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' >"$W/nodes" 2>"$W/err"; then
		[ "$STOP" = 0 ] || exit $((128 + STOP))
		n_why=$(first_line "$W/err")
		[ ! -e "$W/late.$NUMBER" ] || n_why="no answer within $LIMIT s"
		say "the API server does not list its nodes: $n_why"
		n_list=$(printf '%s' "$ONLY" | tr ',' ' ')
		for n_name in ${n_list:-NAME}; do say "by hand: $(by_hand "$n_name")"; done
		die 3 "nothing could be read"
	fi
	grep '^[A-Za-z0-9][A-Za-z0-9._-]*$' "$W/nodes" >"$W/wanted"
	if [ -n "$ONLY" ]; then
		printf '%s\n' "$ONLY" | tr ',' '\n' | sort -u >"$W/only"
		while IFS= read -r n_name <&9; do grep -qxF -- "$n_name" "$W/wanted" || die 64 "--nodes: the cluster has no node $n_name"; done 9<"$W/only"
		cp "$W/only" "$W/wanted"
	fi
	n_all=$(wc -l <"$W/wanted" | tr -d ' ')
	# The time is for all of it. Where nobody said how much, each round of nodes has its own.
	n_span=$DEADLINE
	[ -n "$GIVEN" ] || n_span=$((DEADLINE * DO_CLUSTER + (DEADLINE + PODWAIT) * ((n_all + PARALLEL - 1) / PARALLEL)))
	END=$((END - DEADLINE + n_span))
	# our own pods would be in the lists, so those come first
	if [ $DO_CLUSTER = 1 ]; then
		say "the API server"
		# of a time for all of it the nodes have half at least
		now
		n_part=$DEADLINE
		[ $((n_part * 2)) -le $((END - NOW)) ] || n_part=$(((END - NOW) / 2))
		[ $n_part -ge 1 ] || n_part=1
		set -- --cluster-only -o "$OUT" --since "$SINCE" --timeout "$LIMIT" --deadline "$n_part" --max-bytes "$MAX" --kubectl "$KUBECTL"
		[ -n "$CONTEXT" ] && set -- "$@" --context "$CONTEXT"
		for n_name in $NAMESPACES; do set -- "$@" --namespace "$n_name"; done
		[ -n "$CASE" ] && set -- "$@" --case "$CASE"
		[ -n "$OPERATOR" ] && set -- "$@" --operator "$OPERATOR"
		( trap - TERM EXIT PIPE USR1; exec sh "$SELF" "$@" ) &
		n_child=$!
		born $n_child
		echo $n_child "$BORN" >"$W/procs.cluster"
		n_told=''
		while kill -0 $n_child 2>/dev/null; do
			orphaned
			[ "$STOP" = 0 ] || [ -n "$n_told" ] || { n_told=1; kill -TERM $n_child 2>/dev/null; }
			tick
		done
		wait $n_child 2>/dev/null
		echo $? >"$W/cluster.rc"
		printf '' >"$W/procs.cluster"
	fi
	WORKERS='' NUMBER=0 ALIVE=0 n_late=0
	trap 'n_rc=$?; drop_all; parting $n_rc' EXIT
	while IFS= read -r n_name <&9; do
		while alive; [ $ALIVE -ge "$PARALLEL" ] && in_time; do tick; done
		in_time && ! silent || break
		NUMBER=$((NUMBER + 1))
		say "node $n_name ($NUMBER of $n_all)"
		( trap - TERM EXIT PIPE USR1; LEASH=1; one_node "$n_name" ) 9<&- &
		WORKERS="$WORKERS $!"
		born $!
		echo $! "$BORN" >"$W/procs.node.$NUMBER"
	done 9<"$W/wanted"
	while alive; [ $ALIVE -gt 0 ] && in_time; do tick; done
	SIGNAL=$STOP
	# it would end a wait below, and with that a call that removes pods
	trap '' USR1
	[ -z "$WORKERS" ] || end_tree $WORKERS
	[ "$SIGNAL" = 0 ] || say "removing the pods"
	drop_all
	n_pods=$?
	trap 'parting $?' EXIT
	n_why='what looked after it was killed'
	if silent; then n_why="not tried: the API server twice in a row gave no answer within $LIMIT s"; fi
	[ $n_late = 0 ] || n_why="the deadline of $n_span s has passed (--deadline)"
	[ "$SIGNAL" = 0 ] || n_why='the run was stopped'
	tell_nodes "$n_why"
	lives || { trap - EXIT; cleanup; exit 137; }
	[ "$SIGNAL" != 0 ] && exit $((128 + SIGNAL))
	[ $n_good = 0 ] && die 3 "nothing could be read"
	[ $n_pods = 0 ] || [ $n_worst != 0 ] || n_worst=2
	exit $n_worst
}
# Whoever killed the other process wants an end, too.
orphaned() { [ "$STOP" != 0 ] || kill -0 $$ 2>/dev/null || { STOP=9; say "the run was killed, writing what there is"; }; }
in_time() {
	orphaned
	[ "$STOP" = 0 ] || return 1
	now
	[ "$NOW" -lt $END ] || n_late=1
	[ $n_late = 0 ]
}
# tell_nodes REASON: the archives that arrived get their names, of the other nodes the reason is said. Sets n_good and n_worst.
tell_nodes() {
	n_good=0 n_worst=0 NUMBER=0
	n_rc=-
	[ -s "$W/cluster.rc" ] && n_rc=$(cat "$W/cluster.rc")
	case $n_rc in - | 0) ;; 2 | 5) n_worst=$n_rc ;; *) n_worst=2 ;; esac
	case $n_rc in 0 | 2 | 5) n_good=1 ;; esac
	while IFS= read -r n_name <&9; do
		NUMBER=$((NUMBER + 1)) o_dir=$W/node.$NUMBER
		if [ -s "$o_dir/done" ]; then
			read -r n_rc n_sum n_file <"$o_dir/done"
			publish "$o_dir/archive" "$n_file" "$n_sum" || { n_worst=73; continue; }
			n_good=$((n_good + 1))
			case $n_rc in 0) say "$n_name: complete" ;; *) say "$n_name: partial (its index says why)" ;; esac
			case $n_rc in 0) ;; 5) n_worst=5 ;; *) [ $n_worst = 0 ] && n_worst=2 ;; esac
		else
			[ $n_worst = 0 ] && n_worst=2
			n_why=$1
			[ -s "$o_dir/missing" ] && n_why=$(cat "$o_dir/missing")
			say "$n_name: MISSING: $n_why"
			say "  by hand: $(by_hand "$n_name")"
		fi
	done 9<"$W/wanted"
}

# ======================================================================================================= the run
work() {
	[ $ALL = 1 ] && all_nodes
	if [ $DO_NODE = 1 ]; then
		node_processes
		node_runtime
		[ $DO_COMMANDS = 0 ] || node_commands first
		node_paths
		if [ $DO_COMMANDS = 1 ]; then
			node_commands rest
			node_journals
		fi
	fi
	[ $DO_CLUSTER = 1 ] && [ "$STOP" = 0 ] && cluster
	[ $DO_NODE$SAME = 11 ] && [ -z "$API_OFFSET" ] && [ "$STOP" = 0 ] && node_clock
	SIGNAL=$STOP
	case $SIGNAL in
		98) begin_row; STATE=partial; row failed - command - "end of the run" "the disk was nearly full: what has no row was not attempted" ;;
		99) begin_row; STATE=partial; row failed - command - "end of the run" "the deadline of $DEADLINE s had passed: what has no row was not attempted" ;;
	esac
	# from here on a signal would only leave half an archive
	trap '' USR1
	printf '' >"$W/packing"
	if [ $GOT = 0 ]; then
		awk -F '\t' 'NR <= 5 { printf "collect.sh: %s: %s\n", $10, $11 }' "$W/index" >&2
		say "nothing could be read: the archive only says what was tried"
	fi
	leave "$SIGNAL"
}
write_filter || die 74 "no space or write error in $OUT"
# a filter that does not run, or does not filter, is known before anything is read
probe=$(printf 'password=x7\nas it was\n' | redact text probe 2>"$W/err")
case $probe in
	'password=[REDACTED len=2'*"]${NL}as it was") ;;
	*) die 70 "awk does not run the filter for secrets, without which nothing is read: $(head -n 1 "$W/err" | cut -b1-300)" ;;
esac
now
START=$STAMP
printf '' >"$W/listings"
if [ $DO_NODE = 1 ] && [ -z "$NODE" ]; then
	if [ -n "$R" ]; then NODE=$(head -n 1 "$R/etc/hostname" 2>/dev/null); else NODE=$(hostname 2>/dev/null || uname -n 2>/dev/null); fi
	NODE=$(printf '%s' "$NODE" | tr -cd 'A-Za-z0-9._-' | sed 's/^[.-]*//')
	[ -n "$NODE" ] || NODE=unknown
fi
# nothing was read so far, and a helper of the above may have been hit
[ -z "$SENT" ] || exit $((128 + SENT))
supervise

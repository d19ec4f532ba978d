import type { Reference } from "#model/statement.js";

/** Upstream sources that more than one CNI rule rests on, with the versions that were read. */
export const CALICO_PLUGIN: Reference = { source: "calico cni-plugin/pkg/plugin/plugin.go", version: "v3.29.3" };
export const CALICO_INSTALL: Reference = { source: "calico cni-plugin/pkg/install/install.go", version: "v3.29.3" };
export const CALICO_TOKEN_WATCH: Reference = {
  source: "calico node/pkg/cni/token_watch.go",
  version: "v3.23.2 to v3.32",
};
export const CALICO_ERRORS: Reference = {
  source: "calico libcalico-go/lib/backend/k8s/resources/errors.go",
  version: "v3.29.3",
};
export const K8S_CLAIMS: Reference = { source: "kubernetes pkg/serviceaccount/claims.go", version: "v1.30" };
export const GO_X509: Reference = { source: "go crypto/x509, VerifyOptions.CurrentTime", version: "documentation" };
export const K8S_TOKEN_CACHE: Reference = {
  source: "kubernetes pkg/kubeapiserver/options/authentication.go",
  version: "v1.30",
};
export const CONTAINERD_CNI: Reference = {
  source: "containerd vendor/github.com/containerd/go-cni/opts.go",
  version: "v2.4.0-beta",
};
export const MOUNT_NAMESPACES: Reference = {
  source: "Linux manual pages mount(2) and proc_pid_mountinfo(5)",
  version: "documentation",
};
export const VIRTUAL_IPS: Reference = {
  source: "kubernetes documentation, reference/networking/virtual-ips",
  version: "documentation, 2026",
};
export const BEARER_TOKEN: Reference = {
  source: "apiserver pkg/authentication/request/bearertoken/bearertoken.go",
  version: "24a394e516bf (2026-07-23)",
};

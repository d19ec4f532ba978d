import type { PodTemplate, TemplateContainer } from "#model/fact.js";
import { below, flag, isRecord, someText, text, type View, views } from "./fields.js";

/** What a pod's spec (or a template's `spec`) says of containers and volumes. Environment values from elsewhere (`valueFrom`) are not in `env`. */
export function podTemplateOf(spec: View): PodTemplate {
  return {
    containers: [
      ...views(spec, "initContainers").flatMap((one) => container(one, true)),
      ...views(spec, "containers").flatMap((one) => container(one, false)),
    ],
    hostPaths: views(spec, "volumes").flatMap((volume) => {
      const name = text(volume, "name");
      const path = someText(volume, "hostPath", "path");
      return name === null || path === null ? [] : { name, path };
    }),
    serviceAccount: someText(spec, "serviceAccountName") ?? someText(spec, "serviceAccount"),
    hostNetwork: flag(spec, "hostNetwork") ?? false,
  };
}

/** The pod template at a path; null where there is none. */
export function podTemplateAt(item: View, ...keys: readonly string[]): PodTemplate | null {
  const spec = below(item, ...keys, "spec");
  return isRecord(spec.value) ? podTemplateOf(spec) : null;
}

function container(of: View, init: boolean): readonly TemplateContainer[] {
  const name = someText(of, "name");
  if (name === null) return [];
  const env = views(of, "env").flatMap((one): (readonly [string, string])[] => {
    const key = someText(one, "name");
    const value = text(one, "value");
    return key === null || value === null || key === "__proto__" ? [] : [[key, value]];
  });
  const mounts = views(of, "volumeMounts").flatMap((one) => {
    const volume = someText(one, "name");
    const path = someText(one, "mountPath");
    return volume === null || path === null ? [] : { volume, path };
  });
  return [{ name, image: someText(of, "image"), init, env: Object.fromEntries(env), mounts }];
}

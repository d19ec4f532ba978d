import type { Condition, OwnerRef } from "#model/fact.js";
import type { Instant } from "#model/instant.js";
import { flag, instant, someText, text, textMap, type View, views } from "./fields.js";

/** What every object of Kubernetes says of itself. */
export interface Meta {
  readonly namespace: string | null;
  readonly name: string;
  readonly uid: string | null;
  readonly created: Instant | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: OwnerRef | null;
}

/** An object's metadata; null where it has no name. The owner is the managing controller, else the first owner. */
export function metaOf(item: View): Meta | null {
  const name = someText(item, "metadata", "name");
  if (name === null) return null;
  return {
    namespace: someText(item, "metadata", "namespace"),
    name,
    uid: someText(item, "metadata", "uid"),
    created: instant(item, "metadata", "creationTimestamp"),
    labels: textMap(item, "metadata", "labels"),
    owner: ownerOf(item),
  };
}

/** As `metaOf`, for objects that live in a namespace; null where they do not say in which. */
export function namespacedMetaOf(item: View): (Meta & { readonly namespace: string }) | null {
  const meta = metaOf(item);
  return meta === null || meta.namespace === null ? null : { ...meta, namespace: meta.namespace };
}

function ownerOf(item: View): OwnerRef | null {
  const owners = views(item, "metadata", "ownerReferences");
  const owner = owners.find((one) => flag(one, "controller") === true) ?? owners[0];
  const kind = owner && someText(owner, "kind");
  const name = owner && someText(owner, "name");
  return owner && kind && name ? { kind, name, uid: someText(owner, "uid") } : null;
}

/** `status.conditions`, in their order. */
export function conditionsOf(item: View): readonly Condition[] {
  return views(item, "status", "conditions").flatMap((one) => {
    const type = someText(one, "type");
    if (type === null) return [];
    return {
      type,
      status: text(one, "status") ?? "Unknown",
      reason: someText(one, "reason"),
      message: someText(one, "message"),
      since: instant(one, "lastTransitionTime"),
      heartbeat: instant(one, "lastHeartbeatTime"),
    };
  });
}

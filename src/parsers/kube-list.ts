import type { Artifact } from "#model/artifact.js";
import { evidenceIn } from "#model/evidence.js";
import type { FactKind, FactKinds } from "#model/fact.js";
import type { Emit, Parser } from "#model/intake.js";
import { visible } from "#model/visible.js";
import { below, instant, isRecord, tooDeep, type View } from "./fields.js";

/** What one kind of Kubernetes object becomes. `read` returns null for an object that lacks what identifies it. */
export interface ObjectReader<K extends FactKind> {
  readonly id: string;
  readonly kind: K;
  readonly accepts: (artifact: Artifact) => boolean;
  readonly read: (
    item: View,
    artifact: Artifact,
  ) => { readonly value: FactKinds[K]; readonly node: string | null } | null;
  /** The kind and name for the evidence's excerpt. */
  readonly title: (value: FactKinds[K]) => string;
}

/** Takes one element of a list; `wrong` is told of fields of a wrong type. */
export interface Items {
  readonly next: (item: unknown, index: number) => View | null;
  readonly end: () => void;
}

/** A parser for lists of one kind of object: one fact for each, with the object itself for citing its fields. */
export function listParser<K extends FactKind>(reader: ObjectReader<K>): Parser {
  return {
    id: reader.id,
    kinds: [reader.kind],
    accepts: reader.accepts,
    open: (artifact, emit) => {
      const items = openItems(emit);
      const seen = new Set<string>();
      let again = 0;
      return {
        item: (item, index) => {
          const view = items.next(item, index);
          if (view === null) return;
          const identity = identityOf(view);
          if (identity !== null && seen.has(identity)) {
            again += 1;
            return;
          }
          if (identity !== null) seen.add(identity);
          // Taken for none it would be told as an object that nobody deletes.
          if (!isReadable(view, "metadata", "deletionTimestamp"))
            return emit.issue(
              "W_ITEM",
              `the object at ${view.pointer} is being deleted, at a time that cannot be read`,
            );
          const read = reader.read(view, artifact);
          if (read === null)
            return emit.issue("W_ITEM", `the object at ${view.pointer} lacks its name, namespace or uid`);
          const evidence = evidenceIn(
            artifact,
            { kind: "json", pointer: view.pointer },
            visible(reader.title(read.value)),
          );
          emit.fact({ kind: reader.kind, ...read, artifact, evidence, json: bare(view.value) });
        },
        end: () => {
          if (again > 0)
            emit.issue("W_TWICE", `${again} objects are in the list more than once: each counts where it comes first`);
          items.end();
        },
      };
    },
  };
}

/** What tells an object from others of its list; null where it has no name. */
function identityOf(view: View): string | null {
  const [kind, namespace, name, uid] = [
    below(view, "kind"),
    ...["namespace", "name", "uid"].map((key) => below(view, "metadata", key)),
  ].map(({ value }) => (typeof value === "string" ? value : ""));
  return name ? JSON.stringify([kind, namespace, name, uid]) : null;
}

/** Not there, or a time of the API. */
function isReadable(view: View, ...keys: readonly string[]): boolean {
  return below(view, ...keys).value === undefined || instant(view, ...keys) !== null;
}

/** Guards against elements that are no objects or nest without end, and counts fields of a wrong type into one issue. */
export function openItems(emit: Emit): Items {
  let wrong = 0;
  let first = "";
  const tell = (pointer: string): void => {
    if (wrong === 0) first = pointer;
    wrong += 1;
  };
  return {
    next: (value, index) => {
      const pointer = `/items/${index}`;
      if (isRecord(value) && !tooDeep(value)) return { value, pointer, wrong: tell };
      emit.issue("W_ITEM", `the element at ${pointer} is no object of Kubernetes`);
      return null;
    },
    end: () => {
      if (wrong > 0)
        emit.issue(
          "W_FIELD",
          `${wrong} values of another type than Kubernetes gives them, or dates that cannot be, the first at ${first}`,
        );
    },
  };
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The object without what only repeats it: managedFields and the annotation of `kubectl apply`. Pointers stay as they are. */
export function bare(item: unknown): unknown {
  if (!isRecord(item) || !isRecord(item["metadata"])) return item;
  const { managedFields: _, annotations, ...metadata } = item["metadata"];
  if (!isRecord(annotations)) return { ...item, metadata };
  const { [LAST_APPLIED]: __, ...kept } = annotations;
  return { ...item, metadata: { ...metadata, annotations: kept } };
}

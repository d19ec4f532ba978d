import type { IssueCode, Ledger } from "./ledger.js";
import type { Limits } from "./limits.js";

/** The folder that every member lies in. */
export const ROOT = "bundle/";

/** Why a member's name is not one that the layout allows; null where it is. */
export function nameFault(
  name: string,
  directory: boolean,
  limits: Limits,
): { readonly code: IssueCode; readonly message: string } | null {
  const reason = nameReason(name, limits) ?? (isBelowRoot(name, directory) ? null : "lies outside bundle/");
  return reason === null ? null : { code: "W_NAME", message: `the name ${reason}: passed over` };
}

function nameReason(name: string, limits: Limits): string | null {
  if (name === "") return "is empty";
  if (name.length > limits.nameBytes) return `is longer than ${limits.nameBytes} bytes`;
  if (!/^[A-Za-z0-9._/-]*$/.test(name)) return "has characters outside A-Z a-z 0-9 . _ / -";
  const segments = name.split("/");
  if (segments.length > limits.levels) return `has more than ${limits.levels} levels`;
  return segments.some((segment) => segment === "" || segment === "." || segment === "..")
    ? "is absolute or has an empty, . or .. segment"
    : null;
}

const isBelowRoot = (name: string, directory: boolean): boolean =>
  name.startsWith(ROOT) || (directory && `${name}/` === ROOT);

/**
 * Names that some file system or tool would take for one another: twice the same, different by case only, or a file where
 * another member needs a folder. Nobody can say which of them is meant, so none is read.
 */
export function ambiguousNames(
  files: readonly string[],
  folders: readonly string[],
  ledger: Ledger,
): ReadonlySet<string> {
  const spellings = new Map<string, string[]>();
  for (const name of files) {
    const folded = name.toLowerCase();
    spellings.set(folded, [...(spellings.get(folded) ?? []), name]);
  }
  const ambiguous = new Set<string>();
  const mark = (name: string, message: string): void => {
    if (!ambiguous.has(name)) ledger.note("W_DUP", name, message);
    ambiguous.add(name);
  };
  for (const same of spellings.values())
    if (same.length > 1) for (const name of same) mark(name, "the name is there more than once: none is read");
  for (const name of [...files, ...folders.map((folder) => `${folder}/`)])
    for (const parent of parents(name.toLowerCase()))
      for (const file of spellings.get(parent) ?? []) {
        mark(file, "the name is a file and a folder: not read");
        if (!name.endsWith("/")) mark(name, "lies below a member that is a file: not read");
      }
  return ambiguous;
}

const parents = (name: string): readonly string[] =>
  [...name.matchAll(/\//g)].map((slash) => name.slice(0, slash.index));

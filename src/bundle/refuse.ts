import { type ErrorCode, InquestError } from "#model/error.js";
import { visible } from "#model/visible.js";

/** Makes the error for one bundle file. The message must not hold text from inside the bundle, except names made visible. */
export type Refuse = (code: ErrorCode, message: string) => InquestError;

const COLLECT_AGAIN =
  "Collect again, or copy the bundle again and compare its sha256 with the one that collect.sh printed.";

const HINTS: Partial<Record<ErrorCode, string>> = {
  E_OPEN: "Check the path and its permissions, and that nothing writes to the file.",
  E_NOT_FILE: "Name a bundle file, or a folder that holds bundles.",
  E_EMPTY: COLLECT_AGAIN,
  E_FORMAT: "Give the .tar.gz that collect.sh wrote, as it is; repack other archives with: tar --format=ustar -czf",
  E_GZIP: COLLECT_AGAIN,
  E_BOMB: "If the bundle is yours and really that large, raise the limit that the message names.",
  E_ENTRIES: "If the bundle is yours and really holds that many members, raise the limit `members`.",
  E_TAR: COLLECT_AGAIN,
  E_TYPE: "Repack without sparse files: tar --format=ustar, without -S.",
  E_META: "Repack without extended headers: tar --format=ustar.",
  E_DUP: COLLECT_AGAIN,
  E_TRAILING: `Something was appended to the archive. ${COLLECT_AGAIN}`,
  E_SCHEMA: "Collect with the collect.sh of this version, or read the bundle with the inquest that fits it.",
  E_NO_BUNDLE: "Name at least one bundle (*.tar.gz, *.tgz, *.tar), or a folder that holds some.",
};

/** Binds the subject of the errors to a file. */
export const refuser =
  (file: string): Refuse =>
  (code, message) =>
    new InquestError(code, visible(file), message, HINTS[code] ?? COLLECT_AGAIN);

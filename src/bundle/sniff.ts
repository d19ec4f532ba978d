const MAGIC: readonly (readonly [string, string])[] = [
  ["504b0304", "a zip archive"],
  ["504b0506", "an empty zip archive"],
  ["fd377a585a00", "xz data"],
  ["425a68", "bzip2 data"],
  ["28b52ffd", "zstd data"],
  ["377abcaf271c", "a 7z archive"],
  ["526172211a07", "a rar archive"],
  ["04224d18", "lz4 data"],
  ["1f9d", "compress data"],
  ["255044462d", "a PDF"],
];

/** What other format the first bytes of a file show; null where they show none. */
export function knownFormat(start: Buffer): string | null {
  const hex = start.subarray(0, 8).toString("hex");
  const found = MAGIC.find(([magic]) => hex.startsWith(magic));
  if (found) return found[1];
  const text = start
    .toString("latin1")
    .replace(/^\xef\xbb\xbf/, "")
    .trimStart()
    .toLowerCase();
  return text.startsWith("<!doctype html") || text.startsWith("<html") ? "an HTML page" : null;
}

/** Whether a file starts as a tar archive does that has a `ustar` magic, or with an end mark, which the tar reader judges. */
export function isTarStart(start: Buffer): boolean {
  if (start.length < 512) return false;
  return start.toString("latin1", 257, 262) === "ustar" || start.every((byte) => byte === 0);
}

import { gzipSync } from "node:zlib";
import { Header } from "tar";

/** A file of an archive. */
export interface Member {
  readonly name: string;
  readonly bytes: Buffer;
}

const blockSize = 512;

/**
 * A gzip'ed tar of regular files in plain ustar headers, with nothing in it that depends on when or where it is written.
 * @param mtime what every member says of its time
 */
export function packArchive(members: readonly Member[], mtime: Date): Buffer {
  const blocks = members.flatMap(({ name, bytes }) => {
    const head = Buffer.alloc(blockSize);
    new Header({
      path: name,
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: bytes.length,
      mtime,
      type: "File",
      uname: "root",
      gname: "root",
    }).encode(head);
    return [head, bytes, Buffer.alloc((blockSize - (bytes.length % blockSize)) % blockSize)];
  });
  const packed = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]), { level: 9 });
  // Byte 9 of a gzip header names the operating system; 255 is "unknown" (RFC 1952, 2.3.1).
  packed[9] = 255;
  return packed;
}

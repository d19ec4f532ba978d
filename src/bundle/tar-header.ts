import { Header } from "tar";
import type { IssueCode } from "./ledger.js";
import type { Limits } from "./limits.js";
import { nameFault } from "./names.js";
import type { Refuse } from "./refuse.js";

export const BLOCK = 512;

/** One member's header after every check. `fault` says why the member is passed over; its body is skipped. */
export interface TarHeader {
  readonly name: string;
  /** Of the body, bytes. */
  readonly size: number;
  readonly directory: boolean;
  readonly fault: { readonly code: IssueCode; readonly message: string } | null;
}

/** Extended headers change the name or size of the next member, and readers disagree about how. */
const EXTENDED = "xgXLKN";
/** Types without a body: one that claims a size is read differently by different readers. */
const BODILESS = "123456";

/**
 * Reads one header block. node-tar decodes it; what node-tar lets pass (sizes that are no octal number, foreign types, a
 * missing magic, names) is checked here on the bytes, and both must read the same size.
 *
 * @throws InquestError for a header that makes the rest of the archive unsafe to read: E_TAR, E_FORMAT, E_META, E_TYPE, E_BOMB
 */
export function readHeader(block: Buffer, limits: Limits, refuse: Refuse): TarHeader {
  const header = decode(block, refuse);
  const type = block[156] === 0 ? "0" : block.toString("latin1", 156, 157);
  const size = readSize(block, refuse);
  if (EXTENDED.includes(type)) throw refuse("E_META", `the archive has an extended header (type ${printable(type)})`);
  if (type === "S") throw refuse("E_TYPE", "the archive has a sparse file");
  if (BODILESS.includes(type) && size > 0) throw refuse("E_TAR", `a member of type ${type} claims to have content`);
  if ((type === "0" || type === "5") && block[157] !== 0) throw refuse("E_TAR", "a file or folder has a link name");
  if (type !== "5" && header.size !== size) throw refuse("E_TAR", "a header can be read in two ways");
  if (size > limits.inflatedBytes)
    throw refuse(
      "E_BOMB",
      `a member claims ${size} bytes, more than the limit inflatedBytes of ${limits.inflatedBytes}`,
    );
  const directory = type === "5";
  const name = header.path ?? "";
  const bare = directory ? name.replace(/\/$/, "") : name;
  return { name: bare, size, directory, fault: typeFault(type) ?? nameFault(bare, directory, limits) };
}

function decode(block: Buffer, refuse: Refuse): Header {
  let header: Header;
  try {
    header = new Header(block);
  } catch {
    throw refuse("E_TAR", "a header holds a number that cannot be read");
  }
  if (!header.cksumValid) throw refuse("E_TAR", "a header's checksum is wrong");
  // POSIX "ustar\0" or GNU "ustar " (what GNU tar and busybox write by default). Without it the name may be cut (v7).
  if (!["ustar\0", "ustar "].includes(block.toString("latin1", 257, 263)))
    throw refuse("E_FORMAT", "a header has no ustar magic");
  return header;
}

function readSize(block: Buffer, refuse: Refuse): number {
  const octal = /^ *([0-7]{1,12})[ \0]*$/.exec(block.toString("latin1", 124, 136));
  if (!octal) throw refuse("E_TAR", "a member's size is not an octal number");
  return Number.parseInt(octal[1] ?? "", 8);
}

function typeFault(type: string): TarHeader["fault"] {
  if (type === "0" || type === "5") return null;
  if (type === "1" || type === "2") return { code: "W_LINK", message: "a link: passed over, and never followed" };
  return { code: "W_TYPE", message: `neither file nor folder (type ${printable(type)}): passed over` };
}

const printable = (type: string): string =>
  /^[0-9A-Za-z]$/.test(type) ? type : `0x${Buffer.from(type, "latin1").toString("hex")}`;

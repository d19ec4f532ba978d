/** How much of a bundle is read before it is refused or cut. Sizes are bytes; each can be raised by the user. */
export interface Limits {
  /** The bundle file itself. */
  readonly fileBytes: number;
  /** Everything that comes out of gzip, and the largest size which a member may claim. */
  readonly inflatedBytes: number;
  /** Inflated to compressed bytes; looked at only beyond `ratioAfterBytes` inflated bytes. */
  readonly ratio: number;
  readonly ratioAfterBytes: number;
  readonly members: number;
  /** A member that is read line by line or item by item. */
  readonly streamedMemberBytes: number;
  readonly itemBytes: number;
  readonly lineBytes: number;
  /** Any other member. */
  readonly memberBytes: number;
  /** Nested objects and arrays. */
  readonly jsonDepth: number;
  readonly nameBytes: number;
  /** Segments of a member's name. */
  readonly levels: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Well above any real bundle: 200,000 events that are alike compress 149 : 1, hence ratio 400. */
export const DEFAULT_LIMITS: Limits = {
  fileBytes: 512 * MIB,
  inflatedBytes: 4 * GIB,
  ratio: 400,
  ratioAfterBytes: 64 * MIB,
  members: 5_000,
  streamedMemberBytes: 2 * GIB,
  itemBytes: 2 * MIB,
  lineBytes: 16 * KIB,
  memberBytes: 16 * MIB,
  jsonDepth: 64,
  nameBytes: 255,
  levels: 16,
};

import { visible } from "#model/visible.js";
import type { Feeder, FeederNotes } from "./feeder.js";
import { isDeeperThan } from "./json-depth.js";
import type { Limits } from "./limits.js";
import { redact } from "./redact.js";

/** Hands a member over in one piece, redacted, at most `memberBytes` long. JSON that nests too deep is not handed over. */
export function wholeFeeder(whole: (text: string) => void, json: boolean, limits: Limits, notes: FeederNotes): Feeder {
  const pieces: Buffer[] = [];
  let bytes = 0;
  return {
    data: (chunk) => {
      const room = limits.memberBytes - bytes;
      if (room > 0) pieces.push(chunk.subarray(0, room));
      bytes += chunk.length;
    },
    end: () => {
      const text = Buffer.concat(pieces)
        .toString("utf8")
        .replace(/^\uFEFF/, "");
      if (json && isDeeperThan(text, limits.jsonDepth)) {
        notes.note("W_JSON", `nests deeper than ${limits.jsonDepth} levels: not read`);
        return "none";
      }
      whole(visible(redact(text, notes.secret), "\t\n\r"));
      if (bytes <= limits.memberBytes) return "all";
      notes.note("W_LIMIT", `longer than ${limits.memberBytes} bytes: cut there`);
      return "part";
    },
  };
}

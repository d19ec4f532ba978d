import { PEM_END, PEM_MASK, redact, type SecretHit } from "#model/secret.js";

export { mayHoldSecret, redact, type SecretHit } from "#model/secret.js";

const KEY_LINES = 200;

/** Like {@link redact} line by line; remembers a private key that began on an earlier line. */
export function createLineRedactor(hit: SecretHit): (line: string) => string {
  let keyLines = 0;
  return (line) => {
    if (keyLines > 0) {
      const end = PEM_END.exec(line);
      keyLines = end === null ? keyLines - 1 : 0;
      const inside = end === null ? line : line.slice(0, end.index);
      const outside = end === null ? "" : redact(line.slice(end.index + end[0].length), hit);
      return inside.replace(/[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/=]{1,15}\s*$/g, PEM_MASK) + outside;
    }
    const begins = line.lastIndexOf("-----BEGIN ");
    if (
      begins >= 0 &&
      /^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/.test(line.slice(begins, begins + 80)) &&
      !PEM_END.test(line.slice(begins))
    )
      keyLines = KEY_LINES;
    return redact(line, hit);
  };
}

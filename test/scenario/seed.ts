import { createHash } from "node:crypto";

/** SHA-256 over the parts, 64 hex digits: the only source of made-up values, so that the same scenario gives the same bytes. */
export function digest(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex");
}

/** A uuid in the form of version 4, derived from the parts. */
export function derivedUuid(...parts: readonly (string | number)[]): string {
  const hex = digest("uuid", ...parts);
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A whole number from `low` to `high`, both included, derived from the parts. */
export function derivedInteger(low: number, high: number, ...parts: readonly (string | number)[]): number {
  return low + (Number.parseInt(digest("integer", ...parts).slice(0, 12), 16) % (high - low + 1));
}

/** A key id as API servers write it: 43 characters of base64url. */
export function derivedKeyId(...parts: readonly (string | number)[]): string {
  return Buffer.from(digest("key id", ...parts), "hex").toString("base64url");
}

/** The modulus of a public RSA key of 2048 bits to which there is no private one, base64url, derived from the parts. */
export function derivedModulus(...parts: readonly (string | number)[]): string {
  const bytes = Buffer.concat(
    [0, 1, 2, 3, 4, 5, 6, 7].map((nth) => Buffer.from(digest("modulus", ...parts, nth), "hex")),
  );
  bytes.writeUInt8(bytes.readUInt8(0) | 0x80, 0);
  bytes.writeUInt8(bytes.readUInt8(255) | 1, 255);
  return bytes.toString("base64url");
}

import { InquestError } from "#model/error.js";

/** A file which is about to be written. */
export interface OutputFile {
  readonly name: string;
  readonly text: string;
}

/** One kind of secret. All quantifiers are bounded or cannot overlap, since the text is the attacker's. */
interface SecretShape {
  readonly what: string;
  readonly pattern: RegExp;
}

const SHAPES: readonly SecretShape[] = [
  { what: "a JWT with its signature", pattern: /(?<![\w-])e[yw][\w-]{8,4096}\.e[yw][\w-]{2,32768}\.[\w-]{10}/ },
  {
    what: "a private key",
    // A redacted key keeps its first line at most; sixteen characters of base64 behind it are a key's body.
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:\\[nrt]|\\u\{[0-9a-f]{1,6}\}|[\s\\"'>#|*]){0,40}[A-Za-z0-9+/]{16}/,
  },
  {
    what: "a private key in base64",
    // "-----BEGIN [RSA|EC|OPENSSH|ENCRYPTED] PRIVATE KEY", as kubeconfigs embed it in client-key-data
    pattern:
      /LS0tLS1CRUdJTi(?:BSU0EgUFJJVkFURSBLRVk|BFQyBQUklWQVRFIEtFW|BQUklWQVRFIEtFW|BPUEVOU1NIIFBSSVZBVEUgS0VZ|BFTkNSWVBURUQgUFJJVkFURSBLRVk)[A-Za-z0-9+/]{16}/,
  },
  {
    what: "a password in a URL",
    pattern:
      /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@`"'<>|\\]{0,128}:(?!\[REDACTED)[^\s/@`"'<>|\\]{1,256}@/i,
  },
];

/**
 * The last gate before anything is written: refuses texts that hold a secret in one of the shapes which nothing legitimate has.
 * It is a net below the redaction of collector and reader, not a replacement: it knows these shapes only.
 * @throws InquestError E_SECRET; the message names the kind and the file, never the text.
 */
export function refuseSecrets(files: readonly OutputFile[]): void {
  for (const file of files)
    for (const shape of SHAPES)
      if (shape.pattern.test(file.text))
        throw new InquestError(
          "E_SECRET",
          file.name,
          `${shape.what} would have been written; nothing was`,
          "collect again with the current collect.sh, and replace that credential: it is in the bundle",
        );
}

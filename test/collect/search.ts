const WINDOW = 12;

/** The forms in which a value may hide: as it is, in base64 at each alignment, in hex, in a URL, with escapes undone. */
function forms(value: string): readonly string[] {
  const found = new Set([
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    [...value].reverse().join(""),
  ]);
  for (const shift of [0, 1, 2]) {
    const encoded = Buffer.from("x".repeat(shift) + value)
      .toString("base64")
      .replaceAll("=", "");
    // what the neighbours have a part in is no trace of the value
    const inner = encoded.slice(shift === 0 ? 0 : shift + 1, (value.length + shift) % 3 === 0 ? undefined : -1);
    found.add(inner);
    found.add(inner.replaceAll("+", "-").replaceAll("/", "_"));
  }
  const hex = Buffer.from(value).toString("hex");
  found.add(hex);
  found.add(hex.toUpperCase());
  return [...found];
}

/**
 * Where a secret, or any twelve characters of one, stand: "<secret> in <members> (how many)". Texts are searched as bytes, and once more with
 * the escapes of JSON and of the index undone. A value shorter than twelve characters is looked for as a whole.
 */
export function traces(texts: ReadonlyMap<string, Buffer>, secrets: ReadonlyMap<string, string>): readonly string[] {
  const windows = new Map<string, string>();
  for (const [name, value] of secrets) {
    for (const form of forms(value)) {
      if (form.length < WINDOW) windows.set(form, name);
      for (let at = 0; at + WINDOW <= form.length; at++) windows.set(form.slice(at, at + WINDOW), name);
    }
  }
  const short = [...windows].filter(([form]) => form.length < WINDOW);
  const found = new Map<string, Set<string>>();
  for (const [member, bytes] of texts) {
    const seen = (name: string): void => {
      found.set(name, (found.get(name) ?? new Set()).add(member));
    };
    const text = bytes.toString("latin1");
    for (const view of text.includes("\\") ? [text, unescaped(text)] : [text]) {
      for (let at = 0; at + WINDOW <= view.length; at++) {
        const name = windows.get(view.slice(at, at + WINDOW));
        if (name !== undefined) seen(name);
      }
      for (const [form, name] of short) if (view.includes(form)) seen(name);
    }
  }
  return [...found]
    .map(([name, members]) => `${name} in ${[...members].slice(0, 3).join(", ")} (${members.size})`)
    .sort();
}

function unescaped(text: string): string {
  return text
    .replaceAll(/\\+u00([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/\\+([/"nrt\\])/g, "$1");
}

/**
 * Whether JSON text nests deeper than `limit`. Looks at brackets outside strings only, so it also answers for text that is
 * not valid JSON. To be asked before JSON.parse: what parses at depth 1,000,000 overflows the stack of whoever walks it.
 */
export function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at++;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

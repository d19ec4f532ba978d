const signedToken = /\b(eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.)[A-Za-z0-9_-]{8,}/g;

/** A text whose tokens have lost their signatures, and how many had one. */
export function dropSignatures(text: string): { readonly text: string; readonly tokens: number } {
  let tokens = 0;
  const clean = text.replace(signedToken, (_, kept: string) => {
    tokens++;
    return kept;
  });
  return { text: clean, tokens };
}

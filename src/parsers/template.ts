/** Enough to tell messages apart, and what bounds the work per line. */
const TEMPLATE_CHARS = 2_048;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
/** The alphabet of generated names: no vowels, no 0 1 3 (apimachinery/pkg/util/rand). */
const GENERATED_SUFFIX = /-[bcdfghjklmnpqrstvwxz2456789]{5}(?![A-Za-z0-9-])/g;
/** A quoted name of an object, which has a dash, dot, slash or digit; `"calico"` and `"KillPodSandbox"` are words and stay, as does `type="…"`. */
const QUOTED_NAME = /(?<![=A-Za-z])"[A-Za-z_]*[-./0-9:@][A-Za-z0-9_./:@-]{0,252}\\{0,3}"/g;
/** Arguments naming a pod: klog's `pod="ns/name"`, and the CNI arguments, whose order is random. */
const POD_ARGUMENT = /\b(pods?|podUID|containerID|args)=(?:"[^"\s]{0,512}"|[^\s"]{1,1024})/g;
const WORD_WITH_DIGIT = /(?<![A-Za-z0-9])[A-Za-z]*\d[A-Za-z0-9]*/g;
/** What makes a number a code: `HTTP 401`, `code = 13`, `resp=400`, `exitCode=137`. Those are words. */
const CODE_BEFORE = /(?:HTTP(?:\/[12](?:\.\d)?)?|code|status|response|resp)["']?[ =:]{1,3}$/i;

/**
 * A message without what differs from one occurrence to the next: UUIDs, numbers, long and mixed identifiers, addresses and quoted names
 * of objects become `#`. Words, plugin types and status codes stay, so that two errors do not become one. Cut at 2 KiB.
 */
export function templateOf(message: string): string {
  return message
    .slice(0, TEMPLATE_CHARS)
    .replace(UUID, "#")
    .replace(POD_ARGUMENT, "$1=#")
    .replace(QUOTED_NAME, '"#"')
    .replace(GENERATED_SUFFIX, "-#")
    .replace(WORD_WITH_DIGIT, templateWord)
    .replace(/ {2,}/g, " ");
}

function templateWord(word: string, offset: number, whole: string): string {
  if (/^\d{1,3}$/.test(word) && CODE_BEFORE.test(whole.slice(Math.max(0, offset - 16), offset))) return word;
  if (word.length >= 8) return "#";
  const stem = /^([A-Za-z]+)\d+$/.exec(word)?.[1];
  if (stem !== undefined) return `${stem}#`;
  return word.length >= 5 ? "#" : word.replace(/\d+/g, "#");
}

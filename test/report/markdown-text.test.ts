import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { codeSpan, fence, joinInline, lineStart, prose } from "#report/markdown-text.js";
import { visibleLine, visibleLines } from "#report/visible.js";
import { HIDDEN, HOSTILE } from "#test/report/hostile.js";

const test = suite("markdown text");

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(...HOSTILE),
  fc.stringMatching(/^[`|\\\n a]{0,40}$/),
);
/** The inside of a code span by CommonMark's rule: it ends at the first run as long as the opening one. */
function insideOfSpan(span: string): string | null {
  const open = /^`+/.exec(span)?.[0] ?? "";
  const rest = span.slice(open.length);
  for (const run of rest.matchAll(/`+/g)) {
    if (run[0].length !== open.length) continue;
    return run.index + run[0].length === rest.length ? rest.slice(0, run.index) : null;
  }
  return null;
}

/** What is left of rendered Markdown when its code spans are taken out. */
const outsideCode = (rendered: string): string => rendered.replace(/(?<!\\)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, "");

for (const [text, line, cell] of [
  ["plain", "`plain`", "`plain`"],
  ["a|b", "`a|b`", "`a\\u{7c}b`"],
  ["\\|", "`\\|`", "`\\\\u{7c}`"],
  ["a`b", "``a`b``", "``a`b``"],
  ["`", "`` ` ``", "`` ` ``"],
  ["a``b`", "``` a``b` ```", "``` a``b` ```"],
  [" a ", "`  a  `", "`  a  `"],
  ["", "`(empty)`", "`(empty)`"],
  ["a\nb\tc\rd", "`a\\nb\\tc\\u{d}d`", "`a\\nb\\tc\\u{d}d`"],
  ["\u001b[31m\u202e", "`\\u{1b}[31m\\u{202e}`", "`\\u{1b}[31m\\u{202e}`"],
  ["{{x}}", "`{{x}}`", "`{{x}}`"],
] as const)
  test(`code span of ${JSON.stringify(text)}`, () => {
    assert.is(codeSpan(text), line);
    assert.is(codeSpan(text, "cell"), cell);
  });

for (const [text, shown] of [
  ["the pod is gone", "the pod is gone"],
  ["see `conf_dir` there", "see `conf_dir` there"],
  ["ask @everyone, now", "ask `@everyone`, now"],
  ["at https://e.example/x.", "at `https://e.example/x`."],
  ["run collect.sh", "run `collect.sh`"],
  ["in /etc/cni/net.d;", "in `/etc/cni/net.d`;"],
  ["and/or 24/7 (3 of 4)", "and/or 24/7 (3 of 4)"],
  ["1 < 2 & 3 > 2", "1 &lt; 2 &amp; 3 &gt; 2"],
  ["*x* _y_ a_b", "\\*x\\* \\_y\\_ a_b"],
  ["~59 min ~a~", "~59 min &#126;a&#126;"],
  ["PGM-204 UTC-4", "`PGM-204` UTC-4"],
  ["#1 a:smile:b", "`#1` `a:smile:b`"],
  ["a\nb", "a b"],
  ["x <b>y", "x `<b>y`"],
] as const)
  test(`prose of ${JSON.stringify(text)}`, () => assert.is(prose(text), shown));

for (const [text, shown] of [
  ["# a", "\\# a"],
  ["- a", "\\- a"],
  ["1. a", "1\\. a"],
  ["12:01 a", "12:01 a"],
  ["=== x", "&#61;== x"],
  ["!!! note", "\\!!! note"],
  ["??? x", "&#63;?? x"],
] as const)
  test(`line start of ${JSON.stringify(text)}`, () => assert.is(lineStart(text), shown));

test("a code span is one span, on one line, with nothing hidden", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const span = codeSpan(text, "cell");
      assert.is.not(insideOfSpan(span), null);
      assert.not.match(span, HIDDEN);
      assert.not.match(span, /[\n|]/);
    }),
    { numRuns: 2000 },
  );
});

test("a fence is not closed by what it holds", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const lines = fence(text, "text").split("\n");
      const mark = /^`{3,}/.exec(lines[0] ?? "")?.[0] ?? "";
      assert.is(lines.at(-1), mark);
      assert.not.ok(lines.slice(1, -1).some((line) => line.includes(mark)));
      assert.not.match(lines.join("\n"), HIDDEN);
    }),
  );
});

test("prose leaves no mark outside code, on one line", () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      const shown = prose(`${a} ${b}`, "cell");
      const bare = outsideCode(shown).replace(/&(?:amp|lt|gt|#\d+);/g, "");
      assert.not.match(shown, HIDDEN);
      assert.not.match(shown, /\n/);
      assert.not.match(bare, /[<>|@#$[\]{}]|:\/\/|www\.|(?<!\\)[*`]|~~/, JSON.stringify([a, b, shown]));
    }),
    { numRuns: 2000 },
  );
});

test("pieces that touch stay two spans", () => {
  assert.is(joinInline(["`a`", "`b`"]), "`a` `b`");
  assert.is(joinInline(["`a`", "", "``b`c``"]), "`a` ``b`c``");
});

test("making visible twice changes nothing", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.is(visibleLine(visibleLine(text)), visibleLine(text));
      assert.is(visibleLines(visibleLines(text)), visibleLines(text));
    }),
  );
});

test("long hostile text takes no time that grows with its square", () => {
  const started = process.hrtime.bigint();
  for (const unit of [" ", "`", "[", "\u001b", "eyJ", ")", "_", ":", "a:", "\n", "<", "0123abc"]) {
    const text = `${unit.repeat(100_000)}y`;
    prose(text);
    codeSpan(text, "cell");
    fence(text, "text");
  }
  assert.ok(process.hrtime.bigint() - started < 20_000_000_000n);
});

test.run();

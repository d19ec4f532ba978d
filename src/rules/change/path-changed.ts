import type { PathValue } from "#model/fact.js";
import type { Change } from "#model/finding.js";
import { type Instant, latestOf } from "#model/instant.js";
import { type ComparedMoment, defineChange } from "#model/rule.js";
import { citing, code, codes, type Statement, say, time } from "#model/statement.js";
import { type Cited, either, groupBy, span } from "#rules/kubelet/_pods.js";
import { isCniPath } from "#rules/timeline/_agents.js";
import { directoryOf, nameOf } from "#rules/timeline/_cni-paths.js";
import { together } from "#rules/timeline/_troubled.js";
import { isRepair } from "./_repair.js";
import { filesOf, type Pair, type PathFact, pairsOf, pathKey, rewrittenFiles } from "./_rewritten.js";
import { describeToken, type Replaced, replacedTokens, replacement } from "./_tokens.js";

const TYPES: Readonly<Record<PathValue["type"], string>> = {
  f: "a file",
  d: "a directory",
  l: "a link",
  c: "a character device",
  b: "a block device",
  p: "a named pipe",
  s: "a socket",
  absent: "absent",
  denied: "unreadable",
};

/** CNI directories and files that are of another type, lead elsewhere or were written anew, with another token where they hold one. */
export default defineChange({
  id: "path-changed",
  needs: { paths: "path" },
  *compare(earlier, later) {
    const files = filesOf(earlier, later);
    const tokens = replacedTokens(earlier, later);
    const rewritten = rewrittenFiles(earlier, later);
    for (const group of groupBy(rewritten, ({ now }) => `${now.node ?? ""}\n${directoryOf(now.value.path)}`).values()) {
      for (const pairs of together(group, ({ now }) => now.value.mtime?.epochMs ?? 0))
        yield named(rewriting(pairs, tokens), true, earlier, later);
    }
    for (const { was, now } of pairsOf(earlier, later)) {
      if (isRetyped(was, now) && (isCniPath(now.value.path) || files.has(pathKey(now)))) {
        const change = retyping(was, now);
        // What a link leads to may be old; and only a link in the place of a directory brings two of them together.
        yield was.value.type === "d" && now.value.type === "l" ? named(change, false, earlier, later) : change;
      }
    }
  },
});

/** With the name of a repair where it can be one. */
function named(change: Change, isLast: boolean, earlier: ComparedMoment, later: ComparedMoment): Change {
  const [node = ""] = change.about.node ?? [];
  return isRepair({ node, at: change.at, isLast }, earlier, later) ? { ...change, kind: "repair" } : change;
}

function retyping(was: PathFact, now: PathFact): Change {
  const node = now.node ?? "";
  return {
    rule: "path-changed",
    subject: `${node}|type|${now.value.path}`,
    kind: "change",
    about: { node: [node], path: [now.value.path] },
    // What a link replaced is gone with its time; only the link's own time says when.
    at: now.value.type === "absent" ? null : now.value.mtime,
    statements: [retyped(was, now)],
  };
}

function rewriting(pairs: readonly [Pair, ...Pair[]], tokens: ReadonlyMap<string, Replaced>): Change {
  const [first] = pairs;
  const [node, directory] = [first.now.node ?? "", directoryOf(first.now.value.path)];
  const names = pairs.map((p) => nameOf(p.now.value.path)).sort();
  const replaced = pairs.flatMap((p) => tokens.get(pathKey(p.now)) ?? []);
  return {
    rule: "path-changed",
    subject: `${node}|file|${directory}|${names.join()}`,
    kind: "change",
    about: { node: [node], path: pairs.map((p) => p.now.value.path) },
    at: pairs.map((p) => p.now.value.mtime).reduce(latestOf, null),
    statements: [written(pairs, names, replaced), ...replaced.map(tokenStatement)],
  };
}

function written(
  pairs: readonly [Pair, ...Pair[]],
  names: readonly string[],
  replaced: readonly Replaced[],
): Statement {
  const [first, ...rest] = pairs;
  const after: Cited = [first.now.evidence, ...rest.map((p) => p.now.evidence)];
  const before: Cited = [first.was.evidence, ...rest.map((p) => p.was.evidence)];
  const times = (of: "was" | "now"): readonly Instant[] => pairs.flatMap((p) => p[of].value.mtime ?? []);
  const [token] = replaced;
  const then = token ? say`; ${replacement(token)}` : citing(...after);
  return say`${codes(names, 4, ...after)} in ${code(directoryOf(first.now.value.path), ...after)} on ${code(first.now.node ?? "", ...after)}, last written ${span(times("was"), ...before)}, ${either(names.length, "was", "were", ...after)} written anew ${span(times("now"), ...after)}${then}.`;
}

const tokenStatement = ({ was, now }: Replaced): Statement =>
  say`${code(nameOf(now.value.path), now.evidence)} held a token ${describeToken(was)}, and then one ${describeToken(now)}.`;

const isRetyped = (was: PathFact, now: PathFact): boolean =>
  was.value.type !== now.value.type || (now.value.type === "l" && was.value.target !== now.value.target);

function retyped(was: PathFact, now: PathFact): Statement {
  const path = code(now.value.path, now.evidence);
  const node = code(now.node ?? "", now.evidence);
  const before = what(was);
  const since =
    now.value.mtime && now.value.type !== "absent"
      ? say`, by its own time made at ${time(now.value.mtime, now.evidence)}`
      : citing(now.evidence);
  return say`${path} on ${node} was ${before}, and then ${what(now)}${since}.`;
}

function what(path: PathFact): ReturnType<typeof citing> {
  const words = { parts: [{ kind: "text" as const, text: TYPES[path.value.type] }], evidence: [path.evidence] };
  return path.value.type === "l" && path.value.target !== null
    ? say`${words} to ${code(path.value.target, path.evidence)}`
    : words;
}

import type { Evidence } from "#model/evidence.js";
import type { PodTemplate } from "#model/fact.js";
import { code, codes, type Quoted, type Statement, say } from "#model/statement.js";
import type { Revision } from "./_agents.js";
import { isCniPath } from "./_agents.js";

/** At most so many differences are told in one row. */
const SHOWN = 5;

type Sides = readonly [after: Evidence, before: Evidence];

/**
 * What a revision changes, as fragments: first where the agent writes (`cni-net-dir`, CNI_NET_DIR), then its other host paths and
 * names of files, and last, in short, its images.
 */
export function templateChanges(before: Revision, after: Revision): readonly Statement[] {
  const [from, to] = [before.value.template, after.value.template];
  if (!from || !to) return [];
  const sides: Sides = [after.evidence, before.evidence];
  const fields = [
    ...differences(hostPaths(from), hostPaths(to)),
    ...differences(environment(from), environment(to)),
  ].sort((a, b) => rank(a) - rank(b));
  return [...fields.slice(0, SHOWN).map((d) => told(d, sides)), ...imagesTold(images(from), images(to), sides)];
}

const hostPaths = (template: PodTemplate): ReadonlyMap<string, string> =>
  new Map(template.hostPaths.filter((h) => isCniPath(h.path) || /^cni-/.test(h.name)).map((h) => [h.name, h.path]));

const environment = (template: PodTemplate): ReadonlyMap<string, string> =>
  new Map(template.containers.flatMap((c) => Object.entries(c.env).filter(([name]) => /^CNI_.*(DIR|NAME)/.test(name))));

/** Without the registry. */
const images = (template: PodTemplate): readonly string[] =>
  [...new Set(template.containers.flatMap((c) => c.image?.split("/").slice(-2).join("/") ?? []))].sort();

interface Difference {
  readonly name: string;
  readonly old: string | undefined;
  readonly now: string | undefined;
}

function differences(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): readonly Difference[] {
  const names = [...new Set([...from.keys(), ...to.keys()])].sort();
  return names.map((name) => ({ name, old: from.get(name), now: to.get(name) })).filter(({ old, now }) => old !== now);
}

const FIRST = ["cni-net-dir", "CNI_NET_DIR"];
const rank = ({ name }: Difference): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);

function told({ name, old, now }: Difference, [after, before]: Sides): Statement {
  const subject = code(name, old === undefined ? after : before);
  if (old === undefined) return say`${subject} is new: ${code(now ?? "", after)}`;
  if (now === undefined) return say`${subject}, ${code(old, before)} before, is gone`;
  return say`${subject} from ${code(old, before)} to ${code(now, after)}`;
}

/** `images v3.13.2 → v3.29.3` where all images share their tag, else by name. */
function imagesTold(from: readonly string[], to: readonly string[], [after, before]: Sides): readonly Statement[] {
  if (from.length === 0 || to.length === 0 || from.join() === to.join()) return [];
  const [old, now] = [oneTag(from), oneTag(to)];
  const side = (list: readonly string[], tag: string | null, e: Evidence): Quoted =>
    tag !== null && old !== null && now !== null && old !== now ? code(tag, e) : codes(list, 2, e);
  return [say`images ${side(from, old, before)} → ${side(to, now, after)}`];
}

function oneTag(list: readonly string[]): string | null {
  const tags = new Set(list.map((image) => /:([^:@/]+)$/.exec(image)?.[1] ?? ""));
  const [tag] = tags;
  return tags.size === 1 && tag ? tag : null;
}

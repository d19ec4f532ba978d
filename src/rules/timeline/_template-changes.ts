import type { Evidence } from "#model/evidence.js";
import type { PodTemplate } from "#model/fact.js";
import { code, type Statement, say } from "#model/statement.js";
import type { Revision } from "./_agents.js";
import { isCniPath } from "./_agents.js";

/** At most so many differences are told in one row. */
const SHOWN = 5;

/** What a revision changes of host paths, of environment that names CNI files, and of images, as fragments. */
export function templateChanges(before: Revision, after: Revision): readonly Statement[] {
  const [from, to] = [before.value.template, after.value.template];
  if (!from || !to) return [];
  const evidence = [after.evidence, before.evidence] as const;
  return [
    ...differences("hostPath", hostPaths(from), hostPaths(to), evidence),
    ...differences("environment variable", environment(from), environment(to), evidence),
    ...differences("image of", images(from), images(to), evidence),
  ].slice(0, SHOWN);
}

const hostPaths = (template: PodTemplate): ReadonlyMap<string, string> =>
  new Map(template.hostPaths.filter((h) => isCniPath(h.path) || /^cni-/.test(h.name)).map((h) => [h.name, h.path]));

const environment = (template: PodTemplate): ReadonlyMap<string, string> =>
  new Map(template.containers.flatMap((c) => Object.entries(c.env).filter(([name]) => /^CNI_.*(DIR|NAME)/.test(name))));

const images = (template: PodTemplate): ReadonlyMap<string, string> =>
  new Map(template.containers.flatMap((c) => (c.image === null ? [] : [[c.name, c.image] as const])));

function differences(
  what: "hostPath" | "environment variable" | "image of",
  from: ReadonlyMap<string, string>,
  to: ReadonlyMap<string, string>,
  [after, before]: readonly [Evidence, Evidence],
): readonly Statement[] {
  const names = [...new Set([...from.keys(), ...to.keys()])].sort();
  return names.flatMap((name) => {
    const [old, now] = [from.get(name), to.get(name)];
    if (old === now) return [];
    const subject = {
      parts: [{ kind: "text" as const, text: `${what} ` }, ...code(name, after).parts],
      evidence: [after],
    };
    if (old === undefined) return now === undefined ? [] : [say`${subject} ${code(now, after)} is new`];
    if (now === undefined) return [say`${subject} ${code(old, before)} is gone`];
    return [say`${subject} from ${code(old, before)} to ${code(now, after)}`];
  });
}

import type { Finding } from "#model/finding.js";
import { type Command, type Consequence, shellWord } from "#model/rule.js";
import { type Setting, settingOf } from "./_conf-dir-setting.js";

type Step = Consequence["fix"][number];

/** What a person reads of several nodes. */
export const named = (nodes: readonly string[]): string =>
  nodes.length <= 3 ? nodes.join(" and ") : `${nodes.slice(0, 2).join(", ")} and ${nodes.length - 2} more nodes`;

/** The configuration of this one runtime is what differs: to move the agent's directory would part it from all others. */
export function reread(finding: Finding): Step {
  const text = (key: string): string => String(finding.value[key] ?? "");
  const [node, meeting, reads] = ["node", "confDirMeeting", "reads"].map(text) as [string, string, string];
  const peers = text("peers") === "" ? "" : `, as on ${named(text("peers").split(" "))}`;
  const setting = settingOf(finding);
  const { key, maker, made, where, find } = setting;
  const lead = `Have the runtime on ${node} read ${meeting}${peers}`;
  if (text("confFileDrops") !== "") return restore(text, lead, setting);
  const said = key.startsWith("--") ? `${key}=${reads}, or none where that is the default` : `${key} = "${reads}"`;
  const looked: Command = { ...find, expect: maker === "k3s" ? `${said}; ${BY_ITSELF}` : said };
  return {
    step: maker
      ? `${lead}: ${maker} writes ${made} anew at each start, so change ${key} in its template ${setting.file}, then restart ${maker === "MicroK8s" ? "its containerd" : maker}. Running containers stay.`
      : `${lead}: change ${key}${where}, then restart ${key.startsWith("--") ? "it" : "the runtime"}, which reads its configuration when it starts. Running containers stay.`,
    commands: [looked, ...change(node, setting), ...inForce(node, meeting, setting)],
  };
}

const BY_ITSELF =
  "where no template does, k3s set it by itself: compare the flags of its server first (with `flannel-backend: none` it sets none)";

/** An editor with the file; a template that is not there yet begins as what was made without one. */
function change(node: string, { key, file, maker, made }: Setting): readonly Command[] {
  if (file === null) return [];
  const [target, origin] = [shellWord(file), shellWord(made)];
  const keep =
    maker === null || maker === "MicroK8s"
      ? `cp -p ${target} ${target}.before`
      : `if [ -f ${target} ]; then cp -p ${target} ${target}.before; else cp -p ${origin} ${target}; fi`;
  return [
    {
      run: `# on ${shellWord(node)}, as root: change ${key}, and nothing else\n${keep} && "\${EDITOR:-vi}" ${target}`,
      expect: maker === null ? "an editor with the file" : "an editor with the template",
    },
  ];
}

function inForce(node: string, meeting: string, setting: Setting): readonly Command[] {
  const { before, asked, restart } = setting;
  const again = (on: string): Command => ({
    run: `# on ${shellWord(node)}, as root${on}\n${restart}`,
    expect: restart.startsWith("snap ") ? "Restarted." : "no output and exit code 0",
  });
  return before ? [asked(meeting), again(", where that is what it says")] : [again(""), asked(meeting)];
}

/** The file has no conf_dir to change: its section replaced the one that has. */
function restore(text: (key: string) => string, lead: string, setting: Setting): Step {
  const [node, file] = ["node", "confFile"].map((k) => shellWord(text(k)));
  const [meeting, main] = [text("confDirMeeting"), text("confFileDrops")];
  const made = /\/rancher\/(?:k3s|rke2)\//.exec(main) !== null || main.startsWith("/var/snap/microk8s/");
  return {
    step: `${lead}: the section in ${text("confFile")} replaces the whole section of ${main}, its conf_dir included. Write all of that section into ${made ? `the former, since the latter is written anew at each start` : "the one file or the other"}, then restart the runtime, which reads its configuration when it starts. Running containers stay.`,
    commands: [
      {
        run: `# on ${node}, as root: does it set a conf_dir of its own?\ngrep -c conf_dir ${file} || true`,
        expect: "0; where it says anything else, the file was changed since",
      },
      {
        run: `# on ${node}, as root: what of the section does it leave out? Carry that over\ngrep -n '' ${shellWord(main)} ${file}\ncp -p ${file} ${file}.before && "\${EDITOR:-vi}" ${file}`,
        expect: null,
      },
      ...inForce(text("node"), meeting, setting),
    ],
  };
}

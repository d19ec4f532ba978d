import { type Command, shellWord } from "#model/rule.js";

/** A configuration keeps its content under a name that no runtime loads; only where the one behind it is there to take its place. */
export const takeAway = (node: string, first: string, behind: string): Command => {
  const [a, b] = [first, behind].map(shellWord);
  return {
    run: `# on ${shellWord(node)}, as root; nothing is done where either is not there\n[ -f ${b} ] && [ -f ${a} ] && mv ${a} ${a}.before`,
    expect: "no output and exit code 0",
  };
};

/** The first by name is what containerd takes (go-cni opts.go). */
export const whichFirst = (node: string, directory: string, expect: string): Command => ({
  run: `# on ${shellWord(node)}: which comes first now?\nLC_ALL=C ls ${shellWord(directory)} | grep -E '\\.(conf|conflist|json)$' | head -n 1`,
  expect,
});

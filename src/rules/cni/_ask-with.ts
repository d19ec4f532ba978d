import type { Finding } from "#model/finding.js";
import { type Command, shellWord } from "#model/rule.js";

interface Question {
  readonly run: string;
  /** What an accepted token brings. */
  readonly expect: string;
}

/**
 * Asks the API server with a kubeconfig, as the plugin would. Calico's plugin asks for this object at every call; of another plugin it is not
 * known what its account may read, and every account may ask for the version (clusterrole system:public-info-viewer), while a token that is
 * not accepted is refused even so.
 */
export function questionWith(path: string, plugin: Finding["value"][string] | undefined): Question {
  const kubectl = `kubectl --kubeconfig ${shellWord(path)} get`;
  return plugin === undefined
    ? {
        run: `${kubectl} clusterinformations.crd.projectcalico.org default`,
        expect: "one line naming `default`",
      }
    : { run: `${kubectl} --raw /version`, expect: "a version" };
}

/** What shows whether the credential of a finding is accepted: `plugin` of its values tells whose it is, where it is not Calico's. */
export function askWith(node: string, path: string, { plugin }: Finding["value"]): Command {
  const { run, expect } = questionWith(path, plugin);
  const given = plugin === undefined ? "the plugin" : String(plugin);
  return {
    run: `# on ${shellWord(node)}, as root: is the token that ${given} is given accepted?\n${run}`,
    expect: `${expect}; \`Unauthorized\` means that the token is refused`,
  };
}

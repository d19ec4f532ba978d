import { defineTimeline } from "#model/rule.js";
import { code, say } from "#model/statement.js";
import { isMade } from "#rules/cni/_conf-dir-setting.js";
import { isApproximate } from "./_troubled.js";

/** When the configuration of a container runtime was written, where it is what parts its node from the others. */
export default defineTimeline({
  id: "runtime-config",
  *observe({ context, view }) {
    for (const finding of context.findings("cni-conf-dir-diverged")) {
      const [node, path] = [String(finding.value["node"] ?? ""), String(finding.value["confFile"] ?? "")];
      const file = view("path")
        .on(node)
        .find((p) => p.value.path === path);
      if (path === "" || !file?.value.mtime || isMade(finding.value)) continue;
      yield {
        at: file.value.mtime,
        approximate: isApproximate(file.value.mtime.precisionMs),
        statement: say`${code(path, file.evidence)} on ${code(node, file.evidence)}, which has the runtime there read another directory than the CNI agent writes to, last written.`,
        source: "mtime",
      };
    }
  },
});

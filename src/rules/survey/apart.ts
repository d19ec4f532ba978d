import { defineSurvey } from "#model/rule.js";
import { codes, count, say } from "#model/statement.js";
import { failingPods } from "#rules/kubelet/_failing.js";
import { podName } from "#rules/kubelet/_pods.js";

/** Applications that do not run, beside whatever else was found: no finding, and nothing to be surprised by. */
export default defineSurvey({
  id: "apart",
  *survey({ context }) {
    const [first, ...rest] = context.derive(failingPods).filter((f) => f.lasting && f.apart);
    if (!first) return;
    const evidence = [first.evidence, ...rest.slice(0, 11).map((f) => f.evidence)] as const;
    const reasons = [...new Set([first, ...rest].map((f) => f.reason))].sort();
    const names = codes(
      [first, ...rest].map((f) => podName(f.pod)),
      5,
      ...evidence,
    );
    const statement = say`${count(rest.length + 1, "pod", ...evidence)} of applications (${names}) had a container in ${codes(reasons, 5, ...evidence)}; nothing that was collected shows more in it than the container itself`;
    yield { section: "examined", name: "applications", statement };
  },
});

import { defineSurvey } from "#model/rule.js";
import { codes, say } from "#model/statement.js";
import { cordons } from "#rules/scheduling/_cordon.js";

/** Which nodes somebody has closed to new pods. It is no fault, and explains much. */
export default defineSurvey({
  id: "cordoned",
  *survey({ context }) {
    const [first, ...rest] = [...context.derive(cordons)];
    if (!first) return;
    const names = [first, ...rest].map(([name]) => name);
    const statement = say`${codes(names, 12, first[1].evidence, ...rest.map(([, c]) => c.evidence))}`;
    yield { section: "environment", name: "Cordoned", statement };
  },
});

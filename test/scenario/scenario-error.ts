/** Why a scenario cannot be built. */
export type ScenarioErrorCode = "yaml" | "schema" | "key" | "value" | "path" | "conflict";

/** A fault of the scenario file; `message` is one line: scenario, artifact, line, what is wrong, what is allowed. */
export class ScenarioError extends Error {
  readonly code: ScenarioErrorCode;

  constructor(code: ScenarioErrorCode, message: string) {
    super(message.replace(/\s*\n\s*/g, " "));
    this.name = "ScenarioError";
    this.code = code;
  }
}

/**
 * Gives up on a scenario.
 * @param place where in the scenario, such as `scenario x: artifact 3 (cluster/pods.json), item 2`
 * @throws ScenarioError always
 */
export function fail(code: ScenarioErrorCode, place: string, what: string): never {
  throw new ScenarioError(code, `${place}: ${what}`);
}

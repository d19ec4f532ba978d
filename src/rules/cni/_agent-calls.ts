import type { Found } from "#model/finding.js";
import { AGENT_NOT_READY, agentOf } from "#rules/kubelet/_agent-text.js";

/**
 * Errors that want of an agent makes, beside the one that names it: one that does not reach the API server makes a victim of the agent as well,
 * and what a plugin says of another's socket or file is that one's matter.
 */
export const ITS_ERRORS = ["not-initialised", AGENT_NOT_READY];

export const errorsOf = (call: Found): readonly string[] => call.about.error ?? [];

export const isItsMatter = (call: Found): boolean =>
  errorsOf(call).some((e) => ITS_ERRORS.includes(e) || agentOf(e) !== null || e === "401" || e === "403");

/** An API server or registry that is out of reach, and a plugin that is not there, make a victim of the agent, or are none of its matters. */
export const mayBeAgent = (call: Found): boolean =>
  isItsMatter(call) || errorsOf(call).some((e) => e.startsWith("other:"));

import type { Action } from "#model/rule.js";

/** Each fits one symptom: an alert on another would not have fired. */
export const ALERT_ON_PENDING_PODS: Action = {
  title: "Alert on pods that have been without a node for 10 minutes, with what the scheduler says of them",
  type: "detect",
  priority: "Medium",
  doneWhen: "a test pod whose nodeSelector fits no node raises the alert within 15 minutes",
};

export const ALERT_ON_SLOW_STARTS: Action = {
  title: "Alert on pods that have been in ContainerCreating for 15 minutes",
  type: "detect",
  priority: "Medium",
  doneWhen: "a test pod that mounts a ConfigMap which does not exist raises the alert within 20 minutes",
};

export const ALERT_ON_FAILING_CONTAINERS: Action = {
  title: "Alert on containers that have waited with CrashLoopBackOff or ImagePullBackOff for 15 minutes",
  type: "detect",
  priority: "Medium",
  doneWhen: "a test pod with an image that does not exist raises the alert within 20 minutes",
};

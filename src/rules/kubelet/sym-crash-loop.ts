import { failingCard } from "./_container-failing.js";

export default failingCard({
  id: "sym:crash-loop",
  kind: "crash",
  title: "containers of pods end and are started again",
  label: "containers that do not stay up",
  asks: "How did the containers come to end?",
});

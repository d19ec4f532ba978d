import { failingCard } from "./_container-failing.js";

export default failingCard({
  id: "sym:container-start",
  kind: "start",
  title: "containers of pods cannot be started",
  label: "containers that cannot be started",
  asks: "How did the containers come not to start?",
});

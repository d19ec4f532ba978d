import { suite } from "uvu";
import * as assert from "uvu/assert";
import { antiAffinityOf } from "#parsers/pod-affinity.js";

const test = suite("pod affinity");

const read = (term: object) =>
  antiAffinityOf({
    value: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
  } as never);
const base = { topologyKey: "zone", labelSelector: { matchLabels: { app: "db" } } };
const selector = (matchLabels: object) => ({ matchLabels, matchExpressions: [] });

test("a term without a selector of namespaces has none: an empty one means all of them", () => {
  const plain = { topologyKey: "zone", selector: selector({ app: "db" }), namespaces: [] };
  assert.equal(read(base), [plain]);
  assert.equal(read({ ...base, namespaceSelector: null }), [plain]);
  assert.equal(read({ ...base, namespaceSelector: {} }), [{ ...plain, namespaceSelector: selector({}) }]);
  assert.equal(read({ ...base, namespaceSelector: { matchLabels: { team: "a" } } }), [
    { ...plain, namespaceSelector: selector({ team: "a" }) },
  ]);
});

test.run();

import { failingCard } from "./_container-failing.js";

export default failingCard({
  id: "sym:image-pull",
  kind: "image",
  title: "images of pods cannot be pulled",
  label: "images that cannot be pulled",
  asks: "How did the images come not to be pulled?",
});

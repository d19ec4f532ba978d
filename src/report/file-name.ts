import type { Review } from "#model/review.js";

const LONGEST = 100;

/** `YYYY-MM-DD-<slug>` without an extension: lower-case letters, digits and single hyphens only, whatever the slug holds. */
export function fileName(review: Pick<Review, "date" | "slug">): string {
  const slug = kebab(review.slug).slice(0, LONGEST).replace(/-$/, "");
  return `${kebab(review.date)}-${slug === "" ? "review" : slug}`;
}

const kebab = (text: string): string => (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).join("-");

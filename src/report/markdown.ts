import type { Review } from "#model/review.js";
import { helpersFor } from "./helpers.js";
import { reportZone } from "./report-zone.js";
import { fillTemplates } from "./templates.js";
import { viewOf } from "./view.js";

/**
 * The review as Markdown in the house's form, times in `zone` (IANA name). Every name from a bundle stands in code or is escaped, so that it
 * is inert on GitHub, GitLab, MkDocs and Linear. Ends with one line feed.
 */
export function renderMarkdown(review: Review, options: { readonly zone: string }): string {
  const zone = reportZone(review, options.zone);
  return `${fillTemplates(viewOf(review, zone), helpersFor(zone)).trimEnd()}\n`;
}

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import Handlebars from "handlebars";
import type { Helpers } from "./helpers.js";

type Template = ReturnType<typeof Handlebars.compile>;

/** From dist/src/report to the package's templates. */
const FOLDER = fileURLToPath(new URL("../../../templates/", import.meta.url));
const MAIN = "review";

let compiled: Readonly<Record<string, Template>> | undefined;

/** Fills the package's templates: `review.hbs` names the sections in order, each a file of its own. Helpers do all escaping. */
export function fillTemplates(view: object, helpers: Helpers): string {
  compiled ??= compileAll(Object.keys(helpers));
  const { [MAIN]: main, ...partials } = compiled;
  if (main === undefined) throw new Error(`${MAIN}.hbs is missing from the package's templates`);
  return main(view, { helpers: helpers as unknown as Record<string, Handlebars.HelperDelegate>, partials });
}

/** Only what the package ships is ever compiled; nothing from a bundle becomes a template or a partial's name. */
function compileAll(helperNames: readonly string[]): Record<string, Template> {
  const handlebars = Handlebars.create();
  const options = {
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries(helperNames.map((name) => [name, true])),
  };
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".hbs"));
  return Object.fromEntries(
    files.map((file) => [
      basename(file, ".hbs"),
      handlebars.compile(readFileSync(`${FOLDER}${file}`, "utf8"), options),
    ]),
  );
}

/** Markup without a build step: `html` makes Preact nodes from tagged templates. */

import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);

/** Starts the client: the language, the page, then what the server knows. */

import { render } from "preact";

import { countInTitle, followNotices } from "./away.js";
import { html } from "./html.js";
import { language, speak } from "./i18n/index.js";
import { begin } from "./session.js";
import { Shell } from "./views/shell.js";

speak(language.value);
render(html`<${Shell} />`, document.getElementById("app"));
countInTitle();
followNotices();
// The fonts come after the first drawing: they are not to stand before it on a slow line.
const fonts = document.getElementById("fonts");
requestAnimationFrame(() => Object.assign(fonts, { rel: "stylesheet", href: fonts.dataset.href }));
begin();

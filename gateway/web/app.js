/** Starts the client: the language, the page, then what the server knows. */

import { render } from "preact";

import { countInTitle } from "./away.js";
import { html } from "./html.js";
import { language, speak } from "./i18n/index.js";
import { begin, notify } from "./session.js";
import { Shell } from "./views/shell.js";

speak(language.value);
render(html`<${Shell} />`, document.getElementById("app"));
countInTitle();
begin().catch((error) => notify(error.code ?? "offline"));

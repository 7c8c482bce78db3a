/** Looking for experts by what they know, in one's own words; without words, everyone by name. */

import { useEffect, useState } from "preact/hooks";

import { findExperts } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { attempt } from "../session.js";
import { Avatar, Field, Reasons } from "./parts.js";

const PAUSE_MS = 300;
const SHOWN = 20;

export function ExpertsView() {
  const [q, setQ] = useState("");
  const [online, setOnline] = useState(false);
  const [found, setFound] = useState(null);
  useEffect(() => {
    let late = false;
    const look = async () => {
      const query = { limit: SHOWN, ...(q.trim() ? { q: q.trim() } : {}), ...(online ? { online } : {}) };
      await attempt(async () => {
        const items = await findExperts(query);
        if (!late) setFound(items);
      });
    };
    const timer = setTimeout(look, found === null ? 0 : PAUSE_MS);
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [q, online]);

  return html`<div class="page experts">
    <h1>${t("nav.experts")}</h1>
    <form role="search" onSubmit=${(event) => event.preventDefault()}>
      <${Field} id="experts-q" label=${t("experts.search")}>
        <input
          id="experts-q"
          type="search"
          maxlength="200"
          autocomplete="off"
          value=${q}
          onInput=${(event) => setQ(event.target.value)}
        />
      <//>
      <label class="switch">
        <input type="checkbox" role="switch" checked=${online} onChange=${(event) => setOnline(event.target.checked)} />
        <span>${t("experts.online")}</span>
      </label>
    </form>
    <p class="only-read" role="status">${found && t("experts.found", { count: found.length })}</p>
    ${found?.length === 0 && html`<p class="empty">${t("invite.none")}</p>`}
    <ul class="people">
      ${found?.map((expert) => html`<${Expert} key=${expert.expertId} expert=${expert} />`)}
    </ul>
  </div>`;
}

function Expert({ expert }) {
  return html`<li class="candidate">
    <div class="row">
      <${Avatar} name=${expert.displayName} online=${expert.online} />
      <span class="grow">
        <b>${expert.displayName}</b>
        <small>${expert.specialties.map((one) => one.name).join(" · ")}</small>
      </span>
      ${expert.rating && html`<span class="badge"
        ><span aria-hidden="true">★ ${expert.rating.toFixed(1)}</span
        ><span class="only-read">${t("rate.stars", { count: expert.rating.toFixed(1) })}</span></span
      >`}
    </div>
    <${Reasons} reasons=${expert.reasons} />
  </li>`;
}

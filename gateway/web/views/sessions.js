/** Where one is signed in, and ending it there. */

import { useEffect, useState } from "preact/hooks";

import { endSession, readSessions } from "../actions.js";
import { html } from "../html.js";
import { ago, t } from "../i18n/index.js";
import { attempt, signOutEverywhere } from "../session.js";
import { now } from "../state/clock.js";

export function Sessions() {
  const [items, setItems] = useState(null);
  const read = () => attempt(async () => setItems(await readSessions()));
  useEffect(() => {
    read();
  }, []);
  if (!items) return null;
  return html`<section class="card sessions">
    <h2>${t("sessions.title")}</h2>
    <ul class="list">
      ${items.map(
        (one) => html`<li key=${one.id} class="row">
          <span class="grow">
            <b>${t("sessions.since", { when: ago(one.since, now.value) })}</b>
            <small>${one.current ? t("sessions.here") : t("sessions.renewed", { when: ago(one.renewedAt, now.value) })}</small>
          </span>
          ${!one.current &&
          html`<button class="secondary" type="button" onClick=${async () => (await attempt(() => endSession(one.id))) && read()}>
            ${t("sessions.end")}
          </button>`}
        </li>`,
      )}
    </ul>
    ${items.length > 1 &&
    html`<p class="actions"><button class="plain" type="button" onClick=${signOutEverywhere}>${t("sign_out.everywhere")}</button></p>`}
  </section>`;
}

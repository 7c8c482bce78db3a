/** Finding an expert by name or field, and bringing them into the room. */

import { useState } from "preact/hooks";

import { findExperts, invite } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { attempt } from "../session.js";
import { Avatar, Field } from "./parts.js";

const SHOWN = 6;

export function Invite({ room }) {
  const [found, setFound] = useState(null);
  const [busy, setBusy] = useState(false);
  const inRoom = new Set(room.participants.map((person) => person.userId));

  async function search(event) {
    event.preventDefault();
    const q = new FormData(event.target).get("q").trim();
    if (!q) return;
    setBusy(true);
    await attempt(async () => setFound(await findExperts({ q, limit: SHOWN })));
    setBusy(false);
  }

  return html`<section class="invite">
    <h2>${t("invite.title")}</h2>
    <form role="search" onSubmit=${search}>
      <${Field} id="invite-q" label=${t("invite.search")}>
        <input id="invite-q" name="q" type="search" maxlength="200" autocomplete="off" />
      <//>
    </form>
    <ul class="people" aria-live="polite" aria-busy=${busy}>
      ${found?.length === 0 && html`<li class="empty">${t("invite.none")}</li>`}
      ${found
        ?.filter((expert) => !inRoom.has(expert.expertId))
        .map((expert) => html`<${Found} key=${expert.expertId} expert=${expert} roomId=${room.id} />`)}
    </ul>
  </section>`;
}

function Found({ expert, roomId }) {
  const [busy, setBusy] = useState(false);
  async function bring() {
    setBusy(true);
    if (!(await attempt(() => invite(roomId, expert.expertId)))) setBusy(false);
  }
  return html`<li class="row">
    <${Avatar} name=${expert.displayName} online=${expert.online} />
    <span class="grow">
      <b>${expert.displayName}</b>
      <small class="cut">${expert.specialties.map((one) => one.name).join(" · ")}</small>
    </span>
    <button class="secondary" type="button" disabled=${busy} onClick=${bring}>${t("invite.do")}</button>
  </li>`;
}

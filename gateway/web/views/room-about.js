/** The right pane of a room: its question, who is here, bringing someone in, and ending it. */

import { useEffect, useState } from "preact/hooks";

import { leave } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { attempt, readQuestion } from "../session.js";
import { state } from "../state/store.js";
import { Alike, Sharing } from "./archive.js";
import { putIn } from "./composer.js";
import { Draft } from "./draft.js";
import { Invite } from "./invite.js";
import { MemberRole } from "./messages.js";
import { Avatar, Status } from "./parts.js";
import { Moves } from "./question.js";
import { Rating } from "./rating.js";

export function RoomAbout({ id }) {
  const [shown, setShown] = useState(false);
  const room = state.value.rooms[id];
  const question = state.value.questions[room.questionId] ?? { content: room.question };
  const mine = question.userId === state.value.me.id;
  const role = room.participants.find((person) => person.userId === state.value.me.id)?.role;
  const resolved = question.status === "resolved" && room.status === "closed";
  // How it ended is no frame to the experts.
  useEffect(() => {
    if (room.status === "closed" && room.questionId && role === "expert") readQuestion(room.questionId).catch(() => {});
  }, [room.status]);
  function use(text) {
    setShown(false);
    putIn(id, text);
  }
  return html`<aside class=${`about room-about ${shown ? "shown" : ""}`} aria-label=${t("room.about")}>
    <button class="plain narrow-only about-switch" type="button" aria-expanded=${shown} onClick=${() => setShown(!shown)}>
      ${shown ? t("close") : t("room.about")}
    </button>
    <div class="about-inner">
      ${question.content &&
      html`<section>
        <h2>${t("room.question")}</h2>
        <p class="words">${question.content}</p>
        <p class="meta">${question.status && html`<${Status} status=${question.status} />`}</p>
        ${mine && html`<p class="actions"><${Moves} question=${question} /></p>`}
      </section>`}
      ${resolved && (mine || role === "expert") && html`<${Sharing} question=${question} />`}
      ${room.status === "active" && role === "expert" && html`<${Draft} key=${id} questionId=${room.questionId} onUse=${use} />`}
      ${room.status === "active" && html`<${Alike} similar=${question.similar} title=${t(mine ? "similar.after" : "offers.alike")} />`}
      ${mine && question.status === "resolved" && html`<${Rating} question=${question} />`}
      <section>
        <h2>${t("room.members")}</h2>
        <ul class="people">
          ${room.participants.map((person) => html`<${Person} key=${person.userId} person=${person} />`)}
        </ul>
      </section>
      ${room.status === "active" && role !== "guest" && html`<${Invite} room=${room} />`}
      ${room.status === "active" && !mine && html`<${Leave} roomId=${id} />`}
    </div>
  </aside>`;
}

function Person({ person }) {
  const { me, presence } = state.value;
  const own = person.userId === me.id;
  const online = own || Boolean(presence[person.userId]);
  return html`<li class="row">
    <${Avatar} name=${person.userName} online=${online} />
    <span class="grow">
      <b>${person.userName}${own && ` (${t("room.you")})`}</b>
      <small>${online ? t("room.online") : t("room.offline")}</small>
    </span>
    <${MemberRole} role=${person.role} />
  </li>`;
}

function Leave({ roomId }) {
  const [asking, setAsking] = useState(false);
  if (!asking) {
    return html`<button class="plain" type="button" onClick=${() => setAsking(true)}>${t("room.leave")}</button>`;
  }
  return html`<div role="alertdialog" aria-label=${t("room.leave")}>
    <p>${t("room.leave.sure")}</p>
    <p class="actions">
      <button class="secondary" type="button" onClick=${() => attempt(() => leave(roomId))}>${t("room.leave")}</button>
      <button class="plain" type="button" onClick=${() => setAsking(false)}>${t("cancel")}</button>
    </p>
  </div>`;
}

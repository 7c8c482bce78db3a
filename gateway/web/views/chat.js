/** A room's conversation: who is in it, what was said, who is writing, and the field to write in. */

import { useEffect, useState } from "preact/hooks";

import { sendFiles } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { attempt, readQuestion, readRoom } from "../session.js";
import { state } from "../state/store.js";
import { Composer } from "./composer.js";
import { FirstReply } from "./first-reply.js";
import { roomName } from "./lists.js";
import { Log } from "./log.js";

export function Chat({ id }) {
  const room = state.value.rooms[id];
  const me = state.value.me.id;
  useEffect(() => {
    attempt(() => readRoom(id));
    if (room.questionId && !state.value.questions[room.questionId]?.content) {
      readQuestion(room.questionId).catch(() => {});
    }
  }, [id]);
  const closed = room.status === "closed";
  function dropped(event) {
    event.preventDefault();
    if (!closed) sendFiles(id, [...event.dataTransfer.files]);
  }
  return html`<section class="chat" aria-label=${roomName(room, me)} onDragOver=${(event) => event.preventDefault()} onDrop=${dropped}>
    <header class="chat-head">
      <a class="plain back narrow-only" href="#/rooms" aria-label=${t("nav.rooms")}>‹</a>
      <span class="grow">
        <h1 class="cut">${roomName(room, me)}</h1>
        <small class="cut">${t("room.people", { count: room.participants.length })} · ${room.question}</small>
      </span>
      ${closed && html`<span class="badge">${t("room.closed")}</span>`}
    </header>
    <${Log} key=${id} room=${room} me=${me} />
    ${!closed && html`<${FirstReply} room=${room} me=${me} />`}
    <${Typing} room=${room} me=${me} />
    ${closed ? html`<p class="composer shut">${t("room.no_more")}</p>` : html`<${Composer} roomId=${id} />`}
  </section>`;
}

function Typing({ room, me }) {
  const [, tick] = useState(0);
  const ends = Object.values(room.typing);
  useEffect(() => {
    if (ends.length === 0) return undefined;
    const timer = setTimeout(() => tick(Date.now()), Math.max(0, Math.min(...ends) - Date.now()) + 20);
    return () => clearTimeout(timer);
  });
  const names = room.participants
    .filter((person) => person.userId !== me && room.typing[person.userId] > Date.now())
    .map((person) => person.userName);
  return html`<p class="typing">
    ${names.length > 0 && html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${t("room.typing", { names: names.join(", "), count: names.length })}`}
  </p>`;
}

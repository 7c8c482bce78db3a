/** The lists of rooms and questions. */

import { html } from "../html.js";
import { ago, t } from "../i18n/index.js";
import { now } from "../state/clock.js";
import { myQuestions, myRooms, route, state } from "../state/store.js";
import { Avatar, Status } from "./parts.js";

/** A room is called after the others in it. */
export function roomName(room, me) {
  const others = room.participants.filter((person) => person.userId !== me);
  return others.map((person) => person.userName).join(", ") || t("room.you");
}

function lastWords(room) {
  const last = room.items.findLast((item) => item.kind === "message" && !item.redacted);
  return last?.content ?? room.question;
}

export function RoomList() {
  const me = state.value.me.id;
  const rooms = myRooms.value;
  if (rooms.length === 0) return html`<p class="empty">${t("rooms.empty")}</p>`;
  return html`<ul class="list">
    ${rooms.map((room) => {
      const others = room.participants.filter((person) => person.userId !== me);
      const online = others.some((person) => state.value.presence[person.userId]);
      const here = route.value[0] === "rooms" && route.value[1] === room.id;
      return html`<li key=${room.id}>
        <a class="row" href=${`#/rooms/${room.id}`} aria-current=${here ? "page" : undefined}>
          <${Avatar} name=${others[0]?.userName} online=${online} />
          <span class="grow">
            <b class="cut">${roomName(room, me)}</b>
            <small class="cut">${room.status === "closed" ? t("room.closed") : lastWords(room)}</small>
          </span>
          ${room.unread > 0 &&
          html`<b class="count" aria-label=${t("nav.unread", { count: room.unread })}>${room.unread}</b>`}
        </a>
      </li>`;
    })}
  </ul>`;
}

export function QuestionList() {
  const questions = myQuestions.value;
  if (questions.length === 0) return html`<p class="empty">${t("questions.empty")}</p>`;
  return html`<ul class="list">
    ${questions.map((question) => {
      const here = route.value[0] === "questions" && route.value[1] === question.id;
      return html`<li key=${question.id}>
        <a class="row" href=${`#/questions/${question.id}`} aria-current=${here ? "page" : undefined}>
          <span class="grow">
            <b class="cut">${question.content}</b>
            <small><${Status} status=${question.status} /> ${ago(question.createdAt, now.value)}</small>
          </span>
        </a>
      </li>`;
    })}
  </ul>`;
}

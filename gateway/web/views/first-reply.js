/** Reminds an expert who accepted that the first word is awaited, and says when others will be asked as well. */

import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { now } from "../state/clock.js";
import { state } from "../state/store.js";
import { Countdown } from "./parts.js";

/** Until when the first word of `me` is awaited in this room (ms), or null. Only a whole history can say that there is none. */
export function awaited(room, question, me, seconds) {
  const accepted = (question?.offers ?? []).find((offer) => offer.expertId === me && offer.state === "accepted");
  if (!accepted?.closedAt || !seconds || room.status !== "active" || room.hasMore) return null;
  if (room.pending.length > 0 || room.items.some((item) => item.kind === "message" && item.senderId === me)) return null;
  return Date.parse(accepted.closedAt) + seconds[question.urgency] * 1_000;
}

export function FirstReply({ room, me }) {
  const until = awaited(room, state.value.questions[room.questionId], me, state.value.config?.replySeconds);
  if (until === null) return null;
  const late = until <= now.value;
  return html`<p class="first-reply" role="status">
    <span>${t(late ? "room.first_reply.late" : "room.first_reply")}</span>
    ${!late && html`<${Countdown} until=${new Date(until).toISOString()} />`}
  </p>`;
}

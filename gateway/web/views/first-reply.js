/** Reminds an expert who accepted that the first word is awaited, and says when others will be asked as well. */

import { useEffect } from "preact/hooks";

import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { readQuestion } from "../session.js";
import { now } from "../state/clock.js";
import { awaited, passedOn } from "../state/first-reply.js";
import { state } from "../state/store.js";
import { Countdown } from "./parts.js";

/** That others were asked is no frame to whoever is silent: it is looked for, as it comes a moment later. */
const LOOK_AFTER_MS = [1_500, 5_000, 15_000];

export function FirstReply({ room, me }) {
  const question = state.value.questions[room.questionId];
  const until = awaited(room, question, me, state.value.config?.replySeconds);
  const late = until !== null && until <= now.value;
  const others = late && passedOn(question, until);
  useEffect(() => {
    if (!late || others) return undefined;
    const look = () => readQuestion(room.questionId).catch(() => {});
    const timers = LOOK_AFTER_MS.map((after) => setTimeout(look, after));
    return () => timers.forEach(clearTimeout);
  }, [late, others]);
  if (until === null) return null;
  return html`<p class="first-reply" role="status">
    <span>${t(others ? "room.first_reply.others" : late ? "room.first_reply.late" : "room.first_reply")}</span>
    ${!late && html`<${Countdown} until=${new Date(until).toISOString()} />`}
  </p>`;
}

/** One question of mine: what has happened to it so far, who was found and why, and what can be done now. */

import { useEffect, useState } from "preact/hooks";

import { move } from "../actions.js";
import { html } from "../html.js";
import { clockTime, t } from "../i18n/index.js";
import { attempt, readQuestion, rest } from "../session.js";
import { readEarlier } from "../snapshot.js";
import { state } from "../state/store.js";
import { story } from "../state/story.js";
import { Alike, Sharing } from "./archive.js";
import { EditQuestion } from "./edit-question.js";
import { Avatar, Countdown, Reasons, Score, Status } from "./parts.js";
import { Rating } from "./rating.js";

const LOOK_AGAIN_MS = 10_000;

const MOVES = {
  pending: [["cancelled", "question.cancel"]],
  matched: [["cancelled", "question.cancel"]],
  unmatched: [
    ["pending", "question.retry"],
    ["cancelled", "question.cancel"],
  ],
  in_progress: [
    ["resolved", "question.resolve"],
    ["cancelled", "question.cancel"],
  ],
  resolved: [["in_progress", "question.reopen"]],
  cancelled: [],
};

const EDITABLE = new Set(["pending", "matched", "unmatched"]);

const OVER = new Set(["resolved", "cancelled"]);

export function Moves({ question }) {
  const mine = question.userId === state.value.me.id;
  if (!mine) return null;
  return (MOVES[question.status] ?? []).map(
    ([status, label], i) => html`<button
      key=${status}
      type="button"
      class=${status === "cancelled" || i > 0 ? "plain" : "secondary"}
      onClick=${() => attempt(() => move(question.id, status))}
    >
      ${t(label)}
    </button>`,
  );
}

export function QuestionView({ id }) {
  const question = state.value.questions[id];
  const [editing, setEditing] = useState(false);
  const searching = ["pending", "matched"].includes(question?.status);
  // Others may be asked into the open room, where an expert who accepted says nothing.
  const awaited = searching || (question?.offers ?? []).some((offer) => offer.state === "open");
  const people = state.value.rooms[question?.roomId]?.participants?.length;
  useEffect(() => {
    attempt(() => readQuestion(id));
  }, [id, people]);
  const askedAt = question?.userId === state.value.me.id ? question.createdAt : null;
  useEffect(() => {
    if (askedAt) attempt(() => readEarlier(rest, askedAt));
  }, [askedAt]);
  // Declined and expired offers are no frames to the asker: look again while the answers are awaited.
  useEffect(() => {
    if (!awaited) return undefined;
    const timer = setInterval(() => document.visibilityState === "visible" && attempt(() => readQuestion(id)), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [id, awaited]);
  if (!question?.content) return html`<p class="splash" role="status">${t("loading")}</p>`;
  const editable = EDITABLE.has(question.status) && question.userId === state.value.me.id;
  return html`<article class="page question">
    <header>
      <p class="meta">
        <${Status} status=${question.status} />
        ${question.category && html`<span class="badge">${question.category}</span>`}
        <span class="badge">${t(`urgency.${question.urgency}`)}</span>
        ${question.demo && html`<span class="badge">${t("demo")}</span>`}
      </p>
      <h1 class=${editing && editable ? "only-read" : ""}>${question.content}</h1>
    </header>
    ${editing && editable && html`<${EditQuestion} question=${question} onDone=${() => setEditing(false)} />`}
    <section aria-label=${t("question.story")}>
      <${Story} question=${question} />
      ${searching && html`<p class="hint">${t("question.close")}</p>`}
    </section>
    <p class="actions">
      ${editable && !editing && html`<button type="button" class="secondary" onClick=${() => setEditing(true)}>${t("question.edit")}</button>`}
      ${question.roomId && html`<a class="button primary" href=${`#/rooms/${question.roomId}`}>${t("question.open_room")}</a>`}
      <${Moves} question=${question} />
    </p>
    ${!OVER.has(question.status) && html`<${Alike} similar=${question.similar} title=${t("similar.after")} />`}
    ${question.status === "resolved" && html`<${Sharing} question=${question} />`}
    ${question.status === "resolved" && html`<${Rating} question=${question} />`}
  </article>`;
}

function Story({ question }) {
  return html`<ol class="story" aria-live="polite">
    ${story(question).map(
      (step) => html`<li key=${step.id} class=${step.live ? "live" : step.kind}>
        <span class="grow">${t(step.key, step.values)}${step.values.names && html`<small>${step.values.names}</small>`}</span>
        ${step.at && html`<time datetime=${step.at}>${clockTime(step.at)}</time>`}
      </li>`,
    )}
  </ol>`;
}

/** The people that were found, with the answer of those who were asked. */
export function QuestionAbout({ id }) {
  const question = state.value.questions[id];
  const offers = new Map((question?.offers ?? []).map((offer) => [offer.expertId, offer]));
  const found = question?.candidates ?? [];
  const asked = found.filter((one) => offers.has(one.expertId));
  const shown = asked.length > 0 ? asked : found.slice(0, 5);
  return html`<aside class="about" tabindex="0" aria-label=${t("question.candidates")}>
    <h2>${t("question.candidates")}</h2>
    ${shown.length === 0 && html`<p class="empty">${t(question?.status === "unmatched" ? "question.candidates.nobody" : "question.candidates.none")}</p>`}
    <ul class="people">
      ${shown.map((one) => html`<${Candidate} key=${one.expertId} candidate=${one} offer=${offers.get(one.expertId)} />`)}
    </ul>
  </aside>`;
}

function Candidate({ candidate, offer }) {
  const online = state.value.presence[candidate.expertId];
  return html`<li class=${`candidate ${offer?.state ?? ""}`}>
    <div class="row">
      <${Avatar} name=${candidate.displayName} online=${online} />
      <span class="grow">
        <b>${candidate.displayName}</b>
        <small><${Score} score=${candidate.score} /></small>
      </span>
      ${offer && html`<span class=${`badge offer-${offer.state}`}>${t(`offer.state.${offer.state}`)}</span>`}
    </div>
    ${offer?.state === "open" && offer.expiresAt && html`<${Countdown} until=${offer.expiresAt} />`}
    <${Reasons} reasons=${candidate.reasons} />
  </li>`;
}

/** An expert's inbox: offers with reasons and the time left, to accept or decline. */

import { answer } from "../actions.js";
import { html } from "../html.js";
import { errorText, t } from "../i18n/index.js";
import { now } from "../state/clock.js";
import { myOffers, state } from "../state/store.js";
import { Countdown, Reasons, Score } from "./parts.js";

const ANSWERABLE = new Set(["open", "accepting", "declining"]);

/** An offer whose time has passed is over, even if the frame that says so is still on its way. */
function standing(entry) {
  const late = entry.state === "open" && Date.parse(entry.offer.expiresAt) <= now.value;
  return late ? "expired" : entry.state;
}

export function Offers() {
  const entries = myOffers.value.map((entry) => ({ ...entry, state: standing(entry) }));
  const open = entries.filter((entry) => ANSWERABLE.has(entry.state));
  const past = entries.filter((entry) => !ANSWERABLE.has(entry.state)).slice(0, 20);
  return html`<div class="page offers">
    <h1>${t("nav.offers")}</h1>
    ${entries.length === 0 &&
    html`<p class="empty">${t("offers.empty")}</p>
      ${!state.value.me.expert && html`<a class="button secondary" href="#/profile">${t("offers.set_up")}</a>`}`}
    ${open.length > 0 && html`<h2>${t("offers.open")}</h2>`}
    <div aria-live="polite">
      ${open.map((entry) => html`<${OpenOffer} key=${entry.question.id} entry=${entry} />`)}
    </div>
    ${past.length > 0 && html`<h2>${t("offers.past")}</h2>`}
    ${past.map((entry) => html`<${PastOffer} key=${entry.question.id} entry=${entry} />`)}
  </div>`;
}

function OpenOffer({ entry }) {
  const { question, offer } = entry;
  const busy = entry.state !== "open";
  return html`<article class="card offer">
    <p class="meta">
      <${Countdown} until=${offer.expiresAt} />
      <span class="badge">${t(`urgency.${question.urgency}`)}</span>
      ${question.category && html`<span class="badge">${question.category}</span>`}
      <${Score} score=${offer.score} />
    </p>
    <p class="words">${question.content}</p>
    <${Reasons} reasons=${offer.reasons} />
    ${entry.code && html`<p class="wrong" role="alert">${errorText(entry.code)}</p>`}
    <p class="actions">
      <button class="primary" type="button" disabled=${busy} onClick=${() => answer(question.id, "accept")}>
        ${t("offer.accept")}
      </button>
      <button class="plain" type="button" disabled=${busy} onClick=${() => answer(question.id, "decline")}>
        ${t("offer.decline")}
      </button>
      ${busy && html`<span role="status">${t(`offer.${entry.state}`)}</span>`}
    </p>
  </article>`;
}

function PastOffer({ entry }) {
  const room = entry.roomId ?? Object.values(state.value.rooms).find((one) => one.questionId === entry.question.id)?.id;
  return html`<article class=${`card offer past ${entry.state}`}>
    <p class="words">${entry.question.content}</p>
    <p class="actions">
      <span class=${`badge offer-${entry.state}`}>${t(`offer.${entry.state}`)}</span>
      ${entry.state === "accepted" && room && html`<a class="button plain" href=${`#/rooms/${room}`}>${t("offer.go")}</a>`}
    </p>
  </article>`;
}

/** An expert's inbox: whether one takes offers, and the offers with reasons, places and the time left. */

import { useEffect, useState } from "preact/hooks";

import { answer, setAvailable } from "../actions.js";
import { html } from "../html.js";
import { errorText, t } from "../i18n/index.js";
import { attempt, readQuestion } from "../session.js";
import { now } from "../state/clock.js";
import { myOffers, openRooms, state } from "../state/store.js";
import { Alike } from "./archive.js";
import { Draft } from "./draft.js";
import { Countdown, Reasons, Score } from "./parts.js";

const ANSWERABLE = new Set(["open", "accepting", "declining"]);
const PAST_SHOWN = 20;
const LOOK_AGAIN_MS = 10_000;
const LONG = 160;

/** An offer whose time has passed is over, even if the frame that says so is still on its way. */
function standing(entry) {
  const late = entry.state === "open" && Date.parse(entry.offer.expiresAt) <= now.value;
  return late ? "expired" : entry.state;
}

export function Offers() {
  const entries = myOffers.value.map((entry) => ({ ...entry, state: standing(entry) }));
  const open = entries.filter((entry) => ANSWERABLE.has(entry.state));
  const past = entries.filter((entry) => !ANSWERABLE.has(entry.state)).slice(0, PAST_SHOWN);
  const { expert } = state.value.me;
  return html`<div class="page offers">
    <h1>${t("nav.offers")}</h1>
    ${expert && html`<${Standing} expert=${expert} />`}
    ${!expert && html`<p class="empty">${t("offers.none_yet")}</p><p><a class="button secondary" href="#/profile">${t("offers.set_up")}</a></p>`}
    ${expert && entries.length === 0 && html`<p class="empty">${t(expert.available ? "offers.empty" : "offers.resting")}</p>`}
    ${open.length > 0 && html`<h2>${t("offers.open")}</h2>`}
    ${open.map((entry) => html`<${OpenOffer} key=${entry.question.id} entry=${entry} />`)}
    ${past.length > 0 && html`<h2>${t("offers.past")}</h2>`}
    ${past.map((entry) => html`<${PastOffer} key=${entry.question.id} entry=${entry} />`)}
    <${Arrived} count=${open.length} />
  </div>`;
}

/** Whether one takes offers now, and how many rooms one is in of those one takes at once. */
function Standing({ expert }) {
  const [busy, setBusy] = useState(false);
  async function toggle(event) {
    setBusy(true);
    await attempt(() => setAvailable(event.target.checked));
    setBusy(false);
  }
  const { length: rooms } = openRooms.value;
  return html`<div class="standing-bar">
    <label class="switch">
      <input type="checkbox" role="switch" checked=${expert.available} disabled=${busy} onChange=${toggle} />
      <span>${t("expert.available")}</span>
    </label>
    <span class="hint">${t("offers.rooms", { rooms, capacity: expert.capacity })}</span>
  </div>`;
}

/** A new offer is said once; the seconds that pass are not. */
function Arrived({ count }) {
  return html`<p class="only-read" role="status">${count > 0 && t("nav.open_offers", { count })}</p>`;
}

function OpenOffer({ entry }) {
  const { question, offer } = entry;
  const busy = entry.state !== "open";
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && readQuestion(question.id).catch(() => {});
    look();
    const timer = setInterval(look, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [question.id]);
  return html`<article class="card offer">
    <p class="meta">
      <${Countdown} until=${offer.expiresAt} aloud />
      <${Urgency} urgency=${question.urgency} />
      ${question.category && html`<span class="badge">${question.category}</span>`}
      <${Seats} questionId=${question.id} />
    </p>
    <${Words} content=${question.content} />
    <section>
      <h3>${t("offers.why")} <${Score} score=${offer.score} /></h3>
      <${Reasons} reasons=${offer.reasons} />
    </section>
    <${Alike} similar=${state.value.questions[question.id]?.similar} title=${t("offers.alike")} />
    <${Draft} questionId=${question.id} />
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

function Urgency({ urgency }) {
  return html`<span class=${`badge urgency-${urgency}`}>${t(`urgency.${urgency}`)}</span>`;
}

/** How many places are left, as far as the question was read. */
function Seats({ questionId }) {
  const offers = state.value.questions[questionId]?.offers;
  const seats = state.value.config?.seats;
  if (!offers || !seats) return null;
  const left = seats - offers.filter((offer) => offer.state === "accepted").length;
  return html`<span class="badge">${t("offers.seats", { left: Math.max(0, left), seats })}</span>`;
}

/** The question, its beginning first where it is long. */
function Words({ content }) {
  const [whole, setWhole] = useState(content.length <= LONG);
  if (whole) return html`<p class="words">${content}</p>`;
  return html`<p class="words">${content.slice(0, LONG).trimEnd()}…
    <button class="plain" type="button" onClick=${() => setWhole(true)}>${t("offers.more")}</button></p>`;
}

function PastOffer({ entry }) {
  const known = Object.values(state.value.rooms).find((one) => one.questionId === entry.question.id);
  const room = entry.roomId ?? known?.id;
  const over = entry.state === "accepted" && known?.status === "closed";
  return html`<article class=${`card offer past ${entry.state}`}>
    <p class="words">${entry.question.content}</p>
    <p class="actions">
      <span class=${`badge offer-${entry.state}`}>${t(over ? "offer.over" : `offer.${entry.state}`)}</span>
      ${entry.state === "accepted" && room && html`<a class="button plain" href=${`#/rooms/${room}`}>${t("offer.go")}</a>`}
    </p>
  </article>`;
}

/** On a phone, the most urgent open offer lies over whatever one is doing, until it is answered or put aside. */
export function OfferSheet() {
  const [aside, setAside] = useState(null);
  const entry = myOffers.value.find((one) => standing(one) === "open");
  if (!entry || aside === entry.question.id) return null;
  const { question, offer } = entry;
  return html`<section class="sheet narrow-only" aria-label=${t("offers.open")}>
    <p class="meta"><${Countdown} until=${offer.expiresAt} aloud /><${Urgency} urgency=${question.urgency} /></p>
    <p class="words">${question.content}</p>
    <p class="actions">
      <a class="button primary" href="#/offers" onClick=${() => setAside(question.id)}>${t("offers.look")}</a>
      <button class="plain" type="button" onClick=${() => setAside(question.id)}>${t("offers.later")}</button>
    </p>
  </section>`;
}

/** The frame around everything: three panes on a wide screen, one with tabs on a narrow one. */

import { useEffect, useState } from "preact/hooks";

import { lookFor } from "../actions.js";
import { html } from "../html.js";
import { errorText, t } from "../i18n/index.js";
import { dismiss } from "../session.js";
import { isIn } from "../state/rooms.js";
import { isAsker, isExpert, isOperator, openOffers, route, state, unreadTotal } from "../state/store.js";
import { ArchiveView } from "./archive.js";
import { AskView } from "./ask.js";
import { Chat } from "./chat.js";
import { ExpertsView } from "./experts.js";
import { QuestionList, RoomList } from "./lists.js";
import { Offers, OfferSheet } from "./offers.js";
import { OperatorView } from "./operator.js";
import { Profile } from "./profile.js";
import { QuestionAbout, QuestionView } from "./question.js";
import { RoomAbout } from "./room-about.js";
import { Side } from "./side.js";
import { SignIn } from "./sign-in.js";

const NOT_MINE = new Set(["forbidden", "not_found", "invalid"]);

export function Shell() {
  const { me, loaded } = state.value;
  if (!loaded && !me) return html`<${Notice} /><p class="splash" role="status">${t("loading")}</p>`;
  if (!me) return html`<${Notice} /><${SignIn} />`;
  const { main, about, place } = panes();
  return html`<div class=${`shell at-${place} ${about ? "with-about" : ""}`}>
    <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
    <${Notice} />
    <${Connection} />
    <${Side} />
    <main id="main" tabindex=${place === "room" ? -1 : 0}>${main}</main>
    ${about}
    ${isExpert.value && place !== "offers" && html`<${OfferSheet} />`}
    <${Tabs} place=${place} />
  </div>`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

function panes() {
  const [given, id] = route.value;
  const place = given ?? (isAsker.value ? "ask" : "offers");
  if (place === "rooms" && isIn(state.value.rooms[id], state.value.me.id)) {
    return { place: "room", main: html`<${Chat} key=${id} id=${id} />`, about: html`<${RoomAbout} key=${id} id=${id} />` };
  }
  if (place === "questions" && id) {
    const about = html`<${QuestionAbout} id=${id} />`;
    return { place: "question", main: html`<${QuestionView} key=${id} id=${id} />`, about };
  }
  if (place === "archive" && id) return { place, main: html`<${ArchiveView} key=${id} id=${id} />` };
  if (place === "rooms" && id) return { place, main: html`<${NotIn} key=${id} id=${id} />` };
  if (place === "rooms") return { place, main: html`<${Rooms} />` };
  if (place === "questions") return { place, main: html`<${Questions} />` };
  if (place === "offers") return { place, main: html`<${Offers} />` };
  if (place === "operator" && isOperator.value) return { place, main: html`<${OperatorView} />` };
  if (place === "experts") return { place, main: html`<${ExpertsView} />` };
  if (place === "profile") return { place, main: html`<${Profile} />` };
  return { place: "ask", main: html`<${AskView} />` };
}

/** A room that is not among mine: it is on its way to here, or one is not in it any more. */
function NotIn({ id }) {
  const [gone, setGone] = useState(false);
  const { loaded } = state.value;
  useEffect(() => {
    if (loaded) lookFor(id).catch((error) => setGone(NOT_MINE.has(error.code)));
  }, [id, loaded]);
  if (!gone) return html`<p class="splash" role="status">${t("loading")}</p>`;
  return html`<div class="page">
    <h1>${t("nav.rooms")}</h1>
    <p class="empty" role="status">${t("rooms.not_in")}</p>
    <p class="narrow-only"><a class="button secondary" href="#/rooms">${t("rooms.others")}</a></p>
  </div>`;
}

function Rooms() {
  return html`<div class="page">
    <h1>${t("nav.rooms")}</h1>
    <div class="narrow-only"><${RoomList} /></div>
    <p class="empty wide-only">${t("rooms.pick")}</p>
  </div>`;
}

function Questions() {
  return html`<div class="page">
    <h1>${t("nav.questions")}</h1>
    <${QuestionList} />
  </div>`;
}

/** What went wrong, or well, until it is closed. */
function Notice() {
  const { notice } = state.value;
  if (!notice) return null;
  const text = ["good", "told"].includes(notice.kind) ? t(notice.code) : errorText(notice.code);
  return html`<div class=${`notice ${notice.kind}`} role=${notice.kind === "error" ? "alert" : "status"}>
    <span>${text}</span>
    <button class="plain" type="button" onClick=${dismiss} aria-label=${t("close")}>✕</button>
  </div>`;
}

function Connection() {
  const { connection } = state.value;
  return html`<div class="connection-bar" role="status">
    ${connection === "waiting" && html`<span>${t("connection.waiting")} <span class="more">${t("connection.writing_on")}</span></span>`}
  </div>`;
}

function Tabs({ place }) {
  const tabs = [
    isAsker.value && ["ask", t("nav.ask"), 0],
    isAsker.value && ["questions", t("nav.questions.tab"), 0],
    isExpert.value && ["offers", t("nav.offers.tab"), openOffers.value.length],
    ["rooms", t("nav.rooms"), unreadTotal.value],
    isOperator.value && ["operator", t("nav.operator"), 0],
    ["profile", t("nav.profile"), 0],
  ].filter(Boolean);
  return html`<nav class="tabs" aria-label=${t("nav.main")}>
    ${tabs.map(
      ([to, label, count]) => html`<a
        key=${to}
        href=${`#/${to}`}
        aria-current=${place === to || `${place}s` === to ? "page" : undefined}
      >
        <span>${label}</span>${count > 0 && html`<b class="count">${count}</b>`}
      </a>`,
    )}
  </nav>`;
}

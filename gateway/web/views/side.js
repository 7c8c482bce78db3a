/** The left pane of a wide screen: where one can go, and what is going on. */

import { html } from "../html.js";
import { language, speak, t } from "../i18n/index.js";
import { isAsker, isExpert, isOperator, openOffers, route, state } from "../state/store.js";
import { QuestionList, RoomList } from "./lists.js";
import { Avatar } from "./parts.js";

export function LanguageSwitch() {
  const other = language.value === "ko" ? "en" : "ko";
  return html`<button class="plain" type="button" lang=${other} onClick=${() => speak(other)}>
    ${t("language.other")}
  </button>`;
}

export function Brand() {
  return html`<span class="brand"><img src="./icon.svg" alt="" width="28" height="28" />${t("brand")}</span>`;
}

export function Side() {
  const { me, connection } = state.value;
  const here = route.value[0];
  const offers = openOffers.value.length;
  return html`<aside class="side">
    <header><${Brand} /><${LanguageSwitch} /></header>
    <nav aria-label=${t("nav.main")}>
      ${isAsker.value && html`<a class="button primary wide" href="#/ask">${t("nav.ask")}</a>`}
      ${isExpert.value &&
      html`<a class="row" href="#/offers" aria-current=${here === "offers" ? "page" : undefined}>
        <span class="grow">${t("nav.offers")}</span>
        ${offers > 0 && html`<b class="count due" aria-label=${t("nav.open_offers", { count: offers })}>${offers}</b>`}
      </a>`}
      <a class="row" href="#/experts" aria-current=${here === "experts" ? "page" : undefined}>${t("nav.experts")}</a>
      ${isOperator.value &&
      html`<a class="row" href="#/operator" aria-current=${here === "operator" ? "page" : undefined}>${t("nav.operator")}</a>`}
    </nav>
    <div class="side-lists">
      <section>
        <h2>${t("nav.rooms")}</h2>
        <${RoomList} />
      </section>
      ${isAsker.value &&
      html`<section>
        <h2>${t("nav.questions")}</h2>
        <${QuestionList} />
      </section>`}
    </div>
    <a class="row me" href="#/profile" aria-current=${here === "profile" ? "page" : undefined}>
      <${Avatar} name=${me.displayName} online=${connection === "online"} />
      <span class="grow">
        <b>${me.displayName}</b>
        <small>${t(`connection.${connection}`)}</small>
      </span>
    </a>
  </aside>`;
}

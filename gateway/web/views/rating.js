/** Rating those who helped, once the question is resolved. */

import { useState } from "preact/hooks";

import { rate } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { attempt } from "../session.js";
import { Avatar, Choice, Field } from "./parts.js";

export function Rating({ question }) {
  const helped = (question.offers ?? []).filter((offer) => offer.state === "accepted");
  if (helped.length === 0) return null;
  return html`<section class="rating">
    <h2>${t("rate.title")}</h2>
    ${helped.map((offer) => html`<${RateOne} key=${offer.expertId} questionId=${question.id} offer=${offer} />`)}
  </section>`;
}

function RateOne({ questionId, offer }) {
  const [stars, setStars] = useState(offer.stars ? String(offer.stars) : null);
  const [done, setDone] = useState(Boolean(offer.stars));
  const id = `comment-${offer.expertId}`;

  async function submit(event) {
    event.preventDefault();
    const comment = new FormData(event.target).get("comment");
    setDone(await attempt(() => rate(questionId, offer.expertId, Number(stars), comment)));
  }

  return html`<form class="card" onSubmit=${submit}>
    <div class="row"><${Avatar} name=${offer.displayName} /><b>${offer.displayName}</b></div>
    <${Choice}
      name=${`stars-${offer.expertId}`}
      legend=${t("rate.title")}
      value=${stars}
      onChoose=${(chosen) => {
        setStars(chosen);
        setDone(false);
      }}
      options=${["1", "2", "3", "4", "5"].map((one) => [
        one,
        html`<span class=${Number(one) <= Number(stars ?? 0) ? "star on" : "star"} aria-hidden="true">★</span><span class="only-read">${t("rate.stars", { count: one })}</span>`,
      ])}
    />
    ${!done &&
    html`<${Field} id=${id} label=${t("rate.comment")}>
        <input id=${id} name="comment" maxlength="2000" />
      <//>
      <button class="secondary" disabled=${!stars}>${t("rate.do")}</button>`}
    <p class="hint" role="status">${done && t("rate.done")}</p>
  </form>`;
}

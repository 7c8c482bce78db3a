/** A short draft for an expert, drawn from shared conversations, which it cites. It is only shown: nothing sends it. */

import { useState } from "preact/hooks";

import { draftAnswer } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { state } from "../state/store.js";

const CITED = /\[(\d+)\]/;

/** `onUse(text)`, if given, puts the draft where the expert writes, without its numbers. */
export function Draft({ questionId, onUse }) {
  const [made, setMade] = useState(null);
  const [busy, setBusy] = useState(false);
  if (!state.value.config?.drafts) return null;

  async function make() {
    setBusy(true);
    setMade(await draftAnswer(questionId).catch(() => ({ draft: null, reason: "failed", sources: [] })));
    setBusy(false);
  }

  return html`<section class="draft" aria-label=${t("draft.title")} aria-busy=${busy}>
    ${!made?.draft &&
    html`<p><button class="secondary" type="button" disabled=${busy} onClick=${make}>${t(busy ? "draft.doing" : "draft.do")}</button></p>`}
    <div role="status">
      ${made && !made.draft && html`<p class="hint">${t(made.reason === "nothing" ? "draft.nothing" : "draft.failed")}</p>`}
      ${made?.draft && html`<${Made} made=${made} onUse=${onUse} />`}
    </div>
  </section>`;
}

function Made({ made, onUse }) {
  const sources = new Map(made.sources.map((one) => [one.number, one]));
  const pieces = made.draft.split(CITED);
  return html`<h3>${t("draft.title")}</h3>
    <p class="words">
      ${pieces.map((piece, i) => (i % 2 === 0 ? (pieces[i + 1] ? piece.trimEnd() : piece) : html`<${Cite} key=${i} number=${piece} source=${sources.get(Number(piece))} />`))}
    </p>
    <p class="hint">${t("draft.hint")}</p>
    <h3>${t("draft.sources")}</h3>
    <ol class="sources">
      ${made.sources.map(
        (one) => html`<li key=${one.number}><span>${one.number}</span><a href=${`#/archive/${one.questionId}`}>${one.content}</a></li>`,
      )}
    </ol>
    ${onUse &&
    html`<p class="actions">
      <button class="secondary" type="button" onClick=${() => onUse(pieces.filter((_, i) => i % 2 === 0).join("").replace(/ +([.,!?])/g, "$1").trim())}>
        ${t("draft.use")}
      </button>
    </p>`}`;
}

function Cite({ number, source }) {
  return source ? html`<a class="cite" href=${`#/archive/${source.questionId}`} title=${source.content}>${number}</a>` : null;
}

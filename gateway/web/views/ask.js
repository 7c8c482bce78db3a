/** Asking a question. */

import { useState } from "preact/hooks";

import { ask } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { attempt } from "../session.js";
import { state } from "../state/store.js";
import { Choice, Field } from "./parts.js";

export function AskView() {
  const [urgency, setUrgency] = useState("medium");
  const [busy, setBusy] = useState(false);
  const longest = state.value.config?.limits?.questionCharacters ?? 4_000;

  async function submit(event) {
    event.preventDefault();
    const { content, category } = Object.fromEntries(new FormData(event.target));
    if (!content.trim()) return;
    setBusy(true);
    const form = { content, urgency, ...(category.trim() ? { category: category.trim() } : {}) };
    await attempt(() => ask(form));
    setBusy(false);
  }

  return html`<div class="page">
    <form class="ask" onSubmit=${submit}>
      <h1>${t("ask.title")}</h1>
      <p class="lead">${t("ask.lead")}</p>
      <${Field} id="content" label=${t("ask.content")}>
        <textarea
          id="content"
          name="content"
          rows="6"
          maxlength=${longest}
          placeholder=${t("ask.placeholder")}
          required
        ></textarea>
      <//>
      <${Field} id="category" label=${t("ask.category")} hint=${t("ask.category.hint")}>
        <input id="category" name="category" maxlength="60" autocomplete="off" aria-describedby="category-hint" />
      <//>
      <${Choice}
        name="urgency"
        legend=${t("ask.urgency")}
        value=${urgency}
        onChoose=${setUrgency}
        options=${["low", "medium", "high"].map((one) => [one, t(`urgency.${one}`)])}
      />
      <button class="primary" disabled=${busy}>${busy ? t("ask.doing") : t("ask.do")}</button>
    </form>
  </div>`;
}

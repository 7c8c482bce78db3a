/** Putting a question in other words, as long as nobody accepted it. */

import { useEffect, useRef, useState } from "preact/hooks";

import { edit } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { attempt, notify } from "../session.js";
import { state } from "../state/store.js";
import { Choice, Field } from "./parts.js";

const URGENCIES = ["low", "medium", "high"];

export function EditQuestion({ question, onDone }) {
  const field = useRef(null);
  const [urgency, setUrgency] = useState(question.urgency);
  const [busy, setBusy] = useState(false);
  const longest = state.value.config?.limits?.questionCharacters ?? 4_000;
  useEffect(() => field.current.focus(), []);

  async function submit(event) {
    event.preventDefault();
    const { content, category } = Object.fromEntries(new FormData(event.target));
    if (!content.trim()) return;
    setBusy(true);
    const given = { content, urgency, ...(category.trim() ? { category: category.trim() } : {}) };
    if (await attempt(() => edit(question.id, given))) {
      notify("question.edited", "good");
      onDone();
    } else setBusy(false);
  }

  return html`<form class="card edit" aria-label=${t("question.edit")} onSubmit=${submit}>
    <${Field} id="edit-content" label=${t("ask.content")} hint=${t("question.edit.hint")}>
      <textarea
        ref=${field}
        id="edit-content"
        name="content"
        rows="4"
        maxlength=${longest}
        aria-describedby="edit-content-hint"
        defaultValue=${question.content}
        required
      ></textarea>
    <//>
    <${Field} id="edit-category" label=${t("ask.category")}>
      <input id="edit-category" name="category" maxlength="60" autocomplete="off" defaultValue=${question.category ?? ""} />
    <//>
    <${Choice}
      name="edit-urgency"
      legend=${t("ask.urgency")}
      value=${urgency}
      onChoose=${setUrgency}
      options=${URGENCIES.map((one) => [one, t(`urgency.${one}`)])}
    />
    <p class="actions">
      <button class="primary" disabled=${busy}>${t("save")}</button>
      <button class="plain" type="button" onClick=${onDone}>${t("cancel")}</button>
    </p>
  </form>`;
}

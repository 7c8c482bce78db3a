/** Asking a question: who is about, what the words suggest while they are written, and what was answered before. */

import { useEffect, useState } from "preact/hooks";

import { ask, draft, suggest } from "../actions.js";
import { html } from "../html.js";
import { minutes, t } from "../i18n/index.js";
import { attempt, notify } from "../session.js";
import { go, state } from "../state/store.js";
import { urgencyOf } from "../state/urgency.js";
import { AlikeList } from "./archive.js";
import { Choice, Field } from "./parts.js";

const PAUSE_MS = 250;
const URGENCIES = ["low", "medium", "high"];

/** What the server says of `content`, a moment after the typing pauses. A failure says nothing: asking works without. */
function useSuggestions(content) {
  const [said, setSaid] = useState(null);
  useEffect(() => {
    let late = false;
    const timer = setTimeout(
      async () => {
        const found = await suggest(content).catch(() => null);
        if (!late && found) setSaid(found);
      },
      content ? PAUSE_MS : 0,
    );
    return () => {
      late = true;
      clearTimeout(timer);
    };
  }, [content]);
  return said;
}

export function AskView() {
  const [content, setContent] = useState(draft.value);
  const [category, setCategory] = useState("");
  const [chosen, setUrgency] = useState(null);
  const [busy, setBusy] = useState(false);
  const [dismissed, setDismissed] = useState(false);
  const said = useSuggestions(content);
  const longest = state.value.config?.limits?.questionCharacters ?? 4_000;
  const sounds = urgencyOf(content);
  const urgency = chosen ?? sounds ?? "medium";

  function wrote(event) {
    setContent(event.target.value);
    draft.value = event.target.value;
  }

  async function submit(event) {
    event.preventDefault();
    if (!content.trim()) return;
    setBusy(true);
    const field = category.trim();
    if (await attempt(() => ask({ content, urgency, ...(field ? { category: field } : {}) }))) draft.value = "";
    setBusy(false);
  }

  function answered() {
    draft.value = "";
    setContent("");
    notify("similar.glad", "told");
    go("questions");
  }

  return html`<div class="page">
    <form class="ask" onSubmit=${submit}>
      <header>
        <h1>${t("ask.title")}</h1>
        <p class="lead">${t("ask.lead")}</p>
        <${About} about=${said?.about} />
      </header>
      <${Field} id="content" label=${t("ask.content")}>
        <textarea
          id="content"
          name="content"
          rows="5"
          maxlength=${longest}
          placeholder=${t("ask.placeholder")}
          defaultValue=${content}
          onInput=${wrote}
          required
        ></textarea>
      <//>
      ${!dismissed && said?.similar?.length > 0 &&
      html`<${Similar} similar=${said.similar} onAnswered=${answered} onDismiss=${() => setDismissed(true)} />`}
      <${Field} id="category" label=${t("ask.category")} hint=${t("ask.category.hint")}>
        <input
          id="category"
          name="category"
          maxlength="60"
          autocomplete="off"
          aria-describedby="category-hint"
          value=${category}
          onInput=${(event) => setCategory(event.target.value)}
        />
        ${said?.category &&
        said.category !== category.trim() &&
        html`<p class="suggested">
          <span class="hint">${t("ask.category.suggested")}</span>
          <button class="chip" type="button" onClick=${() => setCategory(said.category)}>${said.category}</button>
        </p>`}
      <//>
      <div>
        <${Choice}
          name="urgency"
          legend=${t("ask.urgency")}
          value=${urgency}
          onChoose=${setUrgency}
          options=${URGENCIES.map((one) => [one, t(`urgency.${one}`)])}
        />
        <p class="hint" role="status">${sounds && !chosen && t("ask.urgency.suggested", { urgency: t(`urgency.${sounds}`) })}</p>
      </div>
      <button class="primary" disabled=${busy}>${busy ? t("ask.doing") : t("ask.do")}</button>
    </form>
  </div>`;
}

/** How many could answer now, and how long it usually takes: before a word is written. */
function About({ about }) {
  const wait = about?.usualWaitSeconds;
  return html`<p class="about-now" role="status">
    ${about && html`<span class=${`dot ${about.online > 0 ? "on" : ""}`} aria-hidden="true"></span>
      ${about.experts > 0 ? t("ask.about", { experts: about.experts, online: about.online }) : t("ask.about.none")}
      ${" "}${about.experts > 0 && wait !== null && t("ask.wait", { time: minutes(wait) })}`}
  </p>`;
}

/** Questions that were answered before: perhaps there is nothing left to ask. */
function Similar({ similar, onAnswered, onDismiss }) {
  return html`<section class="card similar" aria-label=${t("similar.title")}>
    <h2>${t("similar.title")}</h2>
    <${AlikeList} similar=${similar} />
    <p class="actions">
      <button class="secondary" type="button" onClick=${onAnswered}>${t("similar.enough")}</button>
      <button class="plain" type="button" onClick=${onDismiss}>${t("similar.still")}</button>
    </p>
  </section>`;
}

/** Oneself: the account, what one knows, the language, and the way out. */

import { useState } from "preact/hooks";

import { saveProfile } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { attempt, eraseMe, notify, signOut } from "../session.js";
import { isExpert, state } from "../state/store.js";
import { ExpertForm } from "./expert-form.js";
import { Notifications } from "./notifications.js";
import { Avatar, Choice, Field } from "./parts.js";
import { Sessions } from "./sessions.js";
import { LanguageSwitch } from "./side.js";

export function Profile() {
  const { me } = state.value;
  return html`<div class="page profile">
    <header class="row">
      <${Avatar} name=${me.displayName} />
      <span class="grow">
        <h1>${me.displayName}</h1>
        <small>${me.username} · ${me.email}</small>
      </span>
    </header>
    ${isExpert.value && html`<${ExpertForm} expert=${me.expert} />`}
    <${Account} me=${me} />
    <${Notifications} />
    <${Sessions} />
    <p class="actions">
      <${LanguageSwitch} />
      <a class="button plain narrow-only" href="#/experts">${t("nav.experts")}</a>
      <button class="plain" type="button" onClick=${signOut}>${t("sign_out")}</button>
    </p>
    <${Erase} />
  </div>`;
}

function Erase() {
  const [asking, setAsking] = useState(false);
  if (!asking) {
    return html`<p class="actions"><button class="plain" type="button" onClick=${() => setAsking(true)}>${t("erase")}</button></p>`;
  }
  return html`<section class="card" role="alertdialog" aria-label=${t("erase")}>
    <p>${t("erase.sure")}</p>
    <p class="actions">
      <button class="secondary" type="button" onClick=${() => attempt(eraseMe)}>${t("erase.do")}</button>
      <button class="plain" type="button" onClick=${() => setAsking(false)}>${t("cancel")}</button>
    </p>
  </section>`;
}

function Account({ me }) {
  const [role, setRole] = useState(me.role);

  async function submit(event) {
    event.preventDefault();
    const displayName = new FormData(event.target).get("displayName").trim();
    const form = { displayName, ...(role === "operator" ? {} : { role }) };
    if (await attempt(() => saveProfile(form))) notify("saved", "good");
  }

  return html`<form class="card" onSubmit=${submit}>
    <h2>${t("profile.account")}</h2>
    <${Field} id="shown-name" label=${t("display_name")}>
      <input id="shown-name" name="displayName" maxlength="80" value=${me.displayName} required />
    <//>
    ${role !== "operator" &&
    html`<${Choice}
      name="role"
      legend=${t("role")}
      value=${role}
      onChoose=${setRole}
      options=${["questioner", "expert", "both"].map((one) => [one, t(`role.${one}`)])}
    />`}
    <button class="secondary">${t("save")}</button>
  </form>`;
}

/** Signing in, and making an account. */

import { useState } from "preact/hooks";

import { html } from "../html.js";
import { errorText, t } from "../i18n/index.js";
import { register, signIn } from "../session.js";
import { state } from "../state/store.js";
import { Choice, Field } from "./parts.js";
import { Brand, LanguageSwitch } from "./side.js";

export function SignIn() {
  const [isNew, setNew] = useState(false);
  const [role, setRole] = useState("questioner");
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(null);
  const demo = state.value.config?.demo;

  async function submit(event) {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    setWrong(null);
    try {
      if (isNew) await register({ ...form, displayName: form.displayName || undefined, role });
      else await signIn(form.username, form.password);
    } catch (error) {
      setWrong(error);
      setBusy(false);
    }
  }

  const field = (name) => wrong?.errors?.find((one) => one.field?.endsWith(name)) && errorText("invalid");
  return html`<div class="gate">
    <header><${Brand} /><${LanguageSwitch} /></header>
    <main id="main">
      <p class="tagline">${t("tagline")}</p>
      <form class="card" onSubmit=${submit}>
        <h1>${isNew ? t("register.title") : t("sign_in.title")}</h1>
        <${Field} id="username" label=${t("username")} hint=${isNew && t("username.hint")} error=${field("username")}>
          <input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required />
        <//>
        ${isNew &&
        html`<${Field} id="displayName" label=${t("display_name")} error=${field("displayName")}>
            <input id="displayName" name="displayName" autocomplete="name" maxlength="80" />
          <//>
          <${Field} id="email" label=${t("email")} error=${field("email")}>
            <input id="email" name="email" type="email" autocomplete="email" required />
          <//>`}
        <${Field} id="password" label=${t("password")} hint=${isNew && t("password.hint")} error=${field("password")}>
          <input
            id="password"
            name="password"
            type="password"
            minlength=${isNew ? 8 : undefined}
            autocomplete=${isNew ? "new-password" : "current-password"}
            required
          />
        <//>
        ${isNew &&
        html`<${Choice}
          name="role"
          legend=${t("role")}
          value=${role}
          onChoose=${setRole}
          options=${["questioner", "expert", "both"].map((one) => [one, t(`role.${one}`)])}
        />`}
        ${wrong && html`<p class="wrong" role="alert">${errorText(wrong.code ?? "offline")}</p>`}
        <button class="primary wide" disabled=${busy}>
          ${busy ? t("sign_in.doing") : isNew ? t("register.do") : t("sign_in.do")}
        </button>
        <button class="plain wide" type="button" onClick=${() => setNew(!isNew)}>
          ${isNew ? t("register.switch") : t("sign_in.switch")}
        </button>
      </form>
      ${demo && html`<p class="hint">${t("sign_in.hint", { username: demo })}</p>`}
    </main>
  </div>`;
}

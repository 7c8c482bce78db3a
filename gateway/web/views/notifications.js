/** How one is told while away: in this browser, by mail, when not, and in which language. Each change holds at once. */

import { useEffect, useState } from "preact/hooks";

import { chooseNotifications, readNotifications, tellHere } from "../actions.js";
import { blocked, pushed, told } from "../away.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { able } from "../net/push.js";
import { attempt } from "../session.js";
import { state } from "../state/store.js";
import { Choice } from "./parts.js";

const NIGHT = { quietFrom: "22:00", quietTo: "08:00" };
const LANGUAGES = ["ko", "en"];

export function Notifications() {
  const [chosen, setChosen] = useState(null);
  useEffect(() => {
    attempt(async () => setChosen(await readNotifications()));
  }, []);
  async function choose(changes) {
    const before = chosen;
    setChosen({ ...before, ...changes });
    if (!(await attempt(async () => setChosen(await chooseNotifications(changes))))) setChosen({ ...before });
  }
  if (!chosen) return null;
  const away = Boolean(state.value.config.mails || state.value.config.pushKey);
  return html`<section class="card notifications">
    <h2>${t("notify.title")}</h2>
    ${able && html`<${Here} />`}
    ${state.value.config.mails &&
    html`<${Switch}
      label=${t("notify.mail")}
      hint=${t("notify.mail.hint", { email: state.value.me.email })}
      on=${chosen.mail}
      onSwitch=${(mail) => choose({ mail })}
    />`}
    ${away && html`<${WhenAway} chosen=${chosen} choose=${choose} />`}
  </section>`;
}

function Switch({ label, hint, on, onSwitch, children }) {
  return html`<div>
    <label class="switch">
      <input type="checkbox" role="switch" checked=${on} onChange=${(event) => onSwitch(event.target.checked, event.target)} />
      <span>${label}</span>
    </label>
    ${hint && html`<p class="hint">${hint}</p>`}
    ${children}
  </div>`;
}

/** Being told in this browser; the browser is asked only when one wants it. */
function Here() {
  const [busy, setBusy] = useState(false);
  async function toggle(wanted, input) {
    setBusy(true);
    await attempt(() => tellHere(wanted));
    setBusy(false);
    input.checked = told.value;
  }
  const hint = pushed.value ? "notify.hint.pushed" : told.value && !busy ? "notify.hint.open" : "notify.hint";
  return html`<${Switch} label=${t("notify.here")} hint=${t(hint)} on=${told.value} onSwitch=${toggle}>
    <p role="status" class="wrong">${blocked.value && t("notify.refused")}</p>
  <//>`;
}

/** What holds for pushes and mails alike. */
function WhenAway({ chosen, choose }) {
  const quiet = Boolean(chosen.quietFrom);
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const both = (changes) => {
    const { quietFrom, quietTo } = { ...chosen, ...changes };
    if (quietFrom && quietTo) choose({ quietFrom, quietTo, timeZone });
  };
  return html`<${Switch}
      label=${t("notify.preview")}
      hint=${t("notify.preview.hint")}
      on=${chosen.preview}
      onSwitch=${(preview) => choose({ preview })}
    />
    <${Switch}
      label=${t("notify.quiet")}
      hint=${quiet ? t("notify.quiet.zone", { zone: chosen.timeZone }) : ""}
      on=${quiet}
      onSwitch=${(wanted) => choose(wanted ? { ...NIGHT, timeZone } : { quietFrom: null, quietTo: null })}
    >
      ${quiet &&
      html`<p class="quiet">
        <${Clock} label=${t("notify.quiet.from")} at=${chosen.quietFrom} onAt=${(quietFrom) => both({ quietFrom })} />
        <${Clock} label=${t("notify.quiet.to")} at=${chosen.quietTo} onAt=${(quietTo) => both({ quietTo })} />
      </p>`}
    <//>
    <${Choice}
      name="notify-language"
      legend=${t("notify.language")}
      value=${chosen.language}
      onChoose=${(language) => choose({ language })}
      options=${LANGUAGES.map((one) => [one, t(`language.${one}`)])}
    />`;
}

function Clock({ label, at, onAt }) {
  return html`<label>
    <span>${label}</span>
    <input type="time" value=${at.slice(0, 5)} required onChange=${(event) => event.target.value && onAt(event.target.value)} />
  </label>`;
}

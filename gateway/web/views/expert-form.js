/** What an expert states: specialties with levels, experience, how many rooms at once, and whether they take offers. */

import { useState } from "preact/hooks";

import { saveExpert } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { attempt, notify } from "../session.js";
import { Field } from "./parts.js";

const MOST = 20;
const START = { specialties: [{ name: "", level: 3 }], experienceYears: 0, capacity: 3, bio: "", available: true };

export function ExpertForm({ expert }) {
  const given = expert ?? START;
  const [specialties, setSpecialties] = useState(given.specialties);
  const [available, setAvailable] = useState(given.available);
  const change = (i, part) => setSpecialties(specialties.map((one, at) => (at === i ? { ...one, ...part } : one)));

  async function save(form, isAvailable) {
    const named = specialties.filter((one) => one.name.trim()).map(({ name, level }) => ({ name: name.trim(), level }));
    const said = {
      specialties: named,
      experienceYears: Number(form.get("years")),
      capacity: Number(form.get("capacity")),
      bio: form.get("bio"),
      available: isAvailable,
    };
    if (await attempt(() => saveExpert(said))) notify("saved", "good");
  }

  /** The switch takes effect at once where there is a profile already. */
  function toggle(event) {
    setAvailable(event.target.checked);
    if (expert) save(new FormData(event.target.form), event.target.checked);
  }

  function submit(event) {
    event.preventDefault();
    save(new FormData(event.target), available);
  }

  return html`<form class="card expert" onSubmit=${submit}>
    <h2>${t("expert.title")}</h2>
    <p class="hint">${t("expert.lead")}</p>
    <label class="switch">
      <input type="checkbox" role="switch" checked=${available} onChange=${toggle} />
      <span>${t("expert.available")}</span>
    </label>
    ${specialties.map(
      (one, i) => html`<${Specialty}
        key=${i}
        at=${i}
        specialty=${one}
        onChange=${(part) => change(i, part)}
        onRemove=${specialties.length > 1 && (() => setSpecialties(specialties.filter((_, at) => at !== i)))}
      />`,
    )}
    ${specialties.length < MOST &&
    html`<p class="actions">
      <button class="plain" type="button" onClick=${() => setSpecialties([...specialties, { name: "", level: 3 }])}>
        + ${t("expert.add")}
      </button>
    </p>`}
    <div class="pair">
      <${Field} id="years" label=${t("expert.years")}>
        <input id="years" name="years" type="number" min="0" max="80" value=${given.experienceYears} required />
      <//>
      <${Field} id="capacity" label=${t("expert.capacity")}>
        <input id="capacity" name="capacity" type="number" min="1" max="50" value=${given.capacity} required />
      <//>
    </div>
    <${Field} id="bio" label=${t("expert.bio")}>
      <textarea id="bio" name="bio" rows="4" maxlength="2000" defaultValue=${given.bio}></textarea>
    <//>
    <button class="primary">${t("save")}</button>
    ${expert &&
    html`<p class="hint">
      ${t("expert.figures", {
        accepted: expert.accepted ?? 0,
        rating: expert.rating ? `★ ${expert.rating.toFixed(1)} (${expert.ratingCount})` : t("expert.no_rating"),
      })}
    </p>`}
  </form>`;
}

function Specialty({ at, specialty, onChange, onRemove }) {
  return html`<div class="specialty">
    <${Field} id=${`specialty-${at}`} label=${t("expert.specialty")}>
      <input
        id=${`specialty-${at}`}
        maxlength="80"
        value=${specialty.name}
        onInput=${(event) => onChange({ name: event.target.value })}
        required
      />
    <//>
    <${Field} id=${`level-${at}`} label=${t("expert.level")}>
      <select id=${`level-${at}`} value=${specialty.level} onChange=${(event) => onChange({ level: Number(event.target.value) })}>
        ${[1, 2, 3, 4, 5].map((level) => html`<option key=${level} value=${level}>${t(`level.${level}`)}</option>`)}
      </select>
    <//>
    ${onRemove &&
    html`<button class="plain" type="button" onClick=${onRemove} aria-label=${t("expert.remove", { name: specialty.name })}>✕</button>`}
  </div>`;
}

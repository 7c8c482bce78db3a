/** Small pieces that several views show. */

import { html } from "../html.js";
import { language, left, t } from "../i18n/index.js";
import { now } from "../state/clock.js";
import { spoken } from "../state/countdown.js";

const SOON_MS = 60_000;
const REASONS_SHOWN = 4;

/** The first letter of a name in a circle, with a dot for who is online (`online` undefined: not known). */
export function Avatar({ name, online }) {
  const letter = [...(name || "?").trim()][0]?.toUpperCase() ?? "?";
  const dot = online === undefined ? null : html`<span class=${`dot ${online ? "on" : "off"}`}></span>`;
  return html`<span class="avatar" aria-hidden="true">${letter}${dot}</span>`;
}

export function Status({ status }) {
  return html`<span class=${`badge status-${status}`}>${t(`status.${status}`)}</span>`;
}

/** A label, what it labels (given as a function of the id), and a hint. */
export function Field({ id, label, hint, error, children }) {
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${children}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${error && html`<p class="wrong" role="alert">${error}</p>`}
  </div>`;
}

/**
 * The time left by the server's clock, in amber; stronger when it gets short. One that is `aloud` is read out when half a
 * minute and ten seconds are left, and at no other time.
 */
export function Countdown({ until, aloud = false }) {
  const rest = Date.parse(until) - now.value;
  const said = spoken(rest);
  return html`<span class=${`countdown ${rest < SOON_MS ? "soon" : ""}`} role="timer" aria-live="off">
      ${t("offer.left", { time: left(until, now.value) })}
    </span>
    ${aloud && html`<span class="only-read" role="status">${said && t("offer.seconds_left", { seconds: said })}</span>`}`;
}

/** Why someone was chosen: the features that counted most, each with its value and a sentence. */
export function Reasons({ reasons }) {
  if (!reasons?.length) return null;
  const weightiest = [...reasons].sort((a, b) => b.contribution - a.contribution).slice(0, REASONS_SHOWN);
  return html`<ul class="reasons" aria-label=${t("reasons")}>
    ${weightiest.map(
      (reason) => html`<li key=${reason.feature}>
        <meter min="0" max="1" value=${reason.value} aria-hidden="true"></meter>
        <span>${language.value === "ko" ? reason.ko : reason.en}</span>
      </li>`,
    )}
  </ul>`;
}

export function Score({ score }) {
  return html`<span class="score">${t("score", { percent: Math.round(score * 100) })}</span>`;
}

/** A choice of one among a few, as a row of buttons that are radio inputs. */
export function Choice({ name, legend, options, value, onChoose }) {
  return html`<fieldset class="choice">
    <legend>${legend}</legend>
    <div class="choice-row">
      ${options.map(
        ([key, label]) => html`<label key=${key}>
          <input
            type="radio"
            name=${name}
            value=${key}
            checked=${value === key}
            onChange=${() => onChoose(key)}
          />
          <span>${label}</span>
        </label>`,
      )}
    </div>
  </fieldset>`;
}

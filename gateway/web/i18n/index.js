/** Every text in both languages, Korean first. `t(key, values)` re-renders what used it when the language changes. */

import { signal } from "@preact/signals";

import en from "./en.js";
import { fill } from "./fill.js";
import ko from "./ko.js";

const TEXTS = { ko, en };
const KEY = "yeon.language";

export const language = signal(TEXTS[localStorage.getItem(KEY)] ? localStorage.getItem(KEY) : "ko");

export function speak(chosen) {
  language.value = chosen;
  localStorage.setItem(KEY, chosen);
  document.documentElement.lang = chosen;
}

export function t(key, values = {}) {
  const text = TEXTS[language.value][key];
  if (text === undefined) throw new Error(`no text is called ${key}`);
  return fill(text, values);
}

/** The text of an error's `code`, or of any error. */
export function errorText(code) {
  return t(TEXTS.ko[`error.${code}`] ? `error.${code}` : "error.other", { code });
}

const FORMATS = { clock: { hour: "numeric", minute: "2-digit" }, day: { dateStyle: "long" } };
const formatters = new Map();

/** Making a formatter costs far more than using it. */
function formatter(name) {
  const key = `${name}-${language.value}`;
  if (!formatters.has(key)) formatters.set(key, new Intl.DateTimeFormat(language.value, FORMATS[name]));
  return formatters.get(key);
}

export function clockTime(at) {
  return formatter("clock").format(new Date(at));
}

export function day(at) {
  return formatter("day").format(new Date(at));
}

/** The minute and the day that `at` is in here, as numbers to compare. */
export function minuteOf(at) {
  return Math.floor(Date.parse(at) / 60_000);
}

export function dayOf(at) {
  const here = new Date(at);
  return (here.getFullYear() * 12 + here.getMonth()) * 31 + here.getDate();
}

/** How long ago, in one short word or two. */
export function ago(at, now) {
  const seconds = Math.min(0, (Date.parse(at) - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
  if (seconds > -60) return t("time.now");
  if (seconds > -3600) return format.format(Math.round(seconds / 60), "minute");
  if (seconds > -86400) return format.format(Math.round(seconds / 3600), "hour");
  return format.format(Math.round(seconds / 86400), "day");
}

/** A stretch of time in seconds, as people say it: seconds below a minute, else whole minutes. */
export function minutes(seconds) {
  const [count, unit] = seconds < 60 ? [Math.max(1, Math.round(seconds)), "second"] : [Math.round(seconds / 60), "minute"];
  return new Intl.NumberFormat(language.value, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** The same for who measures: tenths of a second below ten. */
export function seconds(count) {
  if (count >= 10) return minutes(count);
  const format = { style: "unit", unit: "second", unitDisplay: "long", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language.value, format).format(count);
}

/** A size in bytes, as people say it. */
export function bytes(count) {
  const units = ["byte", "kilobyte", "megabyte"];
  const step = count < 1_000 ? 0 : count < 1_000_000 ? 1 : 2;
  const format = { style: "unit", unit: units[step], unitDisplay: step === 0 ? "long" : "short", maximumFractionDigits: step === 2 ? 1 : 0 };
  return new Intl.NumberFormat(language.value, format).format(count / 1_000 ** step);
}

/** Minutes and seconds left, to the nearest second, never below zero. */
export function left(until, now) {
  const seconds = Math.max(0, Math.round((Date.parse(until) - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

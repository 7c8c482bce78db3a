/** The operator's page: what is going on now, every other second. */

import { useEffect, useState } from "preact/hooks";

import { readOperations, releaseParked } from "../actions.js";
import { html } from "../html.js";
import { clockTime, seconds, t } from "../i18n/index.js";
import { attempt, notify } from "../session.js";

const EVERY_MS = 2_000;
const STATUSES = ["pending", "matched", "in_progress", "unmatched", "resolved", "cancelled"];

/** What the server said last, read again while the page is looked at; `stale` while it does not answer. */
function useOperations() {
  const [said, setSaid] = useState(null);
  const [stale, setStale] = useState(false);
  useEffect(() => {
    const look = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        setSaid(await readOperations());
        setStale(false);
      } catch {
        setStale(true);
      }
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return [said, stale];
}

export function OperatorView() {
  const [said, stale] = useOperations();
  if (!said) return html`<p class="splash" role="status">${t("loading")}</p>`;
  const { live, counts, fairness = {}, lag, parked, sockets } = said;
  const hour = live.lastHour ?? {};
  const duration = (value) => (value === null || value === undefined ? "–" : seconds(value));
  const share = (value) => (value === null || value === undefined ? "–" : `${Math.round(value * 100)}%`);
  // What waits for somebody stands first.
  const waiting = html`<section class="card">
    <h2>${t("operator.parked")}</h2>
    ${parked.length === 0 && html`<p class="hint">${t("operator.parked.none")}</p>`}
    <ul class="list">${parked.map((one) => html`<${Parked} key=${`${one.consumer} ${one.key}`} one=${one} />`)}</ul>
  </section>`;
  return html`<div class="page operator">
    <header class="row">
      <h1 class="grow">${t("nav.operator")}</h1>
      <small class=${stale ? "wrong" : ""} role="status">
        ${stale ? t("error.unavailable") : live.at && t("operator.at", { time: clockTime(live.at) })}
      </small>
    </header>
    ${parked.length > 0 && waiting}
    <section class="card">
      <h2>${t("operator.questions_per_minute")}</h2>
      <${Bars} values=${live.questionsPerMinute ?? []} />
    </section>
    <dl class="figures">
      <${Figure} name=${t("operator.questions_hour")} value=${hour.questions ?? 0} />
      <${Figure} name=${t("operator.to_match")} value=${duration(hour.secondsToMatch)} />
      <${Figure} name=${t("operator.to_acceptance")} value=${duration(hour.secondsToFirstAcceptance)} />
      <${Figure} name=${t("operator.acceptance_rate")} value=${share(hour.acceptanceRate)} />
      <${Figure} name=${t("operator.open_offers")} value=${counts.openOffers} />
      <${Figure} name=${t("operator.open_rooms")} value=${counts.rooms.active ?? 0} />
      <${Figure} name=${t("operator.people")} value=${counts.people} />
      <${Figure} name=${t("operator.experts")} value=${counts.experts} />
    </dl>
    <section class="fairness">
      <h2>${t("operator.fairness")}</h2>
      <dl class="figures">
        <${Figure} name=${t("operator.top_share")} value=${share(fairness.topShare)} />
        <${Figure} name=${t("operator.explored_share")} value=${share(fairness.exploredShare)} />
        <${Figure} name=${t("operator.explored_acceptance")} value=${share(fairness.exploredAcceptance)} />
      </dl>
    </section>
    <div class="pair">
      <${Table} title=${t("operator.by_status")} rows=${STATUSES.map((one) => [t(`status.${one}`), counts.questions[one] ?? 0])} />
      <${Table} title=${t("operator.sockets")} rows=${Object.entries(sockets ?? {}).sort()} />
    </div>
    <${Lags} lags=${lag} />
    ${parked.length === 0 && waiting}
  </div>`;
}

/** One event that could not be taken, with what waits behind it. Releasing says whether it went this time. */
function Parked({ one }) {
  const [busy, setBusy] = useState(false);
  async function release() {
    setBusy(true);
    if (await attempt(() => releaseParked(one))) notify("operator.parked.tried", "told");
    setBusy(false);
  }
  return html`<li class="row">
    <span class="grow">
      <b>${one.consumer} · ${one.position}</b>
      <small>${one.reason}</small>
      <small>${t("operator.parked.behind", { count: one.behind })} · <code>${one.key}</code></small>
    </span>
    <button class="secondary" type="button" disabled=${busy} onClick=${release}>${t("operator.parked.release")}</button>
  </li>`;
}

function Figure({ name, value }) {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function Table({ title, rows }) {
  return html`<section class="card">
    ${title && html`<h2>${title}</h2>`}
    <table>
      <tbody>
        ${rows.map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td>${value}</td></tr>`)}
      </tbody>
    </table>
  </section>`;
}

/** How far each consumer is behind, topic by topic; the relay, behind the store, has no topic and comes first. */
function Lags({ lags }) {
  const topics = [...new Set(lags.map((one) => one.topic))].sort();
  return html`<section class="card lags">
    <h2>${t("operator.lag")}</h2>
    <p class="hint">${t("operator.lag.hint")}</p>
    <table>
      <thead>
        <tr><th scope="col">${t("operator.lag.consumer")}</th><th scope="col">${t("operator.lag.behind")}</th><th scope="col">${t("operator.lag.partitions")}</th></tr>
      </thead>
      ${topics.map((topic) => html`<tbody key=${topic}>
        <tr><th scope="rowgroup" colspan="3">${topic || t("operator.lag.store")}</th></tr>
        ${lags.filter((one) => one.topic === topic).map((one) => html`<tr key=${one.consumer} class=${one.behind > 0 ? "waits" : ""}>
          <th scope="row" title=${one.consumer}>${one.consumer.split(":").slice(0, 2).join(":")}</th><td>${one.behind}</td><td>${one.partitions}</td>
        </tr>`)}
      </tbody>`)}
    </table>
  </section>`;
}

/** One bar a minute, the present one last. */
function Bars({ values }) {
  const most = Math.max(1, ...values);
  const label = t("operator.bars", { now: values.at(-1) ?? 0, most: Math.max(0, ...values) });
  return html`<svg class="bars" viewBox=${`0 0 ${Math.max(1, values.length) * 8} 64`} preserveAspectRatio="none" role="img" aria-label=${label}>
      ${values.map((value, i) => {
        const height = Math.max(1, (value / most) * 64);
        return html`<rect key=${i} x=${i * 8 + 1} y=${64 - height} width="6" height=${height} rx="1" />`;
      })}
    </svg>
    <small>${label}</small>`;
}

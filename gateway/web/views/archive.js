/** Resolved conversations that people share: rows that lead there, one of them, and sharing one's own. */

import { useEffect, useState } from "preact/hooks";

import { readShared, share } from "../actions.js";
import { html } from "../html.js";
import { ago, t } from "../i18n/index.js";
import { attempt } from "../session.js";
import { now } from "../state/clock.js";
import { state } from "../state/store.js";
import { Avatar } from "./parts.js";

/** Where a resolved question is read: one's own in its room, others' in the archive. */
function placeOf({ questionId, roomId, link }) {
  if (link) return `#/archive/${questionId}`;
  return roomId ? `#/rooms/${roomId}` : `#/questions/${questionId}`;
}

/** Resolved questions that are alike, each with the beginning of its answer, as far as it is shared. */
export function AlikeList({ similar }) {
  return html`<ul class="list alike">
    ${similar.map(
      (one) => html`<li key=${one.questionId}>
        <a class="row" href=${placeOf(one)}>
          <span class="grow">
            <b class="lines">${one.content}</b>
            ${one.excerpt && html`<span class="excerpt lines">${one.excerpt}</span>`}
            <small>${t("similar.resolved", { when: ago(one.resolvedAt, now.value) })}</small>
          </span>
          <span class="onward" aria-hidden="true">›</span>
        </a>
      </li>`,
    )}
  </ul>`;
}

/** The same under a title, where there are any. */
export function Alike({ similar, title }) {
  if (!similar?.length) return null;
  return html`<section aria-label=${title}>
    <h2>${title}</h2>
    <${AlikeList} similar=${similar} />
  </section>`;
}

/** A shared conversation: the question, and what those said who share their words. */
export function ArchiveView({ id }) {
  const [found, setFound] = useState(null);
  useEffect(() => {
    let late = false;
    readShared(id).then(
      (one) => late || setFound(one),
      (error) => late || setFound({ code: error.code ?? "offline" }),
    );
    return () => {
      late = true;
    };
  }, [id]);
  if (!found) return html`<p class="splash" role="status">${t("loading")}</p>`;
  if (found.code) {
    const away = found.code === "not_found";
    return html`<div class="page">
      <h1>${t("archive.title")}</h1>
      <p class="empty">${t(away ? "archive.gone" : "error.offline")} ${away && t("archive.gone.why")}</p>
      <${Back} />
    </div>`;
  }
  return html`<article class="page archive">
    <header>
      <p class="meta">
        <span class="badge">${t("archive.title")}</span>
        ${found.category && html`<span class="badge">${found.category}</span>`}
      </p>
      <h1>${found.content}</h1>
      <p class="hint">${t("archive.lead", { when: ago(found.resolvedAt, now.value) })}</p>
    </header>
    ${found.messages.length === 0 && html`<p class="empty">${t("archive.silent")}</p>`}
    <ol class="shared">
      ${found.messages.map((said, i) => {
        const again = found.messages[i - 1]?.senderId === said.senderId;
        return html`<li key=${i} class=${said.senderId === found.userId ? "" : "expert"}>
          ${!again && html`<p class="who"><${Avatar} name=${said.senderName} /><b>${said.senderName}</b>
            <span class="badge">${t(said.senderId === found.userId ? "member.asker" : "member.expert")}</span></p>`}
          <p class="words">${said.content}</p>
        </li>`;
      })}
    </ol>
    <${Back} />
  </article>`;
}

function Back() {
  return html`<p class="actions"><button class="secondary" type="button" onClick=${() => history.back()}>${t("archive.back")}</button></p>`;
}

/** Whether one lets others read one's own words of a resolved conversation. Off until one says so. */
export function Sharing({ question }) {
  const [busy, setBusy] = useState(false);
  const me = state.value.me.id;
  const sharing = question.sharedBy ?? [];
  const mine = question.userId === me;
  const waits = !mine && sharing.includes(me) && !sharing.includes(question.userId);
  async function toggle(event) {
    setBusy(true);
    await attempt(() => share(question.id, event.target.checked));
    setBusy(false);
  }
  return html`<section class="card sharing" aria-label=${t("share.title")}>
    <h2>${t("share.title")}</h2>
    <label class="switch">
      <input type="checkbox" role="switch" checked=${sharing.includes(me)} disabled=${busy} onChange=${toggle} aria-describedby="share-hint" />
      <span>${t(mine ? "share.asker" : "share.expert")}</span>
    </label>
    <p class="hint" id="share-hint">${t("share.hint")}</p>
    ${waits && html`<p class="hint" role="status">${t("share.waits")}</p>`}
  </section>`;
}

/** How one item of a room's history looks. What a message is given changes only if its looks do. */

import { useState } from "preact/hooks";

import { redact, say, sendFile, takeBack } from "../actions.js";
import { html } from "../html.js";
import { clockTime, errorText, minuteOf, t } from "../i18n/index.js";
import { attempt } from "../session.js";
import { LeavingFile, SentFile } from "./files.js";
import { Avatar } from "./parts.js";

const TOGETHER_MS = 120_000;

function systemText(item) {
  const name = item.userName;
  if (item.kind === "closed") return t(`room.closed.${item.reason ?? "resolved"}`);
  return t(`room.${item.kind}`, { name });
}

/** Whether `item` goes on where `before` ended: the same person, soon after. */
export function goesOn(item, before) {
  if (before?.kind !== "message" || before.senderId !== item.senderId) return false;
  return Date.parse(item.createdAt) - Date.parse(before.createdAt) < TOGETHER_MS;
}

/** Whether `after` goes on in the same minute: then only the last says when. */
export function sameMinute(item, after) {
  return Boolean(after) && goesOn(after, item) && minuteOf(after.createdAt) === minuteOf(item.createdAt);
}

/** `joined`: it goes on where the one before ended. `unread`: how many have not read it. `open`: it may be taken back. */
export function Item({ roomId, item, own, joined, timed, role, unread, open }) {
  if (item.kind !== "message") return html`<p class="system" data-seq=${item.seq}>${systemText(item)}</p>`;
  return html`<article class=${`message ${own ? "own" : ""} ${joined ? "joined" : ""}`} data-seq=${item.seq}>
    ${!own && !joined && html`<${Avatar} name=${item.senderName} />`}
    <div class="message-body">
      ${!own && !joined && html`<p class="from"><b>${item.senderName}</b>${role && html`<${MemberRole} role=${role} />`}</p>`}
      <div class="bubble-row">
        ${item.file && !item.redacted
          ? html`<${SentFile} roomId=${roomId} file=${item.file} />`
          : html`<p class=${`bubble ${item.redacted ? "redacted" : ""} ${role === "expert" && !own ? "of-expert" : ""}`}>
              ${item.redacted ? t("room.redacted") : item.content}
            </p>`}
        <small class="when">
          ${unread > 0 &&
          html`<b class="unread-digit"><span aria-hidden="true">${unread}</span>
            <span class="only-read">${t("room.unread_by", { count: unread })}</span></b>`}
          ${timed && html`<time datetime=${item.createdAt}>${clockTime(item.createdAt)}</time>`}
        </small>
        ${own && open && !item.redacted && html`<${TakeBack} roomId=${roomId} seq=${item.seq} />`}
      </div>
    </div>
  </article>`;
}

/** Taking a message back asks once, since nobody can undo it. */
function TakeBack({ roomId, seq }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  async function sure() {
    setBusy(true);
    if (!(await attempt(() => redact(roomId, seq)))) setBusy(false);
  }
  if (!asking) {
    return html`<button class="plain take-back" type="button" onClick=${() => setAsking(true)}>${t("room.take_back")}</button>`;
  }
  return html`<span class="take-back asking" role="group" aria-label=${t("room.take_back.sure")}>
    <button class="secondary" type="button" disabled=${busy} onClick=${sure}>${t("room.take_back.sure")}</button>
    <button class="plain" type="button" onClick=${() => setAsking(false)}>${t("cancel")}</button>
  </span>`;
}

export function MemberRole({ role }) {
  return html`<span class=${`badge role-${role}`}>${t(`member.${role}`)}</span>`;
}

/** A message that has not come back as an item yet. */
export function Pending({ roomId, message }) {
  const again = () =>
    message.file ? sendFile(roomId, message.file, message.content, message.clientMsgId) : say(roomId, message.content, message.clientMsgId);
  const failed = message.state === "failed";
  return html`<article class=${`message own pending ${message.state}`}>
    <div class="message-body">
      <div class="bubble-row">
        ${message.file
          ? html`<${LeavingFile} file=${message.file} name=${message.content} />`
          : html`<p class="bubble">${message.content}</p>`}
        <small class="when">
          <span class=${failed ? "wrong" : "standing"} role=${failed ? "alert" : undefined}>
            ${t(`room.${message.state}`)}${failed && ` · ${errorText(message.code)}`}
          </span>
        </small>
      </div>
      ${failed &&
      html`<p class="actions">
        <button class="plain" type="button" onClick=${again}>
          ${t("room.again")}
        </button>
        <button class="plain" type="button" onClick=${() => takeBack(roomId, message.clientMsgId)}>${t("room.drop")}</button>
      </p>`}
    </div>
  </article>`;
}

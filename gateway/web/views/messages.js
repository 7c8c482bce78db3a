/** How one item of a room's history looks. */

import { say, takeBack } from "../actions.js";
import { html } from "../html.js";
import { clockTime, errorText, t } from "../i18n/index.js";
import { Avatar } from "./parts.js";

const TOGETHER_MS = 120_000;

function systemText(item) {
  const name = item.userName;
  if (item.kind === "closed") return t(`room.closed.${item.reason ?? "resolved"}`);
  return t(`room.${item.kind}`, { name });
}

/** Whether `item` goes on where `before` ended: the same person, soon after. */
function goesOn(item, before) {
  if (before?.kind !== "message" || before.senderId !== item.senderId) return false;
  return Date.parse(item.createdAt) - Date.parse(before.createdAt) < TOGETHER_MS;
}

export function Item({ room, item, before, me, last }) {
  if (item.kind !== "message") return html`<p class="system">${systemText(item)}</p>`;
  const own = item.senderId === me;
  const joined = goesOn(item, before);
  const person = room.participants.find((one) => one.userId === item.senderId);
  return html`<article class=${`message ${own ? "own" : ""} ${joined ? "joined" : ""}`} data-seq=${item.seq}>
    ${!own && !joined && html`<${Avatar} name=${item.senderName} />`}
    <div class="message-body">
      ${!own &&
      !joined &&
      html`<p class="from"><b>${item.senderName}</b>${person && html`<${MemberRole} role=${person.role} />`}</p>`}
      <div class="bubble-row">
        <p class=${`bubble ${item.redacted ? "redacted" : ""}`}>${item.redacted ? t("room.redacted") : item.content}</p>
        <small class="when">
          ${own && last && html`<${Standing} room=${room} item=${item} me=${me} />`}
          <time datetime=${item.createdAt}>${clockTime(item.createdAt)}</time>
        </small>
      </div>
    </div>
  </article>`;
}

export function MemberRole({ role }) {
  return html`<span class=${`badge role-${role}`}>${t(`member.${role}`)}</span>`;
}

/** That it arrived, and how many have read it. */
function Standing({ room, item, me }) {
  const readers = Object.entries(room.reads).filter(([who, upTo]) => who !== me && upTo >= item.seq).length;
  const text = readers > 0 ? t("room.read_by", { count: readers }) : t("room.acknowledged");
  return html`<span class="standing">${text}</span>`;
}

/** A message that has not come back as an item yet. */
export function Pending({ roomId, message }) {
  const failed = message.state === "failed";
  function again() {
    takeBack(roomId, message.clientMsgId);
    say(roomId, message.content);
  }
  return html`<article class=${`message own pending ${message.state}`}>
    <div class="message-body">
      <div class="bubble-row">
        <p class="bubble">${message.content}</p>
        <small class="when">
          <span class=${failed ? "wrong" : "standing"} role=${failed ? "alert" : undefined}>
            ${t(`room.${message.state}`)}${failed && ` · ${errorText(message.code)}`}
          </span>
        </small>
      </div>
      ${failed &&
      html`<p class="actions">
        <button class="plain" type="button" onClick=${again}>${t("room.again")}</button>
        <button class="plain" type="button" onClick=${() => takeBack(roomId, message.clientMsgId)}>${t("room.drop")}</button>
      </p>`}
    </div>
  </article>`;
}

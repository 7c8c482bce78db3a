/** A room's history, upward as one scrolls, and what is said now, without moving what one is reading. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { forgetOlder, read, readOlder } from "../actions.js";
import { html } from "../html.js";
import { day, dayOf, t } from "../i18n/index.js";
import { attempt } from "../session.js";
import { unreadBy } from "../state/rooms.js";
import { goesOn, Item, Pending, sameMinute } from "./messages.js";

const NEAR = 96;
const FIRST_PAGE = 20;
const SPOKEN = 5;

export function Log({ room, me }) {
  const box = useRef(null);
  const stick = useRef(true);
  const seenUpTo = useRef(room.lastSeq);
  const before = useRef({ height: 0, first: null });
  const [older, setOlder] = useState(false);
  const [below, setBelow] = useState(0);
  const first = room.items[0]?.seq ?? null;

  async function loadOlder() {
    if (older || !room.hasMore) return;
    setOlder(true);
    await attempt(() => readOlder(room.id));
    setOlder(false);
  }

  function toEnd() {
    stick.current = true;
    box.current.scrollTop = box.current.scrollHeight;
    setBelow(0);
  }

  useEffect(() => {
    if (room.items.length < FIRST_PAGE) loadOlder();
  }, [room.id]);

  // Stay at the end if one was there; stay at the same words if older ones came in above.
  useLayoutEffect(() => {
    const log = box.current;
    if (before.current.first !== null && first !== null && first < before.current.first && !stick.current) {
      log.scrollTop += log.scrollHeight - before.current.height;
    } else if (stick.current) {
      log.scrollTop = log.scrollHeight;
    }
    before.current = { height: log.scrollHeight, first };
  });

  // A keyboard that opens, or a field that grows, takes its place from above: the last words stay in sight.
  useEffect(() => {
    const log = box.current;
    const keep = new ResizeObserver(() => stick.current && (log.scrollTop = log.scrollHeight));
    keep.observe(log);
    return () => keep.disconnect();
  }, []);

  // One's own words bring one to the end; those of others wait below, counted.
  useEffect(() => {
    const news = room.items.filter((item) => item.seq > seenUpTo.current && item.kind === "message");
    seenUpTo.current = Math.max(seenUpTo.current, room.lastSeq);
    const others = news.filter((item) => item.senderId !== me).length;
    if (stick.current) {
      setBelow(0);
      forgetOlder(room.id);
      return;
    }
    if (others > 0) setBelow(below + others);
  }, [room.lastSeq]);
  useEffect(() => {
    if (room.pending.length > 0) toEnd();
  }, [room.pending.length]);

  useEffect(() => {
    const seen = () => stick.current && read(room.id);
    seen();
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [room.id, room.lastSeq, below]);

  function scrolled() {
    const log = box.current;
    stick.current = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    if (stick.current && below > 0) setBelow(0);
    if (log.scrollTop < NEAR && log.scrollHeight > log.clientHeight) loadOlder();
  }

  return html`<div class="log-frame">
    <div class="log" ref=${box} onScroll=${scrolled} tabindex="0" role="log" aria-live="off" aria-label=${t("room.log")}>
      <div class="log-inner">
        ${room.hasMore && room.items.length > 0
          ? html`<button class="plain older" type="button" disabled=${older} onClick=${loadOlder}>${t("room.older")}</button>`
          : html`<p class="system">${t("room.start")}</p>`}
        <${Items} room=${room} me=${me} />
      </div>
    </div>
    ${below > 0 &&
    html`<button class="primary to-end" type="button" onClick=${toEnd}>${t("room.new_below", { count: below })} ↓</button>`}
    <${Spoken} room=${room} me=${me} />
  </div>`;
}

function Items({ room, me }) {
  const roles = new Map(room.participants.map((person) => [person.userId, person.role]));
  const shown = new Set(room.items.filter((item) => item.senderId === me).map((item) => item.clientMsgId));
  return html`${room.items.map((item, i) => {
    const newDay = startsDay(item, room.items[i - 1]);
    return html`
      ${newDay && html`<p key=${`day-${item.seq}`} class="day"><span>${newDay}</span></p>`}
      <${Item}
        key=${item.seq}
        roomId=${room.id}
        item=${item}
        own=${item.senderId === me}
        timed=${!sameMinute(item, room.items[i + 1])}
        joined=${!newDay && goesOn(item, room.items[i - 1])}
        role=${roles.get(item.senderId)}
        unread=${item.kind === "message" && !item.redacted ? unreadBy(room, item) : 0}
        open=${room.status === "active"}
      />
    `;
  })}
  ${room.pending
    .filter((message) => !shown.has(message.clientMsgId))
    .map((message) => html`<${Pending} key=${message.clientMsgId} roomId=${room.id} message=${message} />`)}`;
}

/** The day that begins with `item`, or nothing. */
function startsDay(item, before) {
  if (!item.createdAt) return null;
  return before?.createdAt && dayOf(before.createdAt) === dayOf(item.createdAt) ? null : day(item.createdAt);
}

/** What others have said since the room came up, for screen readers: only what is new, never the history. */
function Spoken({ room, me }) {
  const from = useRef(room.lastSeq);
  const news = room.items.filter((item) => item.seq > from.current && item.kind === "message" && item.senderId !== me);
  return html`<div class="only-read" aria-live="polite">
    ${news.slice(-SPOKEN).map((item) => html`<p key=${item.seq}>${item.senderName}: ${item.redacted ? t("room.redacted") : item.content}</p>`)}
  </div>`;
}

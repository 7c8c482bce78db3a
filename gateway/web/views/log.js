/** A room's history, upward as one scrolls, and what is said now, without moving what one is reading. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { forgetOlder, read, readOlder } from "../actions.js";
import { html } from "../html.js";
import { day, dayOf, language, t } from "../i18n/index.js";
import { attempt, live } from "../session.js";
import { unreadBy } from "../state/rooms.js";
import { Blocks } from "./blocks.js";
import { goesOn, Item, Pending, sameMinute } from "./messages.js";

const NEAR = 96;
const FIRST_PAGE = 20;
const SPOKEN = 5;

export function Log({ room, me }) {
  const box = useRef(null);
  const stick = useRef(true);
  const seenUpTo = useRef(room.lastSeq);
  const before = useRef({ first: null, top: 0 });
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
    live.above = null;
    box.current.scrollTop = box.current.scrollHeight;
    setBelow(0);
  }

  useEffect(() => {
    if (room.items.length < FIRST_PAGE) loadOlder();
  }, [room.id]);

  // Stay at the end if one was there; stay at the same words if older ones came in above.
  useLayoutEffect(() => {
    const log = box.current;
    if (stick.current) log.scrollTop = log.scrollHeight;
    else if (before.current.first !== null && first < before.current.first) {
      log.scrollTop += topOf(log, before.current.first) - before.current.top;
    }
    before.current = { first, top: topOf(log, first) };
  }, [first, room.items.length, room.pending.length]);

  useEffect(() => () => (live.above = null), []);

  // A keyboard that opens, or a field that grows, takes its place from above; words may grow, as one that was refused
  // does: the last of it stays in sight.
  useEffect(() => {
    const log = box.current;
    const keep = new ResizeObserver(() => stick.current && (log.scrollTop = log.scrollHeight));
    keep.observe(log);
    keep.observe(log.firstElementChild);
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
    live.above = stick.current ? null : room.id;
    if (stick.current && below > 0) setBelow(0);
    if (log.scrollTop < NEAR && log.scrollHeight > log.clientHeight) loadOlder();
  }

  return html`<div class="log-frame">
    <div class="log" ref=${box} onScroll=${scrolled} tabindex="0" role="log" aria-live="off" aria-label=${t("room.log")}>
      <div class="log-inner">
        ${room.hasMore && room.items.length > 0
          ? html`<button class="plain older" type="button" disabled=${older} onClick=${loadOlder}>${t("room.older")}</button>`
          : html`<p class="system">${t("room.start")}</p>`}
        <${Items} box=${box} room=${room} me=${me} />
      </div>
    </div>
    ${below > 0 &&
    html`<button class="primary to-end" type="button" onClick=${toEnd}>${t("room.new_below", { count: below })} ↓</button>`}
    <${Spoken} room=${room} me=${me} />
  </div>`;
}

/** How far down in the history the item with this number begins. */
function topOf(log, seq) {
  const item = log.querySelector(`[data-seq="${seq}"]`);
  return item ? item.getBoundingClientRect().top - log.getBoundingClientRect().top + log.scrollTop : 0;
}

function Items({ box, room, me }) {
  const roles = useMemo(() => new Map(room.participants.map((person) => [person.userId, person.role])), [room.participants]);
  const shown = new Set(room.pending.length > 0 ? room.items.filter((item) => item.senderId === me).map((item) => item.clientMsgId) : []);
  const draw = (items, before, after) => {
    // Who came and went is told without a time: the day goes on from the words before that.
    let timed = before?.createdAt ? before : room.items.findLast((item) => item.seq < items[0].seq && item.createdAt);
    return items.map((item, i) => {
      const last = items[i - 1] ?? before;
      const newDay = startsDay(item, timed);
      if (item.createdAt) timed = item;
      return html`
        ${newDay && html`<p key=${`day-${item.seq}`} class="day"><span>${newDay}</span></p>`}
        <${Item}
          key=${item.seq}
          roomId=${room.id}
          item=${item}
          own=${item.senderId === me}
          timed=${!sameMinute(item, items[i + 1] ?? after)}
          joined=${!newDay && goesOn(item, last)}
          role=${roles.get(item.senderId)}
          unread=${item.kind === "message" && !item.redacted ? unreadBy(room, item) : 0}
          open=${room.status === "active"}
        />
      `;
    });
  };
  const given = [roles, room.reads, room.status, language.value];
  return html`<${Blocks} box=${box} items=${room.items} draw=${draw} given=${given} />
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

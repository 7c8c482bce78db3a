/** A room's conversation: its history upward, what is said now, and one's own words on their way. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { read, readOlder } from "../actions.js";
import { html } from "../html.js";
import { day, t } from "../i18n/index.js";
import { attempt, readQuestion, readRoom } from "../session.js";
import { state } from "../state/store.js";
import { Composer } from "./composer.js";
import { roomName } from "./lists.js";
import { Item, Pending } from "./messages.js";

const NEAR = 96;

export function Chat({ id }) {
  const room = state.value.rooms[id];
  const me = state.value.me.id;
  useEffect(() => {
    attempt(() => readRoom(id));
    if (room.questionId && !state.value.questions[room.questionId]?.content) {
      readQuestion(room.questionId).catch(() => {});
    }
  }, [id]);
  return html`<section class="chat" aria-label=${roomName(room, me)}>
    <header class="chat-head">
      <a class="plain back narrow-only" href="#/rooms" aria-label=${t("nav.rooms")}>‹</a>
      <span class="grow">
        <h1 class="cut">${roomName(room, me)}</h1>
        <small>${t("room.people", { count: room.participants.length })}</small>
      </span>
      ${room.status === "closed" && html`<span class="badge">${t("room.closed")}</span>`}
    </header>
    <${Log} room=${room} me=${me} />
    <${Typing} room=${room} me=${me} />
    ${room.status === "closed" ? html`<p class="composer shut">${t("room.no_more")}</p>` : html`<${Composer} roomId=${id} />`}
  </section>`;
}

function Log({ room, me }) {
  const log = useRef(null);
  const stick = useRef(true);
  const before = useRef({ height: 0, first: null });
  const [older, setOlder] = useState(false);
  const first = room.items[0]?.seq ?? null;

  async function loadOlder() {
    if (older || !room.hasMore) return;
    setOlder(true);
    await attempt(() => readOlder(room.id));
    setOlder(false);
  }

  useEffect(() => {
    if (room.items.length < 20) loadOlder();
  }, [room.id]);

  // Stay at the end if one was there; stay at the same words if older ones came in above.
  useLayoutEffect(() => {
    const box = log.current;
    if (before.current.first !== null && first !== null && first < before.current.first && !stick.current) {
      box.scrollTop += box.scrollHeight - before.current.height;
    } else if (stick.current) {
      box.scrollTop = box.scrollHeight;
    }
    before.current = { height: box.scrollHeight, first };
  });

  useEffect(() => {
    const seen = () => read(room.id);
    seen();
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [room.id, room.lastSeq]);

  function scrolled() {
    const box = log.current;
    stick.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    if (box.scrollTop < NEAR && box.scrollHeight > box.clientHeight) loadOlder();
  }

  const own = room.items.filter((item) => item.senderId === me);
  const shown = new Set(own.map((item) => item.clientMsgId));
  const lastOwn = own.at(-1)?.seq;
  return html`<div class="log" ref=${log} onScroll=${scrolled} tabindex="0" role="log" aria-label=${t("room.log")}>
    <div class="log-inner">
      ${room.hasMore && room.items.length > 0
        ? html`<button class="plain older" type="button" disabled=${older} onClick=${loadOlder}>${t("room.older")}</button>`
        : html`<p class="system">${t("room.start")}</p>`}
      ${room.items.map((item, i) => html`<${Dated}
          key=${item.seq}
          room=${room}
          item=${item}
          before=${room.items[i - 1]}
          me=${me}
          last=${item.seq === lastOwn}
        />`)}
      ${room.pending
        .filter((message) => !shown.has(message.clientMsgId))
        .map((message) => html`<${Pending} key=${message.clientMsgId} roomId=${room.id} message=${message} />`)}
    </div>
  </div>`;
}

/** An item, with the day above it when that changes. */
function Dated({ room, item, before, me, last }) {
  const today = item.createdAt && day(item.createdAt);
  const newDay = today && before?.createdAt && day(before.createdAt) !== today;
  return html`${newDay && html`<p class="system day">${today}</p>`}
    <${Item} room=${room} item=${item} before=${before} me=${me} last=${last} />`;
}

function Typing({ room, me }) {
  const [, tick] = useState(0);
  const ends = Object.values(room.typing);
  useEffect(() => {
    if (ends.length === 0) return undefined;
    const timer = setTimeout(() => tick(Date.now()), Math.max(0, Math.min(...ends) - Date.now()) + 20);
    return () => clearTimeout(timer);
  });
  const names = room.participants
    .filter((person) => person.userId !== me && room.typing[person.userId] > Date.now())
    .map((person) => person.userName);
  return html`<p class="typing" role="status">
    ${names.length > 0 && html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${t("room.typing", { names: names.join(", ") })}`}
  </p>`;
}

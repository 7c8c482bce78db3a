/**
 * Signing in and out, the snapshot, and the tail of frames after it: the one place where the state, REST and the socket
 * meet.
 */

import { batch } from "@preact/signals";

import { leftAlone, noticed, recall } from "./away.js";
import { language } from "./i18n/index.js";
import { Kept } from "./net/kept.js";
import { Outbox } from "./net/outbox.js";
import { Rest } from "./net/rest.js";
import { Socket } from "./net/socket.js";
import { readSnapshot } from "./snapshot.js";
import { noteTime, serverNow } from "./state/clock.js";
import { EMPTY } from "./state/empty.js";
import { inboxFrame, questionRead } from "./state/inbox.js";
import * as rooms from "./state/rooms.js";
import { go, route, state, update } from "./state/store.js";

const INBOX_FRAMES = new Set(["question_assigned", "offer_closed", "expert_matched", "question_status", "room_opened"]);
const ROOMS_RESUMED = 200;
const OFFERS_ASKED = 20;
const SHOWN_EVERY_MS = 16;
const NOTICE_MS = 8_000;
const GOOD_NEWS_MS = 4_000;
const ASK_AGAIN_MS = 3_000;

export const rest = new Rest();
const kept = new Kept();
let config = null;
let fading = 0;
const arrivals = [];
let showing = 0;
/** What there is only while someone is signed in; `above`: the room in which they read older words now. */
export const live = { socket: null, outbox: null, above: null };

rest.onTime = noteTime;
rest.tokens.onFresh = (token) => live.socket?.renew(token);
rest.tokens.onEnded = () => signedOut("session_ended");

export function notify(code, kind = "error") {
  update((before) => ({ ...before, notice: { code, kind } }));
  clearTimeout(fading);
  fading = setTimeout(dismiss, kind === "error" ? NOTICE_MS : GOOD_NEWS_MS);
}

export function dismiss() {
  update((before) => ({ ...before, notice: null }));
}

/** Run `work`; a failure becomes a notice. True if it went well. */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    notify(error.code ?? "offline");
    return false;
  }
}

export const me = () => state.value.me?.id;

/** Whether the person has this room before their eyes now. */
export function visible(roomId) {
  const [place, id] = route.value;
  return place === "rooms" && id === roomId && document.visibilityState === "visible";
}

export async function begin() {
  // Who is not signed in can begin at once; the rest is known before they are in.
  const back = Boolean(rest.tokens.access);
  if (!back) update((before) => ({ ...before, loaded: true }));
  await configured();
  if (back) await attempt(enter);
  update((before) => ({ ...before, loaded: true }));
}

/** What the server says of itself, asked until it answers. */
async function configured() {
  while (!config) {
    try {
      config = await rest.call("GET", "/config", undefined, { open: true });
      update((before) => ({ ...before, config }));
    } catch (error) {
      notify(error.code ?? "offline");
      await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
    }
  }
}

export async function signIn(username, password) {
  rest.tokens.take(await rest.post("/auth/login", { username, password }, { open: true }));
  await enter();
}

export async function register(form) {
  rest.tokens.take(await rest.post("/auth/register", form, { open: true }));
  // As they are here, they are told elsewhere, until they choose otherwise; where this fails, in Korean.
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  await rest.put("/users/notifications", { language: language.value, timeZone }).catch(() => {});
  await enter();
}

export async function signOut() {
  const refreshToken = rest.tokens.pair?.refresh;
  await leftAlone(rest).catch(() => {});
  await attempt(() => rest.post("/auth/logout", { refreshToken }));
  signedOut();
}

/** End every session of this person, on every machine. */
export async function signOutEverywhere() {
  if (await attempt(() => rest.post("/auth/logout", {}))) signedOut();
}

/** Be forgotten: the account goes, and with it the key to everything this person wrote. */
export async function eraseMe() {
  await rest.call("DELETE", "/users/profile");
  signedOut();
}

function signedOut(code) {
  leftAlone().catch(() => {});
  live.socket?.stop();
  live.outbox?.clear();
  arrivals.length = 0;
  live.socket = null;
  rest.tokens.forget();
  state.value = { ...EMPTY, loaded: true, config };
  go();
  if (code) notify(code, "info");
}

/** The snapshot by REST, then the tail by the socket. */
async function enter() {
  const profile = await rest.get("/users/profile");
  update((before) => ({ ...before, me: profile }));
  await configured();
  await readSnapshot(rest, Math.max(...Object.values(config.replySeconds)) * 1_000);
  await listen();
  await readAnswered();
  // Where it fails, the person is told while the page is open.
  await recall(rest).catch(() => {});
}

/** One's own answers to offers are no frames of the inbox: ask how the latest offers stand. */
async function readAnswered() {
  const unsettled = Object.values(state.value.offers).filter((entry) => entry.state === "open");
  const latest = unsettled.slice(-OFFERS_ASKED);
  // Where one of these fails, the offer is answered or refused when the person tries.
  await Promise.allSettled(latest.map((entry) => readQuestion(entry.question.id)));
}

async function listen() {
  live.outbox = new Outbox({
    kept,
    userId: me(),
    deliver,
    onSent: (roomId, id, ack) => update(rooms.pendingSet, roomId, id, { state: "acknowledged", seq: ack.seq }),
    onFailed: (roomId, id, code) => update(rooms.pendingSet, roomId, id, { state: "failed", code }),
  });
  live.socket = new Socket({
    url: config.wsUrl,
    token: () => rest.tokens.fresh(),
    position,
    onFrame: heard,
    onState: (connection) => update((before) => ({ ...before, connection })),
    onResumed: () => live.outbox.flush(),
  });
  for (const { roomId, failed, ...message } of await live.outbox.restore()) {
    if (!state.value.rooms[roomId]) continue;
    update(rooms.pendingAdded, roomId, message);
    if (failed) update(rooms.pendingSet, roomId, message.clientMsgId, { state: "failed", code: failed });
  }
  live.socket.start();
}

/** Words go by the socket, files by REST; a lost upload is tried again under the same id. */
async function deliver(roomId, { clientMsgId, content, file }) {
  if (!file) return live.socket.request("send_message", { roomId, message: { clientMsgId, content } });
  const form = new FormData();
  form.append("clientMsgId", clientMsgId);
  form.append("file", file, content);
  try {
    return await rest.post(`/chat-rooms/${roomId}/files`, form);
  } catch (error) {
    const later = error.status === undefined || error.status === 429 || error.status === 503;
    throw Object.assign(error, { retryable: later, retryAfterMs: (error.retryAfter ?? 2) * 1_000 });
  }
}

/** Frames come one by one; what they change is shown together, so that a burst costs one drawing. */
function heard(frame) {
  arrivals.push(frame);
  showing ||= setTimeout(show, SHOWN_EVERY_MS);
}

function show() {
  clearTimeout(showing);
  showing = 0;
  const frames = arrivals.splice(0);
  batch(() => {
    frames.forEach(arrived);
    // Where one reads above the end, nothing is taken away.
    const heardIn = new Set(frames.map(({ data }) => data.roomId).filter((id) => id && id !== live.above));
    for (const id of heardIn) update(rooms.onlyLatest, id);
  });
  frames.forEach(noticed);
}

/** Where this client stands. Beyond two hundred rooms only the latest are listened to. */
function position() {
  show();
  const known = Object.values(state.value.rooms).sort((a, b) => (b.lastAt ?? "").localeCompare(a.lastAt ?? ""));
  const listed = known.slice(0, ROOMS_RESUMED).map((room) => [room.id, room.lastSeq]);
  return { inboxSeq: state.value.inboxSeq, rooms: Object.fromEntries(listed) };
}

function arrived({ type, data }) {
  if (INBOX_FRAMES.has(type)) fromInbox(type, data);
  else if (data.seq !== undefined) fromRoom(type, data);
  else if (type === "typing_indicator") update(rooms.typingHeard, data, Date.now());
  else if (type === "messages_read") update(rooms.readHeard, data, me());
  else if (type === "presence") {
    update((before) => ({ ...before, presence: { ...before.presence, [data.userId]: data.online } }));
  }
}

function fromInbox(type, data) {
  const seen = state.value.inboxSeq;
  update(inboxFrame, type, data, new Date(serverNow()).toISOString());
  if (data.inboxSeq <= seen) return;
  const questionId = data.questionId ?? data.question?.id;
  if (type === "room_opened") {
    const room = state.value.rooms[data.roomId];
    live.socket.request("join_room", { roomId: room.id, afterSeq: room.lastSeq }).catch(() => {});
    attempt(() => readRoom(room.id));
  }
  if (type !== "question_assigned" && state.value.questions[questionId]) attempt(() => readQuestion(questionId));
}

function fromRoom(type, data) {
  // What is still on its way from a room that one has left; of one that is opened, joining tells all.
  if (!state.value.rooms[data.roomId]) return;
  if (rooms.leavesHole(state.value, data)) {
    attempt(() => catchUp(data.roomId));
    return;
  }
  update(rooms.roomFrame, type, data, me(), visible(data.roomId));
  if (type === "user_joined") attempt(() => readRoom(data.roomId));
}

async function catchUp(roomId) {
  for (;;) {
    const afterSeq = state.value.rooms[roomId].lastSeq;
    const page = await rest.get(`/chat-rooms/${roomId}/messages`, { afterSeq, limit: 500 });
    update(rooms.historyAfter, roomId, page.items, me(), visible(roomId));
    if (!page.hasMore) return;
  }
}

export async function readQuestion(id) {
  update(questionRead, await rest.get(`/questions/${id}`));
}

export async function readRoom(id) {
  const row = await rest.get(`/chat-rooms/${id}`);
  update((before) => {
    const heard = Object.fromEntries(row.participants.map((person) => [person.userId, person.online]));
    return { ...rooms.roomListed(before, row, 0), presence: { ...before.presence, ...heard } };
  });
}

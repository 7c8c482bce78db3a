/** What a person can do. A failure is thrown to the caller (`attempt` makes a notice of it), or told where it belongs. */

import { signal } from "@preact/signals";

import { tellMe, tellMeNoMore } from "./away.js";
import { live, me, notify, readQuestion, readRoom, rest, visible } from "./session.js";
import { serverNow } from "./state/clock.js";
import { offerSet, questionRead } from "./state/inbox.js";
import * as rooms from "./state/rooms.js";
import { go, state, update } from "./state/store.js";

const PAGE = 100;
const MARK_AFTER_MS = 1_500;
const marking = new Set();
/** What is being asked: going elsewhere and back keeps it. */
export const draft = signal("");

export async function readOlder(roomId) {
  const room = state.value.rooms[roomId];
  const beforeSeq = room.items[0]?.seq ?? room.lastSeq + 1;
  const page = await rest.get(`/chat-rooms/${roomId}/messages`, { beforeSeq, limit: PAGE });
  update(rooms.historyBefore, roomId, page.items, page.hasMore);
}

/** One who is at the end needs no long history above; scrolling up reads it again. */
export function forgetOlder(roomId) {
  update(rooms.onlyLatest, roomId);
}

export async function ask(form) {
  const question = await rest.post("/questions", form);
  update(questionRead, question);
  go("questions", question.id);
  await readQuestion(question.id);
}

/** What the words written so far suggest; with none, who is about. */
export function suggest(content) {
  return rest.post("/questions/suggestions", { content });
}

/** A conversation that others share. */
export function readShared(questionId) {
  return rest.get(`/archive/${questionId}`);
}

/** Let others read one's own words of a conversation, or take that back. */
export async function share(questionId, shared) {
  await rest.put(`/questions/${questionId}/archive`, { shared });
  await readQuestion(questionId);
}

/** `{draft, reason, sources}` for an expert who was asked. */
export function draftAnswer(questionId) {
  return rest.post(`/questions/${questionId}/draft`);
}

/** Put a question in other words; those who were asked read them. */
export async function edit(questionId, form) {
  await rest.put(`/questions/${questionId}`, form);
  await readQuestion(questionId);
}

export async function move(questionId, status) {
  await rest.put(`/questions/${questionId}/status`, { status });
  await readQuestion(questionId);
}

/** Answer an offer. The buttons rest at once; losing the race says why. */
export async function answer(questionId, verb) {
  update(offerSet, questionId, { state: verb === "accept" ? "accepting" : "declining", code: null });
  try {
    const answered = await rest.post(`/questions/${questionId}/${verb}`);
    update(offerSet, questionId, { state: verb === "accept" ? "accepted" : "declined" });
    if (verb === "accept" && answered?.roomId) go("rooms", answered.roomId);
  } catch (error) {
    const lost = ["offer_closed", "conflict", "not_found"].includes(error.code);
    update(offerSet, questionId, { state: lost ? "lost" : "open", code: error.code ?? "offline" });
    if (lost) await whyLost(questionId);
  }
}

/** The question itself knows how one's offer ended; where it cannot be read, it is only over. */
async function whyLost(questionId) {
  await readQuestion(questionId).catch(() => {});
  notify(`offer.${state.value.offers[questionId].state}`, "told");
}

export async function rate(questionId, expertId, stars, comment) {
  await rest.post(`/questions/${questionId}/ratings`, { expertId, stars, comment });
  await readQuestion(questionId);
}

export function say(roomId, content, clientMsgId = crypto.randomUUID()) {
  const createdAt = new Date(serverNow()).toISOString();
  update(rooms.pendingAdded, roomId, { clientMsgId, content, createdAt });
  live.outbox.add(roomId, clientMsgId, content, createdAt);
}

/** Send files, each as a message of its own; one that is too large is not begun. */
export function sendFiles(roomId, files) {
  const most = state.value.config?.limits?.fileBytes ?? 0;
  for (const file of files) {
    if (file.size > most) notify("file_too_large");
    else if (file.size > 0) sendFile(roomId, file);
  }
}

export function sendFile(roomId, file, content = file.name || "file", clientMsgId = crypto.randomUUID()) {
  const createdAt = new Date(serverNow()).toISOString();
  update(rooms.pendingAdded, roomId, { clientMsgId, content, createdAt, file });
  live.outbox.add(roomId, clientMsgId, content, createdAt, file);
}

/** Take back what was said, for everyone; its place stays. */
export async function redact(roomId, seq) {
  await rest.call("DELETE", `/chat-rooms/${roomId}/messages/${seq}`);
}

export function takeBack(roomId, clientMsgId) {
  live.outbox.forget(clientMsgId);
  update(rooms.pendingDropped, roomId, clientMsgId);
}

export function typing(roomId, isTyping) {
  live.socket?.tell(isTyping ? "typing_start" : "typing_stop", { roomId });
}

/** Say how far this room is read: a while later, for all that came meanwhile, since each mark is an event. */
export function read(roomId) {
  if (marking.has(roomId) || !unreadByMe(roomId)) return;
  marking.add(roomId);
  setTimeout(() => {
    marking.delete(roomId);
    if (unreadByMe(roomId)) mark(roomId);
  }, MARK_AFTER_MS);
}

function unreadByMe(roomId) {
  const room = state.value.rooms[roomId];
  const upTo = room?.reads[me()] ?? 0;
  return visible(roomId) && room !== undefined && room.lastSeq > upTo;
}

function mark(roomId) {
  const upToSeq = state.value.rooms[roomId].lastSeq;
  update(rooms.readHeard, { roomId, userId: me(), upToSeq }, me());
  // A mark that is lost is made again with the next thing that is said.
  live.socket?.request("mark_read", { roomId, upToSeq }).catch(() => {});
}

export async function invite(roomId, userId) {
  await rest.post(`/chat-rooms/${roomId}/invite`, { userId });
  await readRoom(roomId);
}

/** Whether one is in a room: thrown is why not. */
export async function lookFor(roomId) {
  await rest.get(`/chat-rooms/${roomId}`);
}

export async function leave(roomId) {
  await rest.post(`/chat-rooms/${roomId}/leave`);
  go("rooms");
  update((before) => rooms.onlyThose(before, new Set(Object.keys(before.rooms).filter((id) => id !== roomId))));
}

/** What operators see: live figures, counts, and how far each consumer is behind in each topic. */
export async function readOperations() {
  const ready = fetch("./readyz").then((answer) => answer.json());
  const [figures, parked, { parts }] = await Promise.all([rest.get("/statistics"), rest.get("/parked"), ready]);
  return { ...figures, parked: parked.items, lag: parts?.views?.lag ?? [] };
}

/** Have what was parked of a key taken up again. */
export async function releaseParked({ consumer, key }) {
  await rest.post("/parked/release", { consumer, key });
}

export async function findExperts(query) {
  const page = await rest.get("/experts/search", query);
  return page.items;
}

export async function saveExpert(form) {
  await rest.post("/experts/specialties", form);
  const profile = await rest.get("/users/profile");
  update((before) => ({ ...before, me: profile }));
}

/** Take offers, or rest from them; the rest of the profile stays. */
export function setAvailable(available) {
  const { specialties, experienceYears, capacity, bio } = state.value.me.expert;
  return saveExpert({
    specialties: specialties.map(({ name, level }) => ({ name, level })),
    experienceYears,
    capacity,
    bio,
    available,
  });
}

/** Where one is signed in. The refresh token says which of them is this one. */
export async function readSessions() {
  const { items } = await rest.post("/auth/sessions", { refreshToken: rest.tokens.pair?.refresh });
  return items;
}

export async function endSession(id) {
  await rest.call("DELETE", `/auth/sessions/${id}`);
}

export async function saveProfile(form) {
  const profile = await rest.put("/users/profile", form);
  update((before) => ({ ...before, me: { ...before.me, ...profile } }));
}

/** How one is told while away. */
export function readNotifications() {
  return rest.get("/users/notifications");
}

export function chooseNotifications(changes) {
  return rest.put("/users/notifications", changes);
}

/** Be told in this browser, or not any more. */
export async function tellHere(wanted) {
  if (!wanted) await tellMeNoMore(rest);
  else if (await tellMe(rest)) await chooseNotifications({ push: true });
}

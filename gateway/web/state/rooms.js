/**
 * What frames and answers do to the rooms. Pure: `(state, …) → state`. An item whose `seq` is already there changes
 * nothing, so a snapshot and the frames after it can come in any overlap.
 */

import { EMPTY_ROOM } from "./empty.js";
import { put } from "./filling.js";
import { fromFrame, fromHistory, redacted } from "./items.js";

const TYPING_MS = 6_000;
/** A room whose end one looks at, or none of it, keeps at most so many items, and then the latest of them. */
const MOST_ITEMS = 400;
const KEPT_ITEMS = 200;

export function withRoom(state, id, change) {
  const room = state.rooms[id] ?? { ...EMPTY_ROOM, id };
  const next = change(room);
  return next === room ? state : { ...state, rooms: put(state.rooms, id, next) };
}

/**
 * A room as REST lists it. What it says of people, status and unread words is as of its `lastSeq`: where more was heard, it
 * is old, and frames up to it change none of these again. The items of a room without any go on after `from`.
 */
export function roomListed(state, row, from = row.lastSeq ?? 0) {
  const me = state.me?.id;
  return withRoom(state, row.id, (room) => {
    const listed = {
      ...room,
      ...((row.lastSeq ?? 0) >= Math.max(room.lastSeq, room.listedSeq) ? standing(room, row) : {}),
      questionId: row.questionId ?? room.questionId,
      question: row.question ?? room.question,
      reads: readOf(room, row, me),
      lastSeq: room.items.length > 0 ? room.lastSeq : Math.max(room.lastSeq, from),
      lastAt: row.lastAt ?? row.createdAt ?? room.lastAt,
    };
    return { ...listed, unread: unreadLeft(listed, me) };
  });
}

function standing(room, { status, participants, unread, lastSeq = 0 }) {
  return {
    status: status ?? room.status,
    participants: participants ?? room.participants,
    unread: unread ?? room.unread,
    listedSeq: lastSeq,
  };
}

/** Of what counts as unread, how much may still be: messages of others above what is read, where they are not known each one. */
function unreadLeft(room, me) {
  const upTo = room.reads[me] ?? 0;
  const known = room.items.filter((item) => item.kind === "message" && item.senderId !== me && item.seq > upTo).length;
  const first = room.items[0]?.seq ?? room.lastSeq + 1;
  const before = Math.max(0, first - 1 - upTo);
  const behind = Math.max(0, room.listedSeq - Math.max(room.lastSeq, upTo));
  return Math.min(room.unread, before + known + behind);
}

/** How far each person has read, as far as a row of REST says so. */
function readOf(room, row, me) {
  const reads = { ...room.reads, [me]: Math.max(row.readSeq ?? 0, room.reads[me] ?? 0) };
  for (const { userId, readSeq = 0 } of row.participants ?? []) reads[userId] = Math.max(readSeq, reads[userId] ?? 0);
  return reads;
}

/** How many of those who are in the room now have not read up to `seq`; the sender has. */
export function unreadBy(room, { seq, senderId }) {
  return room.participants.filter(({ userId }) => userId !== senderId && (room.reads[userId] ?? 0) < seq).length;
}

export function roomOpened(state, { roomId, questionId, participants }) {
  const me = state.me?.id;
  return withRoom(state, roomId, (room) => {
    // The inbox tells of the past: of a room that was listed since, this is the past.
    return isIn(room, me) ? { ...room, questionId } : { ...room, questionId, participants, status: "active" };
  });
}

/** Only these rooms: the inbox tells of rooms that one has left since. */
export function onlyThose(state, ids) {
  return { ...state, rooms: Object.fromEntries(Object.entries(state.rooms).filter(([id]) => ids.has(id))) };
}

/** Whether one is in the room now, as far as is known. */
export function isIn(room, me) {
  return room !== undefined && room.participants.some(({ userId }) => userId === me);
}

/** Whether the frame leaves a hole before it; the history is asked then. */
export function leavesHole(state, { roomId, seq }) {
  return seq > (state.rooms[roomId]?.lastSeq ?? 0) + 1;
}

/** A live frame with a `seq`. */
export function roomFrame(state, type, data, me, visible) {
  const item = fromFrame(type, data);
  if (!item) return state;
  return withRoom(state, data.roomId, (room) => appended(room, [item], me, visible));
}

/** A page of history after what is there. */
export function historyAfter(state, roomId, rows, me, visible) {
  return withRoom(state, roomId, (room) => appended(room, rows.map(fromHistory), me, visible));
}

/** A page of history before what is there. */
export function historyBefore(state, roomId, rows, hasMore) {
  return withRoom(state, roomId, (room) => {
    const first = room.items[0]?.seq ?? room.lastSeq + 1;
    const before = rows.map(fromHistory).filter((item) => item.seq < first);
    const items = redacted([...before, ...room.items], [...before, ...room.items]);
    const lastSeq = Math.max(room.lastSeq, items.at(-1)?.seq ?? 0);
    const older = { ...room, items, lastSeq, reads: spoken(room.reads, before), hasMore: hasMore && (items[0]?.seq ?? 1) > 1 };
    return { ...older, unread: unreadLeft(older, state.me?.id) };
  });
}

/** Without all but the last `keep` items; they are history that can be read again. */
export function trimmed(state, roomId, keep) {
  return withRoom(state, roomId, (room) =>
    room.items.length > keep ? { ...room, items: room.items.slice(-keep), hasMore: true } : room,
  );
}

/** What was said long ago is let go, once there is too much of it. */
export function onlyLatest(state, roomId) {
  return state.rooms[roomId]?.items.length > MOST_ITEMS ? trimmed(state, roomId, KEPT_ITEMS) : state;
}

function appended(room, news, me, visible) {
  const fresh = news.filter((item) => item.seq > room.lastSeq);
  if (fresh.length === 0) return room;
  const mine = new Set(fresh.filter((item) => item.senderId === me).map((item) => item.clientMsgId));
  const untold = fresh.filter((item) => item.seq > room.listedSeq);
  const unread = untold.filter((item) => item.kind === "message" && item.senderId !== me).length;
  const typing = { ...room.typing };
  for (const item of fresh) delete typing[item.kind === "left" ? item.userId : item.senderId];
  const next = {
    ...room,
    items: redacted([...room.items, ...fresh], fresh),
    lastSeq: fresh.at(-1).seq,
    lastAt: fresh.at(-1).createdAt ?? room.lastAt,
    pending: room.pending.filter((message) => !mine.has(message.clientMsgId)),
    unread: visible ? 0 : room.unread + unread,
    typing,
    reads: spoken(room.reads, fresh),
    ...after(room, untold),
  };
  return { ...next, unread: unreadLeft(next, me) };
}

/** Whoever speaks has read what is above. */
function spoken(before, items) {
  const reads = { ...before };
  for (const { senderId, seq } of items) if (senderId) reads[senderId] = Math.max(seq, reads[senderId] ?? 0);
  return reads;
}

/** What the items say of the room itself. */
function after(room, fresh) {
  let { status, participants } = room;
  for (const item of fresh) {
    if (item.kind === "closed") status = "closed";
    if (item.kind === "reopened") status = "active";
    if (item.kind === "left") participants = participants.filter((person) => person.userId !== item.userId);
    if (item.kind === "joined" && !participants.some((person) => person.userId === item.userId)) {
      participants = [...participants, { userId: item.userId, userName: item.userName, role: item.role ?? "guest" }];
    }
  }
  return { status, participants };
}

/** A message of one's own, from the press of the key until it comes back as an item. */
export function pendingAdded(state, roomId, message) {
  return withRoom(state, roomId, (room) => {
    if (room.pending.some((one) => one.clientMsgId === message.clientMsgId)) {
      return pendingChanged(room, message.clientMsgId, { state: "sending", code: null });
    }
    return { ...room, pending: [...room.pending, { ...message, state: "sending" }] };
  });
}

export function pendingSet(state, roomId, clientMsgId, change) {
  return withRoom(state, roomId, (room) => pendingChanged(room, clientMsgId, change));
}

export function pendingDropped(state, roomId, clientMsgId) {
  return withRoom(state, roomId, (room) => ({
    ...room,
    pending: room.pending.filter((one) => one.clientMsgId !== clientMsgId),
  }));
}

function pendingChanged(room, clientMsgId, change) {
  const pending = room.pending.map((one) => (one.clientMsgId === clientMsgId ? { ...one, ...change } : one));
  return { ...room, pending };
}

export function typingHeard(state, { roomId, userId, isTyping }, now) {
  return withRoom(state, roomId, (room) => {
    const typing = { ...room.typing };
    if (isTyping) typing[userId] = now + TYPING_MS;
    else delete typing[userId];
    return { ...room, typing };
  });
}

export function readHeard(state, { roomId, userId, upToSeq }, me) {
  return withRoom(state, roomId, (room) => {
    const heard = { ...room, reads: { ...room.reads, [userId]: Math.max(upToSeq, room.reads[userId] ?? 0) } };
    return { ...heard, unread: unreadLeft(heard, me) };
  });
}

/**
 * What frames and answers do to the rooms. Pure: `(state, …) → state`. An item whose `seq` is already there changes
 * nothing, so a snapshot and the frames after it can come in any overlap.
 */

import { EMPTY_ROOM } from "./empty.js";
import { fromFrame, fromHistory, redacted } from "./items.js";

const TYPING_MS = 6_000;
/** A room whose end one looks at, or none of it, keeps at most so many items, and then the latest of them. */
const MOST_ITEMS = 400;
const KEPT_ITEMS = 200;

export function withRoom(state, id, change) {
  const room = state.rooms[id] ?? { ...EMPTY_ROOM, id };
  const next = change(room);
  return next === room ? state : { ...state, rooms: { ...state.rooms, [id]: next } };
}

/** A room as REST lists it. Its `lastSeq` counts only for a room without items of its own. */
export function roomListed(state, row) {
  const me = state.me?.id;
  return withRoom(state, row.id, (room) => ({
    ...room,
    questionId: row.questionId ?? room.questionId,
    status: row.status ?? room.status,
    participants: row.participants ?? room.participants,
    question: row.question ?? room.question,
    unread: row.unread ?? room.unread,
    reads: readOf(room, row, me),
    lastSeq: room.items.length > 0 ? room.lastSeq : Math.max(room.lastSeq, row.lastSeq ?? 0),
    lastAt: row.lastAt ?? row.createdAt ?? room.lastAt,
  }));
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
  return withRoom(state, roomId, (room) => ({ ...room, questionId, participants, status: "active" }));
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
    return { ...room, items, lastSeq, hasMore: hasMore && (items[0]?.seq ?? 1) > 1 };
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
  const unread = fresh.filter((item) => item.kind === "message" && item.senderId !== me).length;
  const typing = { ...room.typing };
  const reads = { ...room.reads };
  for (const item of fresh) {
    delete typing[item.senderId];
    // Whoever speaks has read what is above.
    if (item.senderId) reads[item.senderId] = Math.max(item.seq, reads[item.senderId] ?? 0);
  }
  return {
    ...room,
    items: redacted([...room.items, ...fresh], fresh),
    lastSeq: fresh.at(-1).seq,
    lastAt: fresh.at(-1).createdAt ?? room.lastAt,
    pending: room.pending.filter((message) => !mine.has(message.clientMsgId)),
    unread: visible ? 0 : room.unread + unread,
    typing,
    reads,
    ...after(room, fresh),
  };
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
  return withRoom(state, roomId, (room) => ({
    ...room,
    reads: { ...room.reads, [userId]: Math.max(upToSeq, room.reads[userId] ?? 0) },
    unread: userId === me && upToSeq >= room.lastSeq ? 0 : room.unread,
  }));
}

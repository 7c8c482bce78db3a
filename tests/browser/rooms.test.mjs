/** Laws of the rooms in the client's state: a snapshot and the frames after it give what all frames give. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY } from "../../gateway/web/state/empty.js";
import * as rooms from "../../gateway/web/state/rooms.js";

const ROOM = "room-1";
const ME = "me";
const START = { ...EMPTY, me: { id: ME } };

/** A room's whole story, as frames. */
const FRAMES = [
  said(1, "other", "안녕하세요"),
  said(2, ME, "반가워요", "mine-1"),
  ["user_joined", { roomId: ROOM, seq: 3, userId: "third", userName: "Ada", role: "guest" }],
  said(4, "third", "hello"),
  ["message_redacted", { roomId: ROOM, seq: 5, redactedSeq: 4, messageId: "m4", userId: "third" }],
  ["user_left", { roomId: ROOM, seq: 6, userId: "third", userName: "Ada" }],
  ["room_closed", { roomId: ROOM, seq: 7, reason: "resolved" }],
  ["room_reopened", { roomId: ROOM, seq: 8 }],
];

function said(seq, who, content, clientMsgId = "") {
  const message = { id: `m${seq}`, content, type: "text", createdAt: `2026-11-22T09:30:0${seq}Z`, clientMsgId };
  return ["new_message", { roomId: ROOM, seq, message, sender: { userId: who, userName: who } }];
}

/** The same as a page of the history holds it, redactions carried out as far as the history goes. */
function history(upTo) {
  const gone = new Set(FRAMES.slice(0, upTo).map(([, data]) => data.redactedSeq));
  return FRAMES.slice(0, upTo).map(([type, data]) => {
    if (type !== "new_message") return { ...data, type, roomId: undefined, createdAt: null };
    const { message, sender, seq } = data;
    const row = { ...message, seq, senderId: sender.userId, senderName: sender.userName };
    return gone.has(seq) ? { ...row, content: "", redacted: true } : row;
  });
}

const play = (state, frames) => frames.reduce((now, [type, data]) => rooms.roomFrame(now, type, data, ME, false), state);
const seen = (state) =>
  state.rooms[ROOM].items.map(({ seq, kind, content, redacted }) => ({ seq, kind, content, redacted: Boolean(redacted) }));

test("for every cut, a snapshot and the frames after it give what all frames give", () => {
  const whole = play(START, FRAMES);
  for (let cut = 0; cut <= FRAMES.length; cut += 1) {
    for (let from = 0; from <= cut; from += 1) {
      const listed = { id: ROOM, questionId: "q", status: cut === 7 ? "closed" : "active", lastSeq: cut, participants: [] };
      let state = rooms.roomListed(START, listed);
      state = play(state, FRAMES.slice(from));
      state = rooms.historyBefore(state, ROOM, history(cut), false);
      assert.deepEqual(seen(state), seen(whole), `cut at ${cut}, frames again from ${from}`);
      assert.equal(state.rooms[ROOM].lastSeq, 8);
      assert.equal(state.rooms[ROOM].status, "active");
    }
  }
});

test("a page of history may come before or after the live frames", () => {
  const listed = rooms.roomListed(START, { id: ROOM, lastSeq: 4, participants: [] });
  const liveFirst = rooms.historyBefore(play(listed, FRAMES.slice(4)), ROOM, history(4), false);
  const historyFirst = play(rooms.historyBefore(listed, ROOM, history(4), false), FRAMES.slice(4));
  assert.deepEqual(seen(liveFirst), seen(historyFirst));
});

test("a frame that leaves a hole is noticed, and the history fills it", () => {
  const state = play(START, FRAMES.slice(0, 2));
  assert.equal(rooms.leavesHole(state, FRAMES[2][1]), false);
  assert.equal(rooms.leavesHole(state, FRAMES[3][1]), true);
  const filled = rooms.historyAfter(state, ROOM, history(8), ME, false);
  assert.deepEqual(seen(filled), seen(play(START, FRAMES)));
});

test("a list that is ahead of the frames takes none of them away", () => {
  const begun = play(START, FRAMES.slice(0, 2));
  const listed = rooms.roomListed(begun, { id: ROOM, lastSeq: 8, participants: [] });
  assert.deepEqual(seen(play(listed, FRAMES.slice(2))), seen(play(START, FRAMES)));
});

test("one's own message is on its way until it comes back, and is there once", () => {
  let state = rooms.pendingAdded(START, ROOM, { clientMsgId: "mine-1", content: "반가워요" });
  state = rooms.pendingSet(state, ROOM, "mine-1", { state: "acknowledged", seq: 2 });
  assert.equal(state.rooms[ROOM].pending[0].state, "acknowledged");
  state = play(state, FRAMES.slice(0, 2));
  assert.deepEqual(state.rooms[ROOM].pending, []);
  assert.equal(state.rooms[ROOM].items.filter((item) => item.clientMsgId === "mine-1").length, 1);
});

test("another person's message with the same client id does not settle mine", () => {
  const state = rooms.pendingAdded(START, ROOM, { clientMsgId: "same", content: "x" });
  const after = rooms.roomFrame(state, ...said(1, "other", "y", "same"), ME, false);
  assert.equal(after.rooms[ROOM].pending.length, 1);
});

test("what others say counts as unread until it is read, what one says does not", () => {
  let state = play(START, [said(1, "other", "하나"), said(2, "other", "둘")]);
  assert.equal(state.rooms[ROOM].unread, 2);
  state = rooms.readHeard(state, { roomId: ROOM, userId: ME, upToSeq: 1 }, ME);
  assert.equal(state.rooms[ROOM].unread, 1, "a mark counts for what is above it");
  state = play(state, [said(3, ME, "읽었어요", "mine")]);
  assert.equal(state.rooms[ROOM].unread, 0, "whoever speaks, on whichever machine, has read what is above");
  state = rooms.roomFrame(state, ...said(4, "other", "하나 더"), ME, true);
  assert.equal(state.rooms[ROOM].unread, 0, "it is before the person's eyes");
});

test("a person who says something is not writing any more", () => {
  let state = rooms.typingHeard(play(START, []), { roomId: ROOM, userId: "other", isTyping: true }, 1_000);
  assert.equal(state.rooms[ROOM].typing.other, 7_000);
  state = play(state, FRAMES.slice(0, 1));
  assert.deepEqual(state.rooms[ROOM].typing, {});
});

test("what was left out at the end's sake is read again, and nothing is missing", () => {
  const whole = play(START, FRAMES);
  const short = rooms.trimmed(whole, ROOM, 3);
  assert.equal(short.rooms[ROOM].items.length, 3);
  assert.equal(short.rooms[ROOM].hasMore, true);
  assert.deepEqual(seen(rooms.historyBefore(short, ROOM, history(8).slice(0, 5), false)), seen(whole));
});

test("however much is said where nobody looks, a room keeps the latest and counts all", () => {
  const many = Array.from({ length: 1_000 }, (_, i) => said(i + 1, "other", `${i + 1}`));
  let state = START;
  for (const frame of many) state = rooms.onlyLatest(play(state, [frame]), ROOM);
  const { items, hasMore, lastSeq, unread } = state.rooms[ROOM];
  assert.ok(items.length >= 200 && items.length <= 400, `${items.length} kept`);
  assert.equal(items.at(-1).seq - items[0].seq, items.length - 1, "without a hole");
  assert.deepEqual([hasMore, lastSeq, unread], [true, 1_000, 1_000]);
});

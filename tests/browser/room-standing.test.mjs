/**
 * Who is in a room, how far each has read, how much is unread and who writes: for every cut, the room as the server lists it
 * and the frames after it give what all frames give. Typing is in no snapshot: of it, only what came after the cut is known.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY } from "../../gateway/web/state/empty.js";
import * as rooms from "../../gateway/web/state/rooms.js";

const [ROOM, ME, NOW] = ["r", "me", 1_000];
const PEOPLE = [person(ME, "asker"), person("other", "expert")];
const START = { ...EMPTY, me: { id: ME } };
const BEGUN = rooms.roomOpened(START, { roomId: ROOM, questionId: "q", participants: PEOPLE });

/** Every kind of frame that a room's listeners hear. */
const FRAMES = [
  typing("other", true),
  said(1, "other"),
  said(2, ME),
  ["user_joined", { seq: 3, userId: "third", userName: "third", role: "guest" }],
  typing("third", true),
  said(4, "third"),
  said(5, "other"),
  ["messages_read", { userId: ME, upToSeq: 4 }],
  ["messages_read", { userId: "third", upToSeq: 3 }],
  ["message_redacted", { seq: 6, redactedSeq: 5, messageId: "m5", userId: "other" }],
  typing("third", true),
  ["user_left", { seq: 7, userId: "third", userName: "third" }],
  ["room_closed", { seq: 8, reason: "resolved" }],
  ["messages_read", { userId: "other", upToSeq: 8 }],
  ["room_reopened", { seq: 9 }],
  ["user_joined", { seq: 10, userId: "third", userName: "third", role: "guest" }],
  said(11, "third"),
  typing("other", true),
  typing("third", true),
  typing("third", false),
];

function person(userId, role) {
  return { userId, userName: userId, role };
}
function typing(userId, isTyping) {
  return ["typing_indicator", { userId, isTyping }];
}
function said(seq, who) {
  return ["new_message", { seq, message: { id: `m${seq}`, content: "말" }, sender: person(who) }];
}

function play(state, frames) {
  return frames.reduce((now, [type, body]) => {
    const data = { roomId: ROOM, ...body };
    if (type === "typing_indicator") return rooms.typingHeard(now, data, NOW);
    if (type === "messages_read") return rooms.readHeard(now, data, ME);
    return rooms.roomFrame(now, type, data, ME, false);
  }, state);
}

/** The row of the server after `frames`, from the frames alone, as `projections/queries/rooms.py` counts. */
function listed(frames) {
  const items = frames.filter(([, data]) => data.seq);
  const [marks, spoke] = [{}, {}];
  let [people, status] = [PEOPLE, "active"];
  for (const [type, { seq, sender, userId, upToSeq }] of frames) {
    if (type === "new_message") spoke[sender.userId] = seq;
    if (type === "messages_read") marks[userId] = upToSeq;
    if (type === "user_joined") people = [...people, person(userId, "guest")];
    // With who leaves goes where they spoke; the history still tells it.
    if (type === "user_left") delete spoke[userId];
    if (type === "user_left") people = people.filter((one) => one.userId !== userId);
    if (type === "room_closed") status = "closed";
    if (type === "room_reopened") status = "active";
  }
  const read = (userId) => Math.max(marks[userId] ?? 0, spoke[userId] ?? 0);
  const readSeq = read(ME);
  const unread = items.filter(([type, data]) => type === "new_message" && data.sender.userId !== ME && data.seq > readSeq).length;
  const participants = people.map((one) => ({ ...one, readSeq: read(one.userId) }));
  return { id: ROOM, questionId: "q", status, participants, unread, readSeq, lastSeq: items.at(-1)?.[1].seq ?? 0 };
}

/** The page of the history up to the end of `frames`. */
function history(frames) {
  return frames.filter(([, data]) => data.seq).map(([type, data]) => {
    if (type !== "new_message") return { ...data, type };
    return { ...data.message, type: "text", seq: data.seq, senderId: data.sender.userId };
  });
}

/** What is shown; how far one has read who is not in the room is not. */
function standing(state) {
  const { participants, reads, unread, status } = state.rooms[ROOM];
  const people = participants.map(({ userId, userName, role }) => ({ userId, userName, role }));
  return { people, reads: people.map(({ userId }) => [userId, reads[userId] ?? 0]), unread, status };
}

/** As the page does: of who comes in, the row is read, since how far they had read before is in no frame. */
function playAndRead(state, frames) {
  return frames.reduce((now, frame) => {
    const next = play(now, [frame]);
    const upTo = FRAMES.slice(0, FRAMES.indexOf(frame) + 1);
    return frame[0] === "user_joined" ? rooms.roomListed(next, listed(upTo), 0) : next;
  }, state);
}

const live = (frames) => frames.filter(([type]) => type !== "typing_indicator");

test("for every cut, people, marks and unread words are the same from the list and the frames after it", () => {
  for (let end = 0; end <= FRAMES.length; end += 1) {
    const whole = play(BEGUN, FRAMES.slice(0, end));
    for (let cut = 0; cut <= end; cut += 1) {
      for (let from = 0; from <= cut; from += 1) {
        const snapshot = rooms.roomListed(START, listed(FRAMES.slice(0, cut)));
        const tail = [...live(FRAMES.slice(from, cut)), ...FRAMES.slice(cut, end)];
        const state = rooms.historyBefore(playAndRead(snapshot, tail), ROOM, history(FRAMES.slice(0, cut)), false);
        assert.deepEqual(standing(state), standing(whole), `to ${end}, cut at ${cut}, again from ${from}`);
        assert.deepEqual(state.rooms[ROOM].typing, play(BEGUN, FRAMES.slice(cut, end)).rooms[ROOM].typing);
      }
    }
  }
});

test("a row that is read between the frames, early or late, changes nothing in the end", () => {
  const whole = play(BEGUN, FRAMES);
  for (let at = 0; at <= FRAMES.length; at += 1) {
    for (let as = 0; as <= FRAMES.length; as += 1) {
      const asked = rooms.roomListed(play(BEGUN, FRAMES.slice(0, at)), listed(FRAMES.slice(0, as)), 0);
      assert.deepEqual(standing(play(asked, FRAMES.slice(at))), standing(whole), `at ${at}, as of ${as}`);
      // Until the frames are as far as the row, people, status and unread words stand as it says.
      for (let to = at; to < as; to += 1) {
        const [now, then] = [standing(play(asked, FRAMES.slice(at, to))), standing(asked)];
        assert.deepEqual({ ...now, reads: [] }, { ...then, reads: [] }, `at ${at}, as of ${as}, to ${to}`);
      }
    }
  }
});

test("the inbox read from its beginning does not undo what the list says of a room", () => {
  const row = listed(FRAMES.slice(0, 13));
  const state = rooms.roomListed(START, row);
  const again = rooms.roomOpened(state, { roomId: ROOM, questionId: "q", participants: [PEOPLE[0]] });
  assert.equal(row.status, "closed");
  assert.deepEqual(standing(again), standing(state));
});

test("who left writes no more", () => {
  const left = FRAMES.findIndex(([type]) => type === "user_left");
  assert.deepEqual(Object.keys(play(BEGUN, FRAMES.slice(0, left)).rooms[ROOM].typing), ["third"]);
  assert.deepEqual(play(BEGUN, FRAMES.slice(0, left + 1)).rooms[ROOM].typing, {});
});

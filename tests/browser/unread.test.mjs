/** The digit beside a message: how many of those who are there have not read it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY } from "../../gateway/web/state/empty.js";
import * as rooms from "../../gateway/web/state/rooms.js";

const people = [
  { userId: "me", userName: "나", role: "asker", readSeq: 1 },
  { userId: "ada", userName: "Ada", role: "expert", readSeq: 1 },
  { userId: "bo", userName: "Bo", role: "expert", readSeq: 0 },
];
const START = rooms.roomListed({ ...EMPTY, me: { id: "me" } }, { id: "r", lastSeq: 0, participants: people });
const said = (state, seq, senderId) =>
  rooms.roomFrame(
    state,
    "new_message",
    { roomId: "r", seq, message: { id: `m${seq}`, content: "말", createdAt: "2026-11-24T09:00:00Z" }, sender: { userId: senderId } },
    "me",
    true,
  );
const unread = (state, seq) => rooms.unreadBy(state.rooms.r, state.rooms.r.items.find((item) => item.seq === seq));

test("everyone but the sender has a new message to read", () => {
  const state = said(START, 1, "me");
  assert.equal(unread(state, 1), 1, "Ada has read up to it, Bo has not");
});

test("a mark counts for all that is above it", () => {
  let state = said(said(START, 1, "me"), 2, "me");
  state = rooms.readHeard(state, { roomId: "r", userId: "bo", upToSeq: 2 }, "me");
  assert.deepEqual([unread(state, 1), unread(state, 2)], [0, 1]);
});

test("whoever speaks has read what is above", () => {
  const state = said(said(START, 1, "me"), 2, "bo");
  assert.equal(unread(state, 1), 0);
});

test("who left is not waited for", () => {
  const state = rooms.roomFrame(said(START, 1, "me"), "user_left", { roomId: "r", seq: 2, userId: "bo" }, "me", true);
  assert.equal(unread(state, 1), 0);
});

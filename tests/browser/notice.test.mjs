/** What is worth telling a person who is looking elsewhere. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { noticeOf } from "../../gateway/web/state/notice.js";

const said = (userId, content) => ({
  type: "new_message",
  data: { roomId: "r", seq: 1, message: { id: "m", content }, sender: { userId, userName: "Ada" } },
});

test("what others say is told, shortened, and leads to its room", () => {
  const notice = noticeOf(said("ada", "가".repeat(500)), "me");
  assert.deepEqual([notice.title, notice.values.name, notice.to], ["notify.message", "Ada", "rooms/r"]);
  assert.equal(notice.body.length, 141);
});

test("what one says oneself is not told", () => assert.equal(noticeOf(said("me", "말"), "me"), null));

test("an offer is told with its question", () => {
  const notice = noticeOf({ type: "question_assigned", data: { question: { id: "q", content: "왜?" }, offer: {} } }, "me");
  assert.deepEqual([notice.title, notice.body, notice.to], ["notify.offer", "왜?", "offers"]);
});

test("of a question's moves only its room and the end of the search are told", () => {
  const told = (status) => noticeOf({ type: "question_status", data: { questionId: "q", status } }, "me")?.title ?? null;
  assert.deepEqual(["matched", "in_progress", "unmatched", "resolved"].map(told), [null, "story.in_progress", "story.unmatched", null]);
});

test("what is never stored is never told", () => {
  assert.equal(noticeOf({ type: "typing_indicator", data: { roomId: "r", userId: "ada", isTyping: true } }, "me"), null);
});

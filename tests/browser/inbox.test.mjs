/** Offers and questions in the client's state, and the timeline that is shown of a question. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY } from "../../gateway/web/state/empty.js";
import { filled, put } from "../../gateway/web/state/filling.js";
import { inboxBefore, inboxFrame, inboxRead, offerSet, questionRead, toldEarlier } from "../../gateway/web/state/inbox.js";
import { isIn, onlyThose } from "../../gateway/web/state/rooms.js";
import { story } from "../../gateway/web/state/story.js";

const ME = "me";
const START = { ...EMPTY, me: { id: ME } };
const offer = { score: 0.8, reasons: [], expiresAt: "2026-11-22T09:40:00Z" };
const ASSIGNED = ["question_assigned", { inboxSeq: 1, question: { id: "q", content: "왜?" }, offer }];

const play = (state, frames) => frames.reduce((now, [type, data], i) => inboxFrame(now, type, data, at(i)), state);
const at = (second) => `2026-11-22T09:30:0${second}Z`;

test("a frame that was seen changes nothing", () => {
  const once = play(START, [ASSIGNED, ["offer_closed", { inboxSeq: 2, questionId: "q", reason: "taken" }]]);
  assert.equal(once.offers.q.state, "taken");
  assert.equal(play(once, [ASSIGNED]), once);
});

test("an offer is accepted when the room opens to the person", () => {
  const state = play(START, [ASSIGNED, ["room_opened", { inboxSeq: 2, roomId: "r", questionId: "q", participants: [] }]]);
  assert.equal(state.offers.q.state, "accepted");
  assert.equal(state.offers.q.roomId, "r");
  assert.equal(state.rooms.r.questionId, "q");
});

test("for every cut, the end of the inbox and the pages before it tell the same of one's questions", () => {
  const items = [
    ["question_status", { questionId: "q", status: "matched" }],
    ["question_assigned", { question: { id: "other", content: "왜?" }, offer }],
    ["expert_matched", { questionId: "q", experts: [{ expertId: "e" }] }],
    ["offer_closed", { questionId: "other", reason: "taken" }],
    ["question_status", { questionId: "q", status: "in_progress" }],
    ["room_opened", { roomId: "r", questionId: "q", participants: [{ userId: ME, role: "asker" }] }],
    ["question_status", { questionId: "q", status: "resolved" }],
  ].map(([type, data], i) => ({ type, data, inboxSeq: i + 1, createdAt: at(i) }));
  const whole = inboxRead(START, items);
  assert.equal(whole.offers.other.state, "taken");
  assert.deepEqual(START.questions, {}, "nothing that was there is changed");
  for (let cut = 1; cut < items.length; cut += 1) {
    for (let second = 0; second <= cut; second += 1) {
      let state = inboxRead(START, items.slice(cut));
      assert.equal(state.inboxSeq, items.length);
      assert.equal(toldEarlier(state, at(0)), true);
      assert.equal(toldEarlier(state, items[cut].createdAt.replace("Z", ".1Z")), false);
      state = inboxBefore(state, items.slice(second, cut));
      state = inboxBefore(state, items.slice(0, cut));
      assert.equal(toldEarlier(state, at(0)), false);
      assert.deepEqual(state.questions.q.log, whole.questions.q.log, `cut at ${cut} and ${second}`);
      assert.equal(state.questions.q.status, "resolved");
    }
  }
});

test("what many frames put into a map costs no copy of it each, and what was there is left as it was", () => {
  const before = { offers: { a: 1 } };
  let seen;
  const after = filled(before, ["offers"], (state) => {
    seen = put(state.offers, "b", 2);
    assert.equal(put(seen, "c", 3), seen, "filled in place");
    return { ...state, offers: seen };
  });
  assert.deepEqual(before, { offers: { a: 1 } });
  assert.deepEqual(after, { offers: { a: 1, b: 2, c: 3 } });
  assert.notEqual(put(after.offers, "d", 4), after.offers, "afterwards it is copied");
  assert.equal(after.offers.d, undefined);
});

test("a room that was left since it opened is none of mine", () => {
  const opened = play(START, [
    ["room_opened", { inboxSeq: 1, roomId: "left", questionId: "q", participants: [{ userId: ME, role: "guest" }] }],
    ["room_opened", { inboxSeq: 2, roomId: "kept", questionId: "p", participants: [{ userId: ME, role: "guest" }] }],
  ]);
  const listed = onlyThose(opened, new Set(["kept"]));
  assert.deepEqual(Object.keys(listed.rooms), ["kept"]);
  assert.equal(isIn(listed.rooms.left, ME), false);
  assert.equal(isIn(listed.rooms.kept, ME), true);
});

test("one's own decline is known again after the page was loaded anew", () => {
  const loaded = play(START, [ASSIGNED]);
  const row = { id: "q", userId: "asker", version: 3, status: "matched", offers: [{ expertId: ME, state: "declined" }] };
  assert.equal(questionRead(loaded, row).offers.q.state, "declined");
});

test("an offer that is being answered is not opened again by a late answer of the server", () => {
  const answering = offerSet(play(START, [ASSIGNED]), "q", { state: "accepting" });
  const row = { id: "q", userId: "asker", version: 2, status: "matched", offers: [{ expertId: ME, state: "open" }] };
  assert.equal(questionRead(answering, row).offers.q.state, "accepting");
});

test("an older answer of the server does not undo a newer one", () => {
  const newer = questionRead(START, { id: "q", userId: ME, version: 5, status: "in_progress" });
  assert.equal(questionRead(newer, { id: "q", userId: ME, version: 4, status: "matched" }), newer);
});

test("the timeline tells who was asked, who accepted, and what is awaited", () => {
  const asked = questionRead(START, { id: "q", userId: ME, version: 1, status: "pending", createdAt: at(0) });
  assert.deepEqual(keys(asked), ["story.asked", "story.searching"]);

  const experts = [{ expertId: "e", displayName: "김하늘", score: 0.8, reasons: [] }];
  const matched = play(asked, [
    ["expert_matched", { inboxSeq: 1, questionId: "q", experts }],
    ["question_status", { inboxSeq: 2, questionId: "q", status: "matched" }],
  ]);
  assert.deepEqual(keys(matched), ["story.asked", "story.matched", "story.waiting"]);

  const accepted = { expertId: "e", displayName: "김하늘", state: "accepted", offeredAt: at(1), closedAt: at(4) };
  const row = { id: "q", userId: ME, version: 3, status: "in_progress", offers: [accepted] };
  const open = inboxFrame(matched, "question_status", { inboxSeq: 3, questionId: "q", status: "in_progress" }, at(3));
  assert.deepEqual(keys(questionRead(open, row)), [
    "story.asked",
    "story.found",
    "story.offered",
    "story.accepted",
    "story.in_progress",
  ]);
});

test("a search that found nobody stands before the acceptance that came after it", () => {
  const asked = questionRead(START, { id: "q", userId: ME, version: 1, status: "pending", createdAt: at(0) });
  const statuses = ["unmatched", "pending", "in_progress"];
  const moved = play(asked, statuses.map((status, i) => ["question_status", { inboxSeq: i + 1, questionId: "q", status }]));
  const accepted = { expertId: "e", displayName: "김하늘", state: "accepted", offeredAt: at(3), closedAt: at(4) };
  const state = questionRead(moved, { id: "q", userId: ME, version: 9, status: "in_progress", offers: [accepted] });
  assert.deepEqual(keys(state), [
    "story.asked",
    "story.unmatched",
    "story.pending",
    "story.offered",
    "story.accepted",
    "story.in_progress",
  ]);
});

test("each round is told with those who were asked, and how each of them answered", () => {
  const offer = (expertId, offeredAt, state, closedAt) => ({ expertId, displayName: expertId, offeredAt, state, closedAt });
  const offers = [
    offer("a", at(1), "declined", at(2)),
    offer("b", at(1), "expired", at(5)),
    offer("c", at(2), "accepted", at(6)),
    offer("d", at(5), "taken", at(6)),
    offer("e", at(5), "open", null),
  ];
  const row = { id: "q", userId: ME, version: 9, status: "matched", createdAt: at(0), candidates: [1, 2, 3, 4, 5], offers };
  const steps = story(questionRead(START, row).questions.q);
  assert.deepEqual(
    steps.map(({ key, values }) => [key.slice(6), values.count ?? values.name]),
    [
      ["asked", undefined],
      ["found", 5],
      ["offered", 2],
      ["declined", "a"],
      ["offered", 1],
      ["expired", "b"],
      ["offered", 2],
      ["accepted", "c"],
      ["taken", 1],
      ["waiting", undefined],
    ],
  );
  assert.equal(steps.at(-1).live, true);
});

test("what an answer brought about stands after it, though it was heard a little before by this machine's clock", () => {
  const asked = questionRead(START, { id: "q", userId: ME, version: 1, status: "pending", createdAt: at(0) });
  const expired = { expertId: "e", displayName: "김하늘", state: "expired", offeredAt: at(1), closedAt: at(9) };
  const told = (status, heard) => (state) =>
    inboxFrame(state, "question_status", { questionId: "q", status }, new Date(Date.parse(at(9)) + heard).toISOString());
  const heard = [told("pending", -60), told("unmatched", -5)].reduce((state, tell) => tell(state), asked);
  const state = questionRead(heard, { id: "q", userId: ME, version: 9, status: "unmatched", offers: [expired] });
  assert.deepEqual(keys(state), ["story.asked", "story.offered", "story.expired", "story.pending", "story.unmatched"]);
});

function keys(state) {
  return story(state.questions.q).map((step) => step.key);
}

/** Everything an inbox may say, to one who asks and answers. */
const EVERYTHING = [
  ASSIGNED,
  ["question_assigned", { inboxSeq: 2, question: { id: "q", content: "달리 말하면 왜?" }, offer }],
  ["expert_matched", { inboxSeq: 3, questionId: "mine", experts: [{ expertId: "e", displayName: "김하늘", score: 0.8, reasons: [] }] }],
  ["question_status", { inboxSeq: 4, questionId: "mine", status: "matched" }],
  ["offer_closed", { inboxSeq: 5, questionId: "q", reason: "expired" }],
  ["room_opened", { inboxSeq: 6, roomId: "r", questionId: "mine", participants: [{ userId: ME, userName: "나", role: "asker" }] }],
  ["question_status", { inboxSeq: 7, questionId: "mine", status: "in_progress" }],
];

test("for every cut, the inbox as it was read and the frames after it give what all frames give", () => {
  const told = (state, from, to) =>
    EVERYTHING.slice(from, to).reduce((now, [type, data]) => inboxFrame(now, type, data, at(data.inboxSeq)), state);
  const whole = told(START, 0, EVERYTHING.length);
  for (let cut = 0; cut <= EVERYTHING.length; cut += 1) {
    for (let from = 0; from <= cut; from += 1) {
      assert.deepEqual(told(told(START, 0, cut), from, EVERYTHING.length), whole, `cut at ${cut}, frames again from ${from}`);
    }
  }
  assert.equal(whole.offers.q.question.content, "달리 말하면 왜?");
});

test("other words for a question leave the answer to it under way", () => {
  const answering = offerSet(play(START, [ASSIGNED]), "q", { state: "accepting" });
  const edited = inboxFrame(answering, "question_assigned", { inboxSeq: 2, question: { id: "q", content: "달리?" }, offer });
  assert.deepEqual([edited.offers.q.state, edited.offers.q.question.content], ["accepting", "달리?"]);
});

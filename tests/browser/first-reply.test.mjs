/** An expert who accepted is reminded of the first word, and told that others were asked only where they were. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY_ROOM } from "../../gateway/web/state/empty.js";
import { awaited, passedOn } from "../../gateway/web/state/first-reply.js";

const ME = "me";
const room = { ...EMPTY_ROOM, id: "r", hasMore: false };
const mine = { expertId: ME, state: "accepted", offeredAt: "2026-11-22T09:30:00Z", closedAt: "2026-11-22T09:31:00Z" };
const question = { urgency: "medium", offers: [mine] };
const SECONDS = { medium: 600 };
const UNTIL = Date.parse("2026-11-22T09:41:00Z");

test("the first word is awaited as long as an offer would be, until it is said", () => {
  assert.equal(awaited(room, question, ME, SECONDS), UNTIL);
  assert.equal(awaited(room, question, "another", SECONDS), null);
  assert.equal(awaited({ ...room, status: "closed" }, question, ME, SECONDS), null);
  assert.equal(awaited({ ...room, hasMore: true }, question, ME, SECONDS), null, "it may have been said before");
  assert.equal(awaited({ ...room, items: [{ kind: "message", senderId: ME }] }, question, ME, SECONDS), null);
});

test("others were asked only if an offer came after the time was over", () => {
  const asked = (offeredAt) => passedOn({ ...question, offers: [mine, { expertId: "e", state: "open", offeredAt }] }, UNTIL);
  assert.equal(passedOn(question, UNTIL), false, "there may be nobody left to ask");
  assert.equal(asked("2026-11-22T09:30:00Z"), false);
  assert.equal(asked("2026-11-22T09:41:01Z"), true);
});

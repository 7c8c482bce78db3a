/** Tokens and messages on their way, over a network that fails. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../gateway/web/net/outbox.js";
import { FrameError } from "../../gateway/web/net/socket.js";
import { Tokens } from "../../gateway/web/net/tokens.js";

function storage() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

const pair = (n) => ({ accessToken: `a${n}`, refreshToken: `r${n}`, expiresIn: 900 });

test("a refresh token is used once, however many ask at the same time", async () => {
  const used = [];
  const tokens = new Tokens(async (path, { refreshToken }) => (used.push(refreshToken), pair(used.length + 1)), storage());
  tokens.take(pair(1));
  await Promise.all([tokens.refresh(), tokens.refresh(), tokens.refresh()]);
  assert.deepEqual(used, ["r1"]);
  assert.equal(tokens.access, "a2");
  tokens.forget();
});

test("a refused refresh ends the sign-in, a lost one does not", async () => {
  let failure = Object.assign(new Error("lost"), { status: undefined });
  const tokens = new Tokens(() => Promise.reject(failure), storage());
  let ended = 0;
  tokens.onEnded = () => (ended += 1);
  tokens.take(pair(1));
  await assert.rejects(tokens.refresh());
  assert.equal(tokens.access, "a1");
  failure = Object.assign(new Error("reused"), { status: 401 });
  await assert.rejects(tokens.refresh());
  assert.equal(tokens.access, null);
  assert.equal(ended, 1);
});

function outbox(answers) {
  const sent = [];
  const settled = [];
  const box = new Outbox({
    deliver: async (roomId, message) => {
      sent.push(message.clientMsgId);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
    onSent: (roomId, id) => settled.push(["sent", id]),
    onFailed: (roomId, id, code) => settled.push([code, id]),
  });
  return { box, sent, settled };
}

const settledAll = () => new Promise((done) => setImmediate(done));

test("a message whose answer was lost is sent again with the same id, before those after it", async () => {
  const lost = new FrameError({ code: "disconnected", retryable: true });
  const { box, sent, settled } = outbox([lost, { seq: 1 }, { seq: 2 }]);
  box.add("room", "c1", "하나");
  box.add("room", "c2", "둘");
  await settledAll();
  assert.deepEqual(sent, ["c1"]);
  box.flush();
  await settledAll();
  assert.deepEqual(sent, ["c1", "c1", "c2"]);
  assert.deepEqual(settled, [["sent", "c1"], ["sent", "c2"]]);
});

test("a message that is refused for good lets the next one go", async () => {
  const shut = new FrameError({ code: "room_closed", retryable: false });
  const { box, settled } = outbox([shut, { seq: 1 }]);
  box.add("room", "c1", "하나");
  box.add("room", "c2", "둘");
  await settledAll();
  assert.deepEqual(settled, [["room_closed", "c1"], ["sent", "c2"]]);
});

test("a message sent too fast is sent again after the pause that was asked for", async () => {
  const fast = new FrameError({ code: "rate_limited", retryable: true, retryAfterMs: 1 });
  let heard;
  const done = new Promise((resolve) => (heard = resolve));
  const { box, sent } = outbox([fast, { seq: 1 }]);
  box.onSent = heard;
  box.add("room", "c1", "하나");
  await done;
  assert.deepEqual(sent, ["c1", "c1"]);
});

/** How urgent a question sounds. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { urgencyOf } from "../../gateway/web/state/urgency.js";

const SOUNDS = {
  high: ["오늘 안에 답이 필요해요", "급해요! 서버가 죽었어요", "This is urgent, production is down"],
  low: ["급하지 않으니 천천히 알려 주세요", "No hurry: how do I learn the piano?"],
  none: ["전세 보증금을 돌려받지 못하고 있어요", "How do I tune PostgreSQL?", ""],
};

for (const [sounds, contents] of Object.entries(SOUNDS)) {
  for (const content of contents) {
    test(`${sounds}: ${content}`, () => assert.equal(urgencyOf(content) ?? "none", sounds));
  }
}

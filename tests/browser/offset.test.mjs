/** The server's clock is known to far less than the second that its answers name. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { middle, narrowed } from "../../gateway/web/state/offset.js";

const BEFORE = 7_430;

/** What is known after answers that were asked at these local times and took `took` ms. */
const after = (times, took, before = BEFORE) =>
  times.reduce((known, at) => {
    const said = Math.floor((at + took / 2 + before) / 1_000) * 1_000;
    return narrowed(known, said, at, at + took);
  }, null);

test("several answers narrow it down", () => {
  const once = after([100_000], 20);
  assert.ok(once.least <= BEFORE && BEFORE <= once.most);
  const often = after([100_000, 100_250, 100_500, 100_710, 100_900], 20);
  assert.ok(Math.abs(middle(often) - BEFORE) < 150, `${middle(often)}`);
});

test("it is never outside of what is true, however slow the answers are", () => {
  for (let at = 0; at < 1_000; at += 37) {
    const known = after([at, at + 411, at + 1_333], 300);
    assert.ok(known.least <= BEFORE && BEFORE <= known.most, `asked at ${at}`);
  }
});

test("a clock that was set is believed again after one answer", () => {
  const known = after([100_000, 100_300], 20);
  const set = narrowed(known, 50_000, 100_900, 100_920);
  assert.ok(set.least <= -50_000 && set.most >= -50_900);
});

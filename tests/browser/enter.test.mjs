/** One Enter is one message, in whatever order a browser tells of the key and of the composition's end. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Enter } from "../../gateway/web/state/enter.js";
import { TRACES } from "./traces.mjs";

/** How often the trace sends, and whether a syllable was still open at any of them. */
function play(events) {
  const enter = new Enter();
  const sent = [];
  for (const event of events) {
    if (event.type === "compositionstart") enter.started();
    if (event.type === "compositionupdate") enter.updated(event.data);
    if (event.type === "compositionend" && enter.ended(event.data)) sent.push(enter.composing);
    if (event.type === "keydown" && enter.pressed(event) === "send") sent.push(enter.composing);
    if (event.type === "keyup") enter.released(event);
  }
  return sent;
}

for (const trace of TRACES) {
  test(trace.name, () => {
    const sent = play(trace.events);
    assert.equal(sent.length, trace.sends, trace.from);
    assert.ok(sent.every((open) => open === false), "nothing is sent while a syllable is open");
  });
}

test("a press after one that ended elsewhere is a press", () => {
  const enter = new Enter();
  const down = { key: "Enter", code: "Enter", keyCode: 13 };
  assert.equal(enter.pressed(down), "send");
  enter.left();
  assert.equal(enter.pressed(down), "send");
});

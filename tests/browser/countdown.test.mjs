/** The time that is left is read out twice, and not each second. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { spoken } from "../../gateway/web/state/countdown.js";

test("from three minutes down to nothing, two things are said", () => {
  const said = Array.from({ length: 181 }, (_, passed) => spoken((180 - passed) * 1_000));
  assert.deepEqual(
    said.filter((what, i) => what !== null && what !== said[i - 1]),
    [30, 10],
  );
  assert.equal(said.indexOf(30), 150);
  assert.equal(said.indexOf(10), 170);
  assert.equal(said.at(-1), null);
});

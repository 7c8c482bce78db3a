/**
 * The recorded orders of Hangul input on Windows and macOS (`traces.mjs`), played in a real page on the real field: each
 * press of Enter is one message with its last syllable. And a token that is renewed while one goes on talking.
 * `node typing.mjs <address>`
 */

import assert from "node:assert/strict";

import { play, together } from "./scene.mjs";
import { TRACES } from "./traces.mjs";

const QUESTION = "한글 입력기를 만들고 있어요. 조합은 언제 끝나나요?";

await play(async ({ open }) => {
  const asker = await open();
  const expert = await open();
  await together(open, { asker, expert, question: QUESTION, field: "한글 입력기" });
  for (const trace of TRACES) {
    const before = (await asker.said()).length;
    const left = await asker.page.evaluate(typed, trace.events);
    await asker.page.waitForFunction((count) => document.querySelectorAll(".message[data-seq] .bubble").length === count, before + trace.sends);
    assert.equal(left === "", trace.sends > 0, `${trace.name}: what is sent leaves the field`);
    const last = (await asker.said()).slice(-1);
    if (trace.sends === 1) assert.deepEqual(last, [trace.events[0].type === "compositionstart" ? "안녕" : "말"], trace.name);
    await asker.page.getByLabel("메시지").fill("");
  }
  await renewed(asker, expert);
});

/** In the page: the events of a trace, with what the browser writes into the field between them. Gives what is left there. */
async function typed(events) {
  const field = document.querySelector(".composer textarea");
  const write = (value) => {
    field.value = value;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  };
  const composed = events.some(({ type }) => type === "compositionstart");
  field.focus();
  write(composed ? "안" : "말");
  for (const { type, data, ...init } of events) {
    if (type.startsWith("composition")) {
      field.dispatchEvent(new CompositionEvent(type, { data, bubbles: true }));
      if (data) write(`안${data}`);
    } else {
      const event = new KeyboardEvent(type, { ...init, bubbles: true, cancelable: true });
      // A second press finds an empty field: write again, as a person would.
      if (type === "keydown" && field.value === "" && !init.repeat) write("말");
      field.dispatchEvent(event);
    }
  }
  await new Promise((done) => setTimeout(done));
  return field.value;
}

/** The access token is renewed: the socket stays, REST goes on with the new one, and nobody has to sign in again. */
async function renewed(asker, expert) {
  const { page } = asker;
  const old = await page.evaluate(() => JSON.parse(sessionStorage.getItem("yeon.tokens")));
  const sent = page.waitForRequest(/auth\/refresh/);
  // Near its end: the next call renews it first.
  await page.evaluate((pair) => sessionStorage.setItem("yeon.tokens", JSON.stringify({ ...pair, expiresAt: Date.now() + 5_000 })), old);
  await page.reload();
  await sent;
  await page.waitForFunction((access) => JSON.parse(sessionStorage.getItem("yeon.tokens")).access !== access, old.access);
  await page.getByText("연결됨").waitFor();
  await asker.say("표를 바꾼 뒤에도 이어져요.");
  await expert.page.locator(".bubble", { hasText: "표를 바꾼 뒤에도" }).waitFor();
}

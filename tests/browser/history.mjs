/**
 * A room with ten thousand messages: it opens at the end, goes back to the first word without a gap, does not move what
 * one is reading when others write, and a stalled tab catches up. `node history.mjs <address> [directory for pictures]`
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { looksWell, play, together } from "./scene.mjs";

const COUNT = Number(process.env.YEON_TEST_MESSAGES ?? 10_000);
const MOST_DRAWN = 350;
const MORE_THAN_A_SCREEN = 1_000;
const USUAL = { width: 1280, height: 800 };
const TALL = { width: 1280, height: 1_600 };
const WITHIN_MS = 120_000;
const QUESTION = "도자기 유약이 자꾸 흘러내려요. 농도를 어떻게 맞춰야 하나요?";

await play(async ({ open }) => {
  const asker = await open();
  const expert = await open();
  await together(open, { asker, expert, question: QUESTION, field: "도자기 유약" });
  const room = new URL(expert.page.url()).hash;
  const at = async ({ page }, hash) => page.goto(new URL(hash, page.url()).href);
  await at(asker, "#/profile");
  const began = Date.now();
  await pour(room.split("/").at(-1), await expert.page.evaluate(myself));
  console.log(JSON.stringify({ pouredMs: Date.now() - began }));
  await expert.page.locator(".bubble", { hasText: `말 ${COUNT}.` }).waitFor({ timeout: WITHIN_MS });
  console.log(JSON.stringify({ liveMs: Date.now() - began }));
  await at(asker, room);
  await asker.page.locator(".bubble", { hasText: `말 ${COUNT}.` }).waitFor({ timeout: WITHIN_MS });

  await asker.page.reload();
  const opened = Date.now();
  await asker.page.locator(".bubble", { hasText: `말 ${COUNT}.` }).waitFor();
  console.log(JSON.stringify({ openedMs: Date.now() - opened, messages: COUNT }));
  await upward(asker);
  await unmoved(asker, expert);
  await stalled(asker, expert);
});

/** The room is filled through the write side, as `pouring.py` says, in the time of a few hundred single messages. */
async function pour(roomId, senderId) {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const python = process.env.YEON_TEST_PYTHON ?? `${root}.venv/bin/python`;
  await promisify(execFile)(python, ["-m", "tests.browser.pouring", roomId, senderId, String(COUNT)], { cwd: root });
}

/** In the page: the id of who is signed in. */
async function myself() {
  const token = JSON.parse(sessionStorage.getItem("yeon.tokens")).access;
  const answer = await fetch("./api/users/profile", { headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()).id;
}

/** Scroll up to the first word, and down again: every number comes by, and never are many drawn at once. */
async function upward({ page }) {
  const began = Date.now();
  const log = page.getByRole("log");
  const oldest = () => page.locator("[data-seq]").first().getAttribute("data-seq").then(Number);
  for (let before = await oldest(); before > 1; before = await oldest()) {
    await log.evaluate((box) => (box.scrollTop = 0));
    await page.waitForFunction((was) => Number(document.querySelector("[data-seq]").dataset.seq) < was, before);
  }
  console.log(JSON.stringify({ toTheFirstMs: Date.now() - began }));
  await page.setViewportSize(TALL);
  const down = Date.now();
  const { seen, most, jumps } = await page.evaluate(downward, MORE_THAN_A_SCREEN);
  console.log(JSON.stringify({ toTheEndMs: Date.now() - down }));
  await page.setViewportSize(USUAL);
  const seqs = seen.sort((a, b) => a - b);
  assert.deepEqual(seqs, Array.from({ length: seqs.length }, (_, i) => i + 1));
  assert.ok(seqs.length >= COUNT, "every message");
  assert.ok(most <= MOST_DRAWN, `${most} drawn at once`);
  assert.deepEqual(jumps, [], "nothing moves while one scrolls");
  console.log(JSON.stringify({ drawnAtMost: most }));
}

/** In the page: from the top to the end. What is drawn ahead lets it go more than a screen at a time. */
async function downward(step) {
  const log = document.querySelector(".log");
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const [seen, jumps] = [new Set(), []];
  /** The blocks of which something is on the screen, or no farther from it than one goes at once. */
  const near = () => {
    const { top, bottom } = log.getBoundingClientRect();
    return [...log.querySelectorAll(".block")].filter((block) => {
      const box = block.getBoundingClientRect();
      return box.bottom > top - step && box.top < bottom + step;
    });
  };
  let most = 0;
  log.scrollTop = 0;
  for (;;) {
    do await frame();
    while (!near().every((block) => block.firstElementChild));
    const drawn = [...log.querySelectorAll("[data-seq]")];
    most = Math.max(most, drawn.length);
    for (const one of drawn) seen.add(Number(one.dataset.seq));
    const inView = drawn.find((one) => one.getBoundingClientRect().top > log.getBoundingClientRect().top);
    const before = inView?.getBoundingClientRect().top;
    await frame();
    if (inView?.getBoundingClientRect().top !== before) jumps.push(inView.dataset.seq);
    if (log.scrollHeight - log.scrollTop - log.clientHeight < 2) return { seen: [...seen], most, jumps };
    log.scrollTop += log.clientHeight + step;
  }
}

/** One who reads above is not moved, but told how much is new; one press goes there. */
async function unmoved(asker, expert) {
  const log = asker.page.getByRole("log");
  await log.evaluate((box) => (box.scrollTop = box.scrollHeight / 2));
  const before = await log.evaluate((box) => box.scrollTop);
  await expert.say("새로 온 말이에요.");
  await asker.page.getByRole("button", { name: "새 메시지 1개" }).waitFor();
  assert.equal(await log.evaluate((box) => box.scrollTop), before);
  await looksWell(asker, "new-below");
  await asker.page.getByRole("button", { name: "새 메시지 1개" }).click();
  await asker.page.getByRole("button", { name: "새 메시지 1개" }).waitFor({ state: "detached" });
  assert.ok(await log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 4));
}

/** A tab that was frozen while others wrote shows all of it, once, when it wakes. */
async function stalled(asker, expert) {
  const devtools = await asker.context.newCDPSession(asker.page);
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  for (let i = 1; i <= 30; i += 1) await expert.say(`자는 동안 ${i}.`);
  await expert.page.locator(".message[data-seq] .bubble", { hasText: "자는 동안 30." }).waitFor();
  await devtools.send("Page.setWebLifecycleState", { state: "active" });
  await asker.page.locator(".bubble", { hasText: "자는 동안 30." }).waitFor();
  assert.deepEqual((await asker.said()).slice(-30), Array.from({ length: 30 }, (_, i) => `자는 동안 ${i + 1}.`));
}

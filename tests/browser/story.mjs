/**
 * Two people and the whole story in a browser: ask, match, accept, chat, resolve, rate, share, reopen.
 * `node story.mjs <address> [directory for pictures]` exits with 0 if all of it happened.
 */

import assert from "node:assert/strict";

import { base, looksWell, named, play } from "./scene.mjs";
import { sharing, takenBack } from "./sharing.mjs";

const QUESTION = "전세 보증금을 돌려받지 못하고 있어요. 집주인이 연락을 받지 않는데 무엇부터 해야 하나요?";
const EDITED = "전세 보증금 때문에 내용증명을 보내려고 해요. 무엇을 적어야 하나요?";
let asker;
let expert;

await play(async ({ open }) => {
  asker = await open({ cuttable: true });
  expert = await open();
  await story(open);
});

async function story(open) {
  await expert.register(named("e"), "김하늘", "답해 줄래요");
  await expert.specialise("전세 보증금과 주택 임대차");
  await asker.register(named("a"), "이서연", "질문할래요");

  await asker.ask(QUESTION);
  await asker.page.locator(".candidate", { hasText: "김하늘" }).locator(".reasons li").first().waitFor();

  await expert.offer(QUESTION).locator(".countdown").waitFor();
  await inOtherWords();
  await expert.accept(EDITED);

  await asker.page.getByText("김하늘 님이 함께해요").waitFor();
  await asker.page.getByRole("link", { name: "대화방으로 가기" }).click();
  await chat();
  await afterIt(open);
}

/** The question is changed, and who was asked reads the change without doing anything. */
async function inOtherWords() {
  const { page } = asker;
  await asker.button("질문 고치기").click();
  await page.getByLabel("질문", { exact: true }).fill(EDITED);
  await looksWell(asker, "editing");
  await asker.button("저장하기").click();
  await page.getByRole("heading", { name: EDITED }).waitFor();
  await expert.offer(EDITED).waitFor();
}

async function chat() {
  await expert.page.getByText("질문한 분이 첫 답을 기다려요.").waitFor();
  await looksWell(expert, "first-reply");
  await expert.say("안녕하세요. 계약서에 적힌 만기일이 언제인가요?");
  await asker.page.getByText("만기일이 언제인가요?").last().waitFor();
  await expert.page.getByText("질문한 분이 첫 답을 기다려요.").waitFor({ state: "detached" });
  await asker.say("지난달 말일이에요.");
  await expert.page.locator(".bubble", { hasText: "지난달 말일이에요." }).waitFor();

  const field = expert.page.getByLabel("메시지");
  await field.pressSequentially("그");
  await asker.page.getByText("김하늘 님이 쓰고 있어요").waitFor();
  await field.fill("");
  await composing();

  for (let i = 1; i <= 5; i += 1) await expert.say(`${i}번째로 할 일이에요.`);
  const last = (window) => window.page.locator(".bubble", { hasText: "5번째로 할 일이에요." }).waitFor();
  await Promise.all([last(asker), last(expert)]);
  assert.deepEqual(await asker.said(), await expert.said());
  assert.equal((await asker.said()).length, 8);
  await looksWell(asker, "conversation");

  await asker.page.reload();
  await last(asker);
  assert.deepEqual(await asker.said(), await expert.said(), "the page loaded anew shows the same");

  await lostAndFound();
}

/** What is said while the connection is away arrives when it is back, once, and what others said meanwhile is there. */
async function lostAndFound() {
  await asker.cut();
  await asker.page.getByText("연결이 끊겼어요. 곧 다시 이어져요.").first().waitFor();
  await asker.say("끊긴 동안 쓴 말이에요.");
  await asker.page.getByText("보내는 중").waitFor();
  await expert.say("들리시나요?");
  await expert.page.locator(".message[data-seq] .bubble", { hasText: "들리시나요?" }).waitFor();
  asker.mend();
  await asker.page.locator(".message[data-seq] .bubble", { hasText: "들리시나요?" }).waitFor();
  await expert.page.locator(".bubble", { hasText: "끊긴 동안 쓴 말이에요." }).waitFor();
  assert.deepEqual(await asker.said(), await expert.said());
  assert.equal((await asker.said()).length, 10);
}

/** A real composition of Chromium's: Enter behind an open syllable sends one message, with that syllable. */
async function composing() {
  const { page } = expert;
  await page.getByLabel("메시지").focus();
  const browserItself = await page.context().newCDPSession(page);
  for (const text of ["ㅈ", "조", "좋"]) {
    await browserItself.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  }
  const enter = { key: "Process", code: "Enter", windowsVirtualKeyCode: 229 };
  await browserItself.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
  await browserItself.send("Input.insertText", { text: "좋" });
  await browserItself.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter, key: "Enter", windowsVirtualKeyCode: 13 });
  await asker.page.locator(".bubble", { hasText: /^좋$/ }).waitFor();
  assert.equal(await page.getByLabel("메시지").inputValue(), "");
}

async function afterIt(open) {
  await asker.button("해결됐어요").click();
  await expert.page.getByText("끝난 대화라 더 쓸 수 없어요.").waitFor();
  await looksWell(asker, "rating");
  await asker.page.getByRole("radio", { name: "별 5개" }).check();
  await asker.button("평가 남기기").click();
  await asker.page.getByText("평가를 남겼어요. 고마워요.").waitFor();

  const room = new URL(asker.page.url()).hash;
  const words = ["만기일이 언제인가요?", "지난달 말일이에요."];
  const next = await sharing({ open, asker, expert, question: EDITED, words });
  const read = await next.page.locator(".alike a").first().getAttribute("href");
  await expert.page.goto(`${base}${room}`);

  await asker.button("다시 이어가기").click();
  await takenBack(next, read.split("/").at(-1));
  await asker.say("하나만 더 여쭤볼게요.");
  await expert.page.locator(".bubble", { hasText: "하나만 더 여쭤볼게요." }).waitFor();

  await asker.page.getByRole("button", { name: "English" }).click();
  await asker.page.getByText("Who is here").waitFor();
  assert.equal(await asker.page.locator("html").getAttribute("lang"), "en");
  await looksWell(asker, "conversation-en");
}

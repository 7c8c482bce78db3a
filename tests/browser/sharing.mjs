/**
 * What two people shared of a resolved conversation helps the next: it is shown while they ask, after it, and to the expert,
 * who may have an answer drafted from it and sends it, or not.
 */

import assert from "node:assert/strict";

import { base, looksWell, named } from "./scene.mjs";

const ALIKE = "전세 보증금을 못 받아서 내용증명을 보내고 싶어요. 어떻게 써야 할까요?";
const WITHIN_MS = 60_000;
/** As the language model of the test says it. */
const DRAFT = "만기일과 돌려받을 금액을 적으세요.";

/** `question` was resolved; `words` were said in its room, in which both are. */
export async function sharing({ open, asker, expert, question, words }) {
  await lets(asker, "이 질문과 내 말을 다른 분들께도 보여 줄게요");
  await looksWell(asker, "sharing");
  await lets(expert, "이 대화에서 한 내 말을 다른 분들께도 보여 줄게요");

  const next = await open();
  await next.register(named("n"), "박나무", "질문할래요");
  await whileAsking(next, question, words);
  await afterAsking(next, question);
  await asExpert(expert, question);
  return next;
}

async function lets({ page }, name) {
  const said = page.waitForResponse((answer) => answer.url().endsWith("/archive") && answer.request().method() === "PUT");
  await page.getByRole("switch", { name }).click();
  assert.equal((await said).status(), 200);
}

async function whileAsking(next, question, words) {
  const { page } = next;
  const row = page.locator(".similar a.row", { hasText: question });
  await page.goto(`${base}#/ask`);
  // The archive hears of it after the answer to who shares it: what is written on asks again.
  for (let more = 0; !(await row.isVisible()); more += 1) {
    assert.ok(more * 500 < WITHIN_MS, "the shared conversation is suggested");
    await page.getByLabel("질문", { exact: true }).fill(ALIKE + " ".repeat(more));
    await row.waitFor({ timeout: 500 }).catch(() => {});
  }
  await page.getByLabel("질문", { exact: true }).fill(ALIKE);
  await looksWell(next, "similar");
  await row.click();
  await page.getByRole("heading", { name: question }).waitFor();
  for (const said of words) await page.locator(".shared .words", { hasText: said }).waitFor();
  await looksWell(next, "archive");
  await page.getByRole("button", { name: "뒤로" }).click();
  await page.getByLabel("질문", { exact: true }).waitFor();
  assert.equal(await page.getByLabel("질문", { exact: true }).inputValue(), ALIKE);
}

async function afterAsking(next, question) {
  await next.ask(ALIKE);
  await next.page.getByRole("region", { name: "비슷한 질문이 해결된 적 있어요" }).getByText(question).waitFor();
  await looksWell(next, "question-alike");
}

async function asExpert(expert, question) {
  const { page } = expert;
  await page.goto(`${base}#/offers`);
  const offer = expert.offer(ALIKE);
  await offer.getByRole("region", { name: "비슷한 질문은 이렇게 풀렸어요" }).getByText(question).waitFor();
  await offer.getByRole("button", { name: "답 초안 보기" }).click();
  await offer.getByText(DRAFT.slice(0, 8)).waitFor();
  assert.equal(new URL(await offer.locator(".cite").getAttribute("href"), base).hash.startsWith("#/archive/"), true);
  await looksWell(expert, "draft");

  await expert.accept(ALIKE);
  await page.getByRole("button", { name: "답 초안 보기" }).click();
  await page.getByRole("button", { name: "쓰는 칸에 넣기" }).click();
  const field = page.getByLabel("메시지");
  for (const deadline = Date.now() + WITHIN_MS; (await field.inputValue()) !== DRAFT; ) {
    assert.ok(Date.now() < deadline, "the draft is where the expert writes");
    await new Promise((done) => setTimeout(done, 50));
  }
  await looksWell(expert, "draft-room");
  assert.deepEqual(await expert.said(), [], "nothing is sent by itself");
  await field.press("Enter");
  await page.locator(".message[data-seq] .bubble", { hasText: DRAFT }).waitFor();
}

/** Nobody can read it any more, wherever they had the link from. */
export async function takenBack({ page }, id) {
  await page.goto(`${base}#/archive/${id}`);
  const gone = page.getByText("이 대화는 이제 볼 수 없어요.");
  for (const deadline = Date.now() + WITHIN_MS; !(await gone.isVisible()); ) {
    assert.ok(Date.now() < deadline, "the conversation is gone from the archive");
    await page.reload();
    await gone.waitFor({ timeout: 1_000 }).catch(() => {});
  }
}

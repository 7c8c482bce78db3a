/**
 * Who does not answer: an expert accepts and says nothing, and another is searched for and asked into the open room; nobody
 * is asked beyond their capacity; an offer that is declined goes to the next, and one that runs out is over for all.
 * `node silent.mjs <address of a stack that asks one expert at once, for some seconds> [directory for pictures]`
 */

import assert from "node:assert/strict";

import { looksWell, named, play } from "./scene.mjs";

const FIELD = "벌 키우기";
const FIRST = "벌 키우기를 처음 하는데 벌통은 어디에 두나요?";
const SECOND = "벌 키우기에서 겨울 먹이는 언제 주나요?";

await play(async ({ open }) => {
  const asker = await open();
  const silent = await open();
  const other = await open();
  await silent.register(named("s"), "김하늘", "답해 줄래요");
  await silent.specialise(FIELD, { capacity: 1 });
  await asker.register(named("a"), "이서연", "질문할래요");
  await asker.ask(FIRST);

  await saysNothing(asker, silent, other);
  await askedIntoTheRoom(asker, silent, other);
  await nobodyBeyondCapacity(asker, silent, other);
  await passedOn(asker, silent, other);
});

/** Whoever accepts is reminded of their first word for as long as it is awaited. */
async function saysNothing(asker, silent, other) {
  await silent.accept(FIRST);
  const reminder = silent.page.locator(".first-reply");
  await reminder.getByText("질문한 분이 첫 답을 기다려요").waitFor();
  assert.match(await reminder.innerText(), /\d/, "it says how long");
  await looksWell(silent, "first-reply");
  await asker.page.getByText("김하늘 님이 함께해요").first().waitFor();
  // Nobody else could be ranked: this one is new.
  await other.register(named("o"), "박바다", "답해 줄래요");
  await other.specialise(FIELD, { capacity: 1 });
}

/** Then it is searched again, and who is found is asked; the room stays open, and the silent one is told. */
async function askedIntoTheRoom(asker, silent, other) {
  const story = asker.page.locator(".story");
  await story.getByText("1명에게 물어봤어요").nth(1).waitFor();
  assert.equal(await asker.page.locator("header").getByText("대화 중").count(), 1, "the room stays open");
  await other.accept(FIRST);
  await silent.page.getByText("첫 답이 늦어져 다른 분에게도 물어봤어요").waitFor();
  await looksWell(silent, "others-asked");
  await looksWell(asker, "asked-into-the-room");
  await other.say("안녕하세요, 볕이 드는 남쪽이 좋아요.");
  await silent.page.locator(".bubble", { hasText: "볕이 드는 남쪽" }).waitFor();
  assert.equal(await other.page.locator(".first-reply").count(), 0, "who spoke is reminded of nothing");
  await story.getByText("박바다 님이 함께해요").waitFor();
}

/** Both are in as many rooms as they take: nobody is asked, and the asker is told that it is searched on. */
async function nobodyBeyondCapacity(asker, silent, other) {
  for (const { page } of [silent, other]) {
    await page.goto(new URL("#/offers", page.url()).href);
    await page.getByText("진행 중인 대화 1 / 1").waitFor();
  }
  const { page } = asker;
  const first = page.url();
  await page.goto(new URL("#/ask", first).href);
  await page.getByLabel("질문", { exact: true }).fill(SECOND);
  await page.locator("form.ask > button.primary").click();
  await page.getByText("지금은 함께할 분을 찾지 못했어요").first().waitFor();
  await looksWell(asker, "nobody-free");
  for (const window of [silent, other]) assert.equal(await window.offer(SECOND).count(), 0);
  const second = page.url();
  await page.goto(first);
  await asker.button("해결됐어요").first().click();
  await page.getByText("질문이 해결됐어요").first().waitFor();
  await page.goto(second);
}

/** Whoever is free now is asked; who declines is followed by the next, and who lets it run out by nobody. */
async function passedOn(asker, silent, other) {
  const asked = await Promise.any([silent, other].map(async (one) => (await one.offer(SECOND).waitFor(), one)));
  const next = asked === silent ? other : silent;
  const names = new Map([[silent, "김하늘"], [other, "박바다"]]);
  assert.equal(await next.offer(SECOND).count(), 0, "one at once");
  await asked.page.getByText("진행 중인 대화 0 / 1").waitFor();
  await asked.page.locator("article.offer.past", { hasText: FIRST }).getByText("함께했어요").waitFor();
  await asked.offer(SECOND).getByRole("button", { name: "이번엔 어려워요" }).click();
  const story = asker.page.locator(".story");
  await story.getByText(`${names.get(asked)} 님은 이번엔 어려워요`).waitFor();
  await next.offer(SECOND).waitFor();
  await looksWell(next, "passed-on");
  await next.page.locator("article.offer.expired", { hasText: SECOND }).getByText("답할 시간이 지났어요").waitFor();
  assert.equal(await next.button("함께할게요").count(), 0, "what has run out cannot be accepted");
  await story.getByText(`${names.get(next)} 님은 시간 안에 답하지 못했어요`).waitFor();
  const told = await story.locator("li .grow").allInnerTexts();
  const [over, searched] = ["시간 안에 답하지 못했어요", "다시 찾고 있어요"].map((words) => told.findLastIndex((one) => one.includes(words)));
  assert.ok(over < searched, "first what happened, then what it brought about");
  assert.ok(told.findIndex((one) => one.includes("이번엔 어려워요")) < told.findLastIndex((one) => one.includes("1명에게 물어봤어요")));
  await looksWell(next, "run-out");
  await looksWell(asker, "story-of-silence");
}

/**
 * Three people: an expert loses the race for the only place, the other reads what scripts were tried; a message is taken
 * back, a page is closed with a message on its way, someone is invited, leaves, and erases their account.
 * `node three.mjs <address of a stack with one place a question> [directory for pictures]`
 */

import assert from "node:assert/strict";

import { looksWell, named, play } from "./scene.mjs";

const QUESTION = "피아노 조율은 얼마나 자주 해야 하나요? <script>globalThis.broken=1</script>";
const GUEST = named("박바다");
const INJECTIONS = [
  "<script>globalThis.broken=1</script>",
  "<img src=x onerror=\"globalThis.broken=1\">",
  "<svg/onload=globalThis.broken=1>",
  "javascript:globalThis.broken=1",
  "\"><iframe srcdoc=\"<script>parent.broken=1</script>\">",
  "{{constructor.constructor(\"globalThis.broken=1\")()}}",
  "</textarea><style>body{display:none}</style>",
  "${globalThis.broken=1} &lt;b&gt; &#60;i&#62;",
  "\u202Egnp.exe 뒤집힌 글 \u2066",
];

await play(async ({ open }) => {
  const asker = await open({ cuttable: true });
  const winner = await open();
  const loser = await open();
  await winner.register(named("w"), "김하늘", "답해 줄래요");
  await winner.specialise("피아노 조율");
  await loser.register(named("l"), GUEST, "답해 줄래요");
  await loser.specialise("피아노 조율");
  await asker.register(named("a"), "이서연", "질문할래요");
  await asker.ask(QUESTION);

  await lostRace(winner, loser);
  await asker.page.getByRole("link", { name: "대화방으로 가기" }).click();
  await asker.page.getByLabel("메시지").waitFor();
  await injections(asker, winner);
  await takenBack(asker, winner);
  await closedPage(asker, winner);
  await invited(asker, loser);
  await refused(asker);
  await erased(loser);
});

/** Both press at the same moment: one is in, the other is told that the place was taken. */
async function lostRace(winner, loser) {
  const button = (window) => window.offer("피아노 조율").getByRole("button", { name: "함께할게요" });
  await Promise.all([button(winner).waitFor(), button(loser).waitFor()]);
  await loser.page.route(/\/accept$/, async (route) => {
    await winner.page.getByLabel("메시지").waitFor();
    await route.continue();
  });
  const lost = button(loser).click();
  await loser.page.getByText("함께하기로 했어요").waitFor();
  assert.ok(await button(loser).isDisabled(), "the button rests at once");
  await button(winner).click();
  await lost;
  await loser.page.getByText("다른 분들로 자리가 찼어요").first().waitFor();
  await looksWell(loser, "lost-race");
}

/** Whatever is said is shown as it is, and does nothing. */
async function injections(asker, winner) {
  for (const text of INJECTIONS) await asker.say(text);
  await winner.page.locator(".bubble", { hasText: "뒤집힌 글" }).waitFor();
  const said = (await winner.said()).slice(-INJECTIONS.length);
  assert.deepEqual(said, INJECTIONS);
  for (const { page } of [asker, winner]) {
    assert.equal(await page.evaluate(() => globalThis.broken), undefined);
    assert.equal(await page.locator("main script, main iframe, main style, main img").count(), 0);
  }
}

async function takenBack(asker, winner) {
  await asker.say("잘못 보낸 말이에요.");
  await winner.page.locator(".bubble", { hasText: "잘못 보낸 말이에요." }).waitFor();
  const own = asker.page.locator(".message[data-seq]", { hasText: "잘못 보낸 말이에요." });
  await own.hover();
  await own.getByRole("button", { name: "거두기" }).click();
  await looksWell(asker, "taking-back");
  await own.getByRole("button", { name: "모두에게서 거둘게요" }).click();
  await winner.page.locator(".bubble.redacted").waitFor();
  assert.equal(await winner.page.getByText("잘못 보낸 말이에요.").count(), 0);
}

/** A message on its way outlives the page. */
async function closedPage(asker, winner) {
  await asker.cut();
  await asker.say("닫아도 남는 말이에요.");
  await asker.page.getByText("보내는 중").waitFor();
  await asker.page.reload();
  await asker.page.locator(".pending .bubble", { hasText: "닫아도 남는 말이에요." }).waitFor();
  await asker.page.getByText("연결이 끊겼어요. 곧 다시 이어져요.").first().waitFor();
  await looksWell(asker, "away");
  asker.mend();
  await winner.page.locator(".message[data-seq] .bubble", { hasText: "닫아도 남는 말이에요." }).waitFor();
  await asker.page.locator(".message[data-seq] .bubble", { hasText: "닫아도 남는 말이에요." }).waitFor();
  const times = (await winner.said()).filter((text) => text === "닫아도 남는 말이에요.").length;
  assert.equal(times, 1);
}

async function invited(asker, guest) {
  await asker.page.getByLabel("분야나 궁금한 점으로 찾기").fill("피아노 조율");
  await asker.page.keyboard.press("Enter");
  await asker.page.locator(".invite .row", { hasText: GUEST }).first().waitFor();
  await looksWell(asker, "inviting");
  await asker.page.locator(".invite .row", { hasText: GUEST }).getByRole("button", { name: "초대" }).click();
  await asker.page.getByText(`${GUEST} 님이 들어왔어요`).first().waitFor();
  await guest.page.locator(".side a.row", { hasText: "이서연" }).click();
  await guest.say("안녕하세요, 초대받고 왔어요.");
  await asker.page.locator(".bubble", { hasText: "초대받고 왔어요" }).waitFor();
  const days = await asker.page.locator(".day").allInnerTexts();
  assert.deepEqual(days, [...new Set(days)], "each day is told once, whoever came in");
  await guest.button("방에서 나가기").click();
  await guest.page.getByRole("alertdialog").getByRole("button", { name: "방에서 나가기" }).click();
  await asker.page.getByText(`${GUEST} 님이 나갔어요`).first().waitFor();
  await leftBehind(guest, new URL(asker.page.url()).hash);
}

/** A room that one has left is gone, after the page was loaded anew as well, and says so. */
async function leftBehind(guest, room) {
  const { page } = guest;
  await page.goto(new URL(room, page.url()).href);
  await page.reload();
  await page.getByText("지금은 함께하지 않는 대화예요.").waitFor();
  assert.equal(await page.locator(`.side a[href="${room}"]`).count(), 0, "it is no room of theirs");
  assert.equal(await page.locator(".notice.error").count(), 0);
  await looksWell(guest, "left-room");
}

/** What comes too late is not sent, says why, and is sent again or dropped as its writer likes. */
async function refused(asker) {
  const { page } = asker;
  await asker.cut();
  await asker.say("늦은 말이에요.");
  await page.getByText("보내는 중").waitFor();
  const resolved = page.waitForResponse((answer) => answer.url().endsWith("/status") && answer.request().method() === "PUT");
  await asker.button("해결됐어요").click();
  assert.equal((await resolved).status(), 200);
  asker.mend();
  const late = page.locator(".pending.failed", { hasText: "늦은 말이에요." });
  await late.getByRole("alert").getByText("보내지 못했어요 · ").waitFor();
  const again = await late.getByRole("button", { name: "다시 보내기" }).boundingBox();
  const log = await page.getByRole("log").boundingBox();
  assert.ok(again.y + again.height <= log.y + log.height + 1, "what can be done about it is in sight");
  await looksWell(asker, "refused");
  await late.getByRole("button", { name: "다시 보내기" }).click();
  await late.getByRole("button", { name: "지우기" }).click();
  await late.waitFor({ state: "detached" });
  await page.reload();
  await page.getByText("끝난 대화라 더 쓸 수 없어요.").waitFor();
  assert.equal(await page.getByText("늦은 말이에요.").count(), 0, "what was dropped stays away");
}

/** Who erased their account is nobody from then on. */
async function erased({ page }) {
  await page.goto(new URL("#/profile", page.url()).href);
  await page.getByRole("button", { name: "계정 지우기" }).click();
  await page.getByRole("button", { name: "모두 지울게요" }).click();
  await page.getByLabel("아이디").fill(named("l"));
  await page.getByLabel("비밀번호").fill("correct horse battery");
  await page.keyboard.press("Enter");
  await page.getByText("아이디나 비밀번호가 맞지 않아요.").waitFor();
}

/**
 * Somebody who is away is pushed to: they turn it on, leave, are told of what was said, and a press leads there; signing
 * out ends it. `node away.mjs <address> [directory for pictures]`, with the push service's origin in YEON_TEST_PUSH.
 */

import assert from "node:assert/strict";

import { PushService, subscribesTo } from "./pushing.mjs";
import { base, looksWell, named, play, together } from "./scene.mjs";

const QUESTION = "자전거 체인이 자꾸 빠져요. 어디를 조여야 하나요?";
const WITHIN_MS = 30_000;
const SWITCH = { name: "이 브라우저로 알려 주세요" };
const service = new PushService(process.env.YEON_TEST_PUSH);
await service.start();
try {
  await play(async ({ open }) => {
    const asker = await open({ permissions: ["notifications"] });
    const expert = await open();
    await asker.context.addInitScript(subscribesTo, service.subscription);
    await asker.page.reload();
    await together(open, { asker, expert, question: QUESTION, field: "자전거 정비" });
    await denied(expert);
    await turnedOn(asker);
    const room = new URL(expert.page.url()).hash;
    await toldAway(asker, expert, room);
    await signedOut(asker, room);
  });
} finally {
  service.stop();
}

/** A browser that was told no: the page says so, and the switch stays off. */
async function denied({ page }) {
  const room = new URL(page.url()).hash;
  await page.goto(`${base}#/profile`);
  await page.getByRole("switch", SWITCH).click();
  await page.getByText("브라우저가 알림을 막고 있어요.").waitFor();
  assert.equal(await page.getByRole("switch", SWITCH).isChecked(), false);
  await page.goto(`${base}${room}`);
}

async function turnedOn(window) {
  const { page } = window;
  await page.goto(`${base}#/profile`);
  assert.equal(await page.evaluate(() => navigator.serviceWorker.getRegistration()), undefined, "nothing before a press");
  const posted = page.waitForResponse((answer) => answer.url().endsWith("/push-subscriptions"));
  await page.getByRole("switch", SWITCH).click();
  assert.equal((await posted).status(), 201);
  await page.getByText("창을 닫아도 알려 드려요.").waitFor();
  const kept = page.waitForResponse((answer) => answer.request().postData()?.includes("quietFrom"));
  await page.getByRole("switch", { name: "조용한 시간" }).click();
  assert.equal((await (await kept).json()).quietFrom, "22:00:00");
  await page.getByLabel("시작").fill("23:30");
  await page.getByText("이 시간에 온 알림은 끝난 뒤에 전해요.").waitFor();
  await looksWell(window, "notifications");
  await page.getByRole("switch", { name: "조용한 시간" }).click();
  await page.getByLabel("시작").waitFor({ state: "detached" });
}

/** As the browser has it when a window is covered or comes back. */
async function seen(page, visible) {
  await page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
    Object.defineProperty(document, "hidden", { configurable: true, value: state === "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  }, visible ? "visible" : "hidden");
}

async function toldAway({ page, context }, expert, room) {
  const devtools = await context.newCDPSession(page);
  const registered = new Promise((done) => {
    devtools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => registrations[0] && done(registrations[0]));
  });
  await devtools.send("ServiceWorker.enable");
  const { registrationId } = await registered;
  const [worker] = context.serviceWorkers();
  const shown = () => worker.evaluate(async () => (await registration.getNotifications()).map(({ title, data }) => [title, data.path]));
  const push = (notice) =>
    devtools.send("ServiceWorker.deliverPushMessage", { origin: new URL(base).origin, registrationId, data: JSON.stringify(notice) });

  // The page is open in that room behind something else: the gateway hears that nobody sees it, and it is pushed.
  await page.goto(`${base}${room}`);
  await page.getByLabel("메시지").waitFor();
  await seen(page, false);
  await expert.say("뒤 변속기부터 볼게요.");
  const unread = () => service.got.find(({ title }) => title === "읽지 않은 메시지 1개");
  await until(unread, "the push service was told of the message");
  const notice = unread();
  assert.equal(`#/${notice.path}`, room);
  await page.goto("about:blank");
  await push(notice);
  const wanted = JSON.stringify([[notice.title, notice.path]]);
  await until(async () => JSON.stringify(await shown()) === wanted, "what is pushed takes the place of the page's own notice");

  // A press in a window that looks at something else leads there, and nothing is left to press.
  await page.goto(base);
  await page.locator(".shell").waitFor();
  await worker.evaluate(async () => {
    const [notification] = await registration.getNotifications();
    dispatchEvent(new NotificationEvent("notificationclick", { notification }));
  });
  await page.locator(".bubble", { hasText: "뒤 변속기부터 볼게요." }).waitFor();
  assert.equal(new URL(page.url()).hash, room);
  assert.deepEqual(await shown(), []);

  // Nothing is shown to who looks: the push that follows finds the window seen and in front.
  await push(notice);
  await worker.evaluate(() => new Promise((done) => setTimeout(done, 300)));
  assert.deepEqual(await shown(), []);
}

async function until(holds, what) {
  for (const deadline = Date.now() + WITHIN_MS; !(await holds()); ) {
    assert.ok(Date.now() < deadline, `not within ${WITHIN_MS} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Signing out ends it; a notice pressed all the same leads there once one signed in. */
async function signedOut({ page }, room) {
  await page.goto(`${base}#/profile`);
  const ended = page.waitForResponse((answer) => answer.url().endsWith("/push-subscriptions"));
  await page.locator("main").getByRole("button", { name: "나가기", exact: true }).click();
  assert.equal((await ended).status(), 204);
  await page.getByLabel("아이디").waitFor();
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.ready).pushManager.getSubscription()), null);
  await page.goto(`${base}${room}`);
  await page.getByLabel("아이디").fill(named("a"));
  await page.getByLabel("비밀번호").fill("correct horse battery");
  await page.keyboard.press("Enter");
  await page.locator(".bubble", { hasText: "뒤 변속기부터 볼게요." }).waitFor();
}

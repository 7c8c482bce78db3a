/**
 * Every page in both themes, on a desk and on a phone, in both languages: axe finds nothing serious, nothing is wider than
 * the screen, and what is to be pressed is large enough. `node pages.mjs <address> [directory for pictures]`
 */

import assert from "node:assert/strict";

import { COLOURS } from "./browser.mjs";
import { DESK, inEveryLook, named, PHONE, picture, play, together } from "./scene.mjs";

const QUESTION = "김장 김치가 싱거운데 지금이라도 간을 맞출 수 있을까요? 오늘 안에 손을 봐야 해요.";
const LEAST_TARGET = 24;

await play(async ({ open }) => {
  const gate = await open();
  const asker = await open();
  const expert = await open();
  await looked(gate, "sign-in");
  await gate.button("처음이에요").click();
  await looked(gate, "register");
  await toldInEnglish(gate);

  await together(open, { asker, expert, question: QUESTION, field: "김장 김치", untilRoom: false });
  await looked(asker, "question");
  await looked(expert, "offers");
  await expert.page.goto(new URL("#/rooms", expert.page.url()).href);
  await expert.page.locator(".sheet").waitFor({ state: "attached" });
  await looked(expert, "offer-elsewhere");
  await expert.page.goto(new URL("#/offers", expert.page.url()).href);
  await expert.accept(QUESTION);
  await asker.page.getByRole("link", { name: "대화방으로 가기" }).click();
  await talk(asker, expert);
  await looked(asker, "room");
  await asker.page.setViewportSize(PHONE);
  await asker.button("대화 정보").click();
  await looked(asker, "room-about");
  await asker.page.setViewportSize(DESK);
  await looked(expert, "room-expert");
  await visit(asker, "ask", async ({ page }) => {
    await page.getByLabel("질문", { exact: true }).fill("김치가 싱거워요. 오늘 안에 맞출 수 있을까요?");
    await page.getByText("‘급해요’로 골라").waitFor();
  });
  for (const place of ["questions", "rooms", "profile"]) await visit(asker, place);
  await visit(expert, "offers");
  await visit(expert, "profile");

  await visit(asker, "experts", async ({ page }) => {
    await page.getByLabel("이름이나 분야, 궁금한 점").fill("김장 김치");
    await page.locator(".candidate", { hasText: "김하늘" }).first().waitFor();
  });
  if (process.env.YEON_TEST_OPERATOR) await operations(await open());

  await asker.page.getByRole("button", { name: "English" }).first().click();
  for (const place of ["ask", "questions", "rooms", "profile"]) await visit(asker, place, english);
  await expert.page.getByRole("button", { name: "English" }).first().click();
  for (const place of ["offers"]) {
    await expert.page.goto(new URL(`#/${place}`, expert.page.url()).href);
    await english(expert);
  }
});

/** Who comes in English is told in English while away, without choosing it. */
async function toldInEnglish({ page }) {
  await page.getByRole("button", { name: "English" }).click();
  const who = { username: named("g"), displayName: "Grace", email: `${named("g")}@example.org`, password: "correct horse battery" };
  for (const [name, value] of Object.entries(who)) await page.locator(`input[name=${name}]`).fill(value);
  await page.locator("form button.primary").click();
  await page.locator(".shell").waitFor();
  await page.goto(new URL("#/profile", page.url()).href);
  await page.getByRole("group", { name: "Language of notices" }).getByRole("radio", { name: "English" }).waitFor();
  assert.equal(await page.getByRole("radio", { name: "English" }).isChecked(), true);
}

async function talk(asker, expert) {
  await expert.say("안녕하세요. 배추를 절인 지 얼마나 됐나요?");
  await asker.page.locator(".bubble", { hasText: "배추를 절인 지" }).waitFor();
  await asker.say("사흘 됐어요. 속은 아직 싱거워요.");
  await asker.say("액젓을 더 넣어도 될까요?");
  await expert.page.locator(".bubble", { hasText: "액젓을 더" }).waitFor();
  await expert.say("네, 액젓보다는 소금물을 조금씩 부어 주세요. 국물 맛을 보면서 하루에 한 번이면 충분해요.");
  await asker.page.locator(".bubble", { hasText: "소금물을 조금씩" }).waitFor();
}

async function operations(operator) {
  await operator.page.getByLabel("아이디").fill(process.env.YEON_TEST_OPERATOR);
  await operator.page.getByLabel("비밀번호").fill("correct horse battery");
  await operator.page.keyboard.press("Enter");
  await operator.page.locator(".shell").waitFor();
  await visit(operator, "operator", ({ page }) => page.getByText("yeon.experts.v1").waitFor());
}

async function visit(window, place, before = async () => {}) {
  await window.page.goto(new URL(`#/${place}`, window.page.url()).href);
  await window.page.locator("main h1").first().waitFor();
  await before(window);
  await looked(window, `${place}-${await window.page.locator("html").getAttribute("lang")}`);
}

/** Nothing Korean is left on an English page but what people wrote themselves, and their names and initials. */
async function english({ page }) {
  const own = ["이서연", "김하늘", "김장", "김치", "연결이", "한국어", "배추", "사흘", "액젓"];
  const texts = await page.locator("main, nav:visible").allInnerTexts();
  const left = texts.join("\n").split("\n").filter((line) => /[가-힣]/.test(line) && line.trim().length > 1 && !own.some((word) => line.includes(word)));
  assert.deepEqual(left, [], "Korean on an English page");
}

async function looked(window, name) {
  const { page } = window;
  await picture(window, name);
  await inEveryLook(window, async (look) => {
    // What a theme changes are colours: the other rules are held against once a size.
    assert.deepEqual(await window.faults(look.endsWith("dark") ? COLOURS : []), [], `${name}, ${look}`);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name}, ${look}: too wide`);
    assert.deepEqual(await page.evaluate(tooSmall, LEAST_TARGET), [], `${name}, ${look}: too small to press`);
  });
}

/** In the page: what can be pressed and is shown, but is smaller than `least` pixels either way. */
function tooSmall(least) {
  const shown = [...document.querySelectorAll("button, a[href], input, select, textarea")].filter(
    (one) => one.checkVisibility({ opacityProperty: true }) && !one.closest(".skip") && !one.classList.contains("skip"),
  );
  return shown
    .map((one) => ({ one, box: (one.closest("label") ?? one).getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (box.width < least || box.height < least))
    .map(({ one, box }) => `${one.outerHTML.slice(0, 80)} ${box.width}×${box.height}`);
}

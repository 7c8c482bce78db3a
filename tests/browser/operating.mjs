/**
 * The operator's page says what is so: questions are asked, accepted and declined, a view is held up, an event is parked
 * and released, and each figure is held against what REST, `yeon doctor` and `yeon parked` say.
 * `node operating.mjs <address of a stack of its own> [directory for pictures]`, with its `YEON_DATA_DIR`
 */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { looksWell, named, play } from "./scene.mjs";

const FIELD = "도자기 유약";
const [WAITS, ANSWERED, SPOILT] = ["유약이 자꾸 흘러내려요.", "유약에 기포가 생겨요.", "유약이 자리를 못 잡아요."];
const BEFORE_ACCEPTING_MS = 3_000;
const WITHIN_MS = 20_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = process.env.YEON_TEST_PYTHON ?? `${ROOT}.venv/bin/python`;
let asker;
let operator;

await play(async ({ open }) => {
  [operator, asker] = [await open(), await open()];
  const [near, far] = [await open(), await open()];
  await signedIn();
  await near.register(named("n"), "김하늘", "답해 줄래요");
  await near.specialise(FIELD);
  await far.register(named("f"), "박바다", "답해 줄래요");
  await far.specialise(FIELD);
  await asker.register(named("a"), "이서연", "질문할래요");

  await asker.ask(WAITS);
  await asker.ask(ANSWERED);
  await near.offer(ANSWERED).waitFor();
  // Long enough that the time to the first acceptance is no other figure.
  await new Promise((done) => setTimeout(done, BEFORE_ACCEPTING_MS));
  await near.accept(ANSWERED);
  await far.offer(ANSWERED).getByRole("button", { name: "이번엔 어려워요" }).click();
  await agree(figures, truth);
  await agree(lag, told);

  const fault = await spoiling();
  try {
    await asksUnseen();
    await near.page.goto(new URL("#/profile", near.page.url()).href);
    await near.page.getByLabel("경력 (년)").fill("7");
    await near.page.locator("form.expert").getByRole("button", { name: "저장하기" }).click();
    await heldUp(fault);
    await released(fault);
  } finally {
    fault.end();
  }
});

async function signedIn() {
  const { page } = operator;
  await page.getByLabel("아이디").fill(process.env.YEON_TEST_OPERATOR);
  await page.getByLabel("비밀번호").fill("correct horse battery");
  await page.keyboard.press("Enter");
  await page.locator(".shell").waitFor();
  await page.goto(new URL("#/operator", page.url()).href);
}

/** A question that the view of questions cannot take: it is asked all the same, and experts are found. */
async function asksUnseen() {
  const { page } = asker;
  await page.goto(new URL("#/ask", page.url()).href);
  await page.getByLabel("질문", { exact: true }).fill(SPOILT);
  await page.locator("form.ask > button.primary").click();
  await page.getByRole("heading", { name: SPOILT }).waitFor();
}

/** What waits is seen where it waits, and nowhere else. */
async function heldUp(fault) {
  await until(async () => (await lag()).some(({ behind }) => behind > 0), "something is behind");
  await agree(lag, told);
  const behind = (await lag()).filter((one) => one.behind > 0);
  assert.deepEqual(behind.map(({ consumer, topic, partitions }) => ({ consumer, topic, partitions })), [
    { consumer: "view:experts", topic: "yeon.experts.v1", partitions: 1 },
  ]);
  await fault.tell("apply");
  await until(async () => (await lag()).every(({ behind: count }) => count === 0), "nothing is behind");
}

/** What is parked stands there with its reason, stays while the reason does, and goes with it: the question is there. */
async function released(fault) {
  const { page } = operator;
  const [waiting] = await parked();
  assert.match(waiting.reason, /no place for it/);
  assert.ok(waiting.behind > 0, "what came of it later waits behind it");
  const row = page.locator(".operator li", { hasText: waiting.key });
  for (const words of [`${waiting.consumer} · ${waiting.position}`, waiting.reason, `뒤에 ${waiting.behind}개가 기다려요`]) {
    await row.getByText(words).waitFor();
  }
  assert.equal(await page.locator(".operator li").count(), 1);
  await looksWell(operator, "operator-parked");
  const before = await figures();

  await row.getByRole("button", { name: "다시 흘리기" }).click();
  await page.getByText("남아 있다면 아직 까닭이 있어요.").waitFor();
  await row.waitFor();
  assert.deepEqual((await parked()).map(({ key }) => key), [waiting.key]);

  await fault.tell("mend");
  await row.getByRole("button", { name: "다시 흘리기" }).click();
  await row.waitFor({ state: "detached" });
  await page.getByText("따로 둔 이벤트가 없어요.").waitFor();
  assert.deepEqual(await parked(), []);
  const now = await agree(figures, truth);
  assert.equal(now.openOffers, before.openOffers + 2, "whoever was asked is seen to have been asked");
  await asker.page.reload();
  await asker.page.locator("main .candidate, aside .candidate", { hasText: "김하늘" }).first().waitFor();
}

/** The figures as the page says them. */
async function figures() {
  const { page } = operator;
  const [names, values] = [await page.locator(".figures dt").allInnerTexts(), await page.locator(".figures dd").allInnerTexts()];
  const said = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  const heights = await page.locator(".bars rect").evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute("height"))));
  const most = Number((await page.locator(".bars").getAttribute("aria-label")).match(/가장 많을 때 (\d+)/)[1]);
  const sockets = await page.locator("section.card", { hasText: "게이트웨이별" }).locator("td").allInnerTexts();
  return {
    asked: Number(said["한 시간 질문"]),
    byMinute: heights.map((height) => (height > 1 ? Math.round((height / 64) * most) : 0)).filter(Boolean),
    toMatch: Number.parseFloat(said["찾기까지"]),
    toAcceptance: Number.parseFloat(said["첫 수락까지"]),
    accepted: said["수락 비율"],
    openOffers: Number(said["열린 제안"]),
    rooms: Number(said["열린 대화"]),
    people: Number(said["사람"]),
    experts: Number(said["전문가"]),
    sockets: sockets.reduce((sum, one) => sum + Number(one), 0),
  };
}

/** What is so: the questions as their asker reads them, and who is here. */
async function truth() {
  const questions = await asker.page.evaluate(everyQuestion);
  const offers = questions.flatMap((one) => one.offers);
  const [open, accepted, declined] = ["open", "accepted", "declined"].map((state) => offers.filter((one) => one.state === state));
  const minutes = new Map();
  for (const { createdAt } of questions) minutes.set(createdAt.slice(0, 16), (minutes.get(createdAt.slice(0, 16)) ?? 0) + 1);
  const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const after = (question, times) => (Math.min(...times.map((at) => Date.parse(at))) - Date.parse(question.createdAt)) / 1_000;
  return {
    asked: questions.length,
    byMinute: [...minutes].sort(([a], [b]) => a.localeCompare(b)).map(([, count]) => count),
    toMatch: mean(questions.map((one) => after(one, one.offers.map((offer) => offer.offeredAt)))),
    toAcceptance: mean(
      questions
        .map((one) => [one, one.offers.filter((offer) => offer.state === "accepted").map((offer) => offer.closedAt)])
        .filter(([, times]) => times.length > 0)
        .map(([one, times]) => after(one, times)),
    ),
    accepted: `${Math.round((accepted.length / (accepted.length + declined.length)) * 100)}%`,
    openOffers: open.length,
    rooms: 1,
    people: 4,
    experts: 2,
    sockets: 4,
  };
}

/** In the page: each question of who is signed in, with its offers. */
async function everyQuestion() {
  const token = JSON.parse(sessionStorage.getItem("yeon.tokens")).access;
  const read = async (path) => (await fetch(`./api${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
  const { items } = await read("/questions?mine=true");
  return Promise.all(items.map(({ id }) => read(`/questions/${id}`)));
}

/** How far everybody is behind as the page says it, without who is nowhere behind the store. */
async function lag() {
  return operator.page.locator(".lags tbody").evaluateAll((bodies) =>
    bodies.slice(1).flatMap((body) => {
      const topic = body.querySelector('[scope="rowgroup"]').textContent;
      return [...body.querySelectorAll("tr:not(:first-child)")].map((row) => {
        const [behind, partitions] = [...row.querySelectorAll("td")].map((cell) => Number(cell.textContent));
        return { consumer: row.querySelector("th").title, topic, behind, partitions };
      });
    }),
  );
}

/** The same as `yeon doctor` says it. */
async function told() {
  const { consumers } = JSON.parse(await yeon("doctor", "--json"));
  return consumers.map(({ consumer, topic, behind, partitions_behind: partitions }) => ({ consumer, topic, behind, partitions }));
}

async function parked() {
  const lines = (await yeon("parked", "list", "--json")).split("\n");
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

async function yeon(...words) {
  const { stdout } = await promisify(execFile)(PYTHON, ["-m", "infra.cli", ...words], { cwd: ROOT });
  return stdout;
}

/** The page comes to say what is so, times to the tenth of a second; what it says then. */
async function agree(read, so) {
  let said;
  await until(async () => {
    said = await read();
    const wanted = await so();
    const near = (name) => Math.abs(wanted[name] - said[name]) <= 0.1;
    const close = ([name, value]) => [name, near(name) ? said[name] : value];
    assert.deepEqual(said, Array.isArray(wanted) ? wanted : Object.fromEntries(Object.entries(wanted).map(close)));
    return true;
  }, "the page says what is so");
  return said;
}

/** Look again until it holds. */
async function until(holds, what) {
  const began = Date.now();
  for (let failure; ; ) {
    try {
      if (await holds()) return;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > began + WITHIN_MS) throw failure ?? new Error(`not within time: ${what}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** The faults of `spoiling.py`; `tell` gives one of its words and waits until it is done. */
async function spoiling() {
  const faults = spawn(PYTHON, ["-m", "tests.browser.spoiling", SPOILT, "experts"], { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: faults.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, "ready");
  return {
    end: () => faults.stdin.end(),
    tell: async (word) => {
      faults.stdin.write(`${word}\n`);
      assert.equal((await lines.next()).value, "done");
    },
  };
}

/** A headless Chromium of the machine, and people in it: each in a window of their own, with what went wrong noted. */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];
/** The rules of axe that a theme can break. */
export const COLOURS = ["color-contrast", "link-in-text-block"];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launch() {
  const executablePath = [process.env.CHROMIUM, ...PLACES].find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium: install one, or name it in CHROMIUM");
  return chromium.launch({ executablePath, args: FLAGS });
}

/**
 * One person's window. `errors` gathers what the page itself complained of, a broken policy included. The connection of
 * a `cuttable` one can be broken.
 */
export class Window {
  static async open(browser, base, { cuttable = false, ...options } = {}) {
    const context = await browser.newContext({ locale: "ko-KR", viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const window = new Window(context, page);
    page.on("pageerror", (error) => window.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !/Failed to load resource/.test(message.text())) window.errors.push(message.text());
    });
    if (cuttable) await page.routeWebSocket(/.*/, (route) => window.through(route));
    await page.goto(base);
    return window;
  }

  /** Lets the page's socket through to the server, unless it is to stay away. */
  through(route) {
    this.sockets += 1;
    if (this.away) {
      route.close({ code: 1012 });
      return;
    }
    route.connectToServer();
    this.route = route;
  }

  /** The connection breaks, and does not come back before `mend`. */
  async cut() {
    this.away = true;
    await this.route.close({ code: 1012 });
  }

  mend() {
    this.away = false;
  }

  constructor(context, page) {
    this.context = context;
    this.page = page;
    this.errors = [];
    this.away = false;
    this.sockets = 0;
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  async register(username, name, role) {
    const { page } = this;
    await this.button("처음이에요").click();
    await page.getByLabel("아이디").fill(username);
    await page.getByLabel("이름", { exact: true }).fill(name);
    await page.getByLabel("이메일").fill(`${username}@example.org`);
    await page.getByLabel("비밀번호").fill("correct horse battery");
    await page.getByRole("radio", { name: role }).check();
    await this.button("가입하기").click();
    await page.locator(".shell").waitFor();
    await page.getByText("연결됨").waitFor();
  }

  async specialise(name, { capacity } = {}) {
    const { page } = this;
    await page.goto(new URL("#/profile", page.url()).href);
    await page.getByLabel("분야", { exact: true }).fill(name);
    await page.getByLabel("수준").selectOption("5");
    if (capacity) await page.getByLabel("한 번에 맡을 대화 수").fill(String(capacity));
    await page.locator("form.expert").getByRole("button", { name: "저장하기" }).click();
    await page.getByText("저장했어요.").waitFor();
    await page.goto(new URL("#/offers", page.url()).href);
  }

  /** Ask, and wait until people were asked. */
  async ask(question) {
    const { page } = this;
    await page.goto(new URL("#/ask", page.url()).href);
    await page.getByLabel("질문", { exact: true }).fill(question);
    await page.locator("form.ask > button.primary").click();
    await page.getByText("명에게 물어봤어요").first().waitFor();
  }

  /** Accept the offer of this question, and be in its room. */
  async accept(question) {
    await this.offer(question).getByRole("button", { name: "함께할게요" }).click();
    await this.page.getByLabel("메시지").waitFor();
  }

  offer(question) {
    return this.page.locator("article.offer", { hasText: question });
  }

  /** What axe finds serious or critical on the page as it is now, each with the first element; by these rules, or all. */
  async faults(rules = []) {
    if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(AXE);
    const options = { resultTypes: ["violations"], ...(rules.length > 0 && { runOnly: { type: "rule", values: rules } }) };
    const found = await this.page.evaluate((chosen) => window.axe.run(document, chosen), options);
    return found.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes[0].target} ${nodes[0].failureSummary}`);
  }

  async say(text) {
    const field = this.page.getByLabel("메시지");
    await field.fill(text);
    await field.press("Enter");
  }

  /** The texts of the messages in the room, in their order. */
  async said() {
    return this.page.locator(".message[data-seq] .bubble").allInnerTexts();
  }
}

/** A scene in a browser: its windows are opened, it is played, and what went wrong is shown in pictures and words. */

import assert from "node:assert/strict";

import { COLOURS, launch, Window } from "./browser.mjs";

/** `[address, directory for pictures]`, as the scripts are called. */
export const [base, pictures] = process.argv.slice(2);
export const [DESK, PHONE] = [{ width: 1280, height: 800 }, { width: 390, height: 844 }];
const LOOKS = [
  ["desk-light", DESK, "light"],
  ["desk-dark", DESK, "dark"],
  ["phone-light", PHONE, "light"],
  ["phone-dark", PHONE, "dark"],
];
const unique = Date.now().toString(36);

/** A username nobody had before. */
export const named = (name) => `${name}${unique}`;

/** Play `scene({open})`; `open(options)` gives a window. Nothing may have gone wrong in any of them. */
export async function play(scene) {
  const browser = await launch();
  const windows = [];
  const open = async (options = {}) => {
    const window = await Window.open(browser, base, options);
    windows.push(window);
    return window;
  };
  try {
    await scene({ open });
    for (const window of windows) assert.deepEqual(window.errors, []);
    console.log("it happened");
  } catch (error) {
    for (const [i, window] of windows.entries()) {
      if (pictures) await window.page.screenshot({ path: `${pictures}/failed-${i}.png` }).catch(() => {});
      console.error(`window ${i}:`, window.page.url(), window.errors);
    }
    throw error;
  } finally {
    await browser.close();
  }
}

/** A picture of the window in every look, if a directory for them was named. */
export async function picture(window, name) {
  if (!pictures) return;
  await inEveryLook(window, (look) => window.page.screenshot({ path: `${pictures}/${name}-${look}.png` }));
}

/** A picture of this moment, in which axe finds nothing serious in either theme. */
export async function looksWell(window, name) {
  await picture(window, name);
  await inTheme(window.page, "light");
  assert.deepEqual(await window.faults(), [], name);
  await inTheme(window.page, "dark");
  assert.deepEqual(await window.faults(COLOURS), [], `${name}, dark`);
  await asUsual(window.page);
}

/** Do `work(look)` with the page as it is on a desk and on a phone, in light and dark; then it is as it was. */
export async function inEveryLook({ page }, work) {
  const usual = page.viewportSize();
  for (const [look, viewport, colorScheme] of LOOKS) {
    await page.setViewportSize(viewport);
    await inTheme(page, colorScheme);
    await page.evaluate(() => document.fonts.ready);
    await work(look);
  }
  await page.setViewportSize(usual);
  await asUsual(page);
}

/** At once: a colour on its way from one theme to the other is of neither. */
async function inTheme(page, colorScheme) {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
}

async function asUsual(page) {
  await inTheme(page, "light");
  await page.emulateMedia({ reducedMotion: null });
}

/** An expert of `field` and an asker, with the question asked and, unless `untilRoom` is false, both in its room. */
export async function together(open, { asker, expert, question, field, untilRoom = true }) {
  await expert.register(named("e"), "김하늘", "답해 줄래요");
  await expert.specialise(field);
  await asker.register(named("a"), "이서연", "질문할래요");
  await asker.ask(question);
  if (untilRoom) {
    await expert.accept(question);
    await asker.page.getByRole("link", { name: "대화방으로 가기" }).click();
    await asker.page.getByLabel("메시지").waitFor();
  }
}

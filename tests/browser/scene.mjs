/** A scene in a browser: its windows are opened, it is played, and what went wrong is shown in pictures and words. */

import assert from "node:assert/strict";

import { launch, Window } from "./browser.mjs";

/** `[address, directory for pictures]`, as the scripts are called. */
export const [base, pictures] = process.argv.slice(2);
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

/** A picture of the window, if a directory for them was named. */
export async function picture(window, name) {
  if (pictures) await window.page.screenshot({ path: `${pictures}/${name}.png` });
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

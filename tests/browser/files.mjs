/**
 * Files in a room: an image is seen by everyone, a document is had as it was sent, one that is sent without a connection
 * arrives after a reload, and one that is taken back is gone. `node files.mjs <address> [directory for pictures]`
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { looksWell, play, together } from "./scene.mjs";

const QUESTION = "만년필 잉크가 자꾸 새요. 사진을 보여 드릴까요?";
const DOCUMENT = { name: "계약서 초안.txt", mimeType: "text/plain", buffer: Buffer.from("제1조 <script>globalThis.broken=1</script>") };
const IMAGE = new URL("../../docs/images/phone.png", import.meta.url);

await play(async ({ open }) => {
  const asker = await open();
  const expert = await open();
  await together(open, { asker, expert, question: QUESTION, field: "만년필 잉크" });
  const give = ({ page }, file) => page.getByLabel("파일 보내기").setInputFiles(file);

  await give(asker, { name: "만년필.png", mimeType: "image/png", buffer: readFileSync(IMAGE) });
  const seen = expert.page.getByRole("button", { name: "만년필.png 크게 보기" });
  await expert.page.waitForFunction(() => document.querySelector(".picture img")?.naturalWidth > 1);
  await looksWell(expert, "file-image");
  await seen.click();
  await expert.page.locator("dialog[open] > img").waitFor();
  await looksWell(expert, "file-viewer");
  await expert.page.keyboard.press("Escape");

  await give(expert, DOCUMENT);
  const document_ = asker.page.locator(".message[data-seq] .file", { hasText: DOCUMENT.name });
  await document_.waitFor();
  const [download] = await Promise.all([asker.page.waitForEvent("download"), document_.click()]);
  assert.equal(download.suggestedFilename(), DOCUMENT.name);
  assert.deepEqual(readFileSync(await download.path()), DOCUMENT.buffer);
  await looksWell(asker, "file-document");

  await cut(asker, give);
  await asker.page.locator(".message[data-seq] .file", { hasText: "나중에.txt" }).waitFor();
  await expert.page.locator(".message[data-seq] .file", { hasText: "나중에.txt" }).waitFor();
  assert.equal(await expert.page.locator(".file", { hasText: "나중에.txt" }).count(), 1);

  const own = expert.page.locator(".message[data-seq]", { hasText: DOCUMENT.name });
  await own.hover();
  await own.getByRole("button", { name: "거두기" }).click();
  await own.getByRole("button", { name: "모두에게서 거둘게요" }).click();
  await document_.waitFor({ state: "detached" });
});

/** Uploads do not come through; the page is closed and opened again; then they do. */
async function cut({ page }, give) {
  await page.route(/\/files$/, (route) => route.abort());
  await give({ page }, { ...DOCUMENT, name: "나중에.txt" });
  await page.getByText("보내는 중").waitFor();
  await page.reload();
  await page.locator(".pending .file", { hasText: "나중에.txt" }).waitFor();
  await page.unroute(/\/files$/);
}

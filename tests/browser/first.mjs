/**
 * The first visit over a slow line (150 ms, 1.6 Mbit/s): one can type within a second, of under 200 KB without fonts.
 * `node first.mjs <address>`
 */

import assert from "node:assert/strict";

import { launch } from "./browser.mjs";
import { base } from "./scene.mjs";

const LINE = { offline: false, latency: 150, downloadThroughput: 1_638_000 / 8, uploadThroughput: 750_000 / 8 };
const WITHIN_MS = 1_000;
const MOST_BYTES = 200_000;
/** The machine may be busy with other things: the best of so many visits counts. */
const VISITS = 4;

const browser = await launch();
const visits = [];
for (let i = 0; i < VISITS; i += 1) visits.push(await visit());
await browser.close();
console.log(JSON.stringify({ visits }));
const best = Math.min(...visits.map(({ typing }) => typing));
assert.ok(best < WITHIN_MS, `one can type after ${best} ms`);
assert.ok(visits[0].bytes < MOST_BYTES, `${visits[0].bytes} bytes`);

/** When one could type, in ms after the address was opened, and what was loaded for it and after. */
async function visit() {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", LINE);
  const loaded = { requests: 0, bytes: 0, fonts: 0 };
  const fonts = new Set();
  devtools.on("Network.responseReceived", ({ requestId, response }) => /woff2/.test(response.url) && fonts.add(requestId));
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    loaded.requests += 1;
    loaded[fonts.has(requestId) ? "fonts" : "bytes"] += encodedDataLength;
  });
  await page.addInitScript(noteTheField);
  await page.goto(base);
  await page.waitForFunction(() => globalThis.typingAt !== undefined);
  await page.waitForLoadState("networkidle");
  const typing = await page.evaluate(() => Math.round(globalThis.typingAt));
  await context.close();
  return { typing, ...loaded };
}

/** In the page, before all else: when the field to type in is drawn. */
function noteTheField() {
  const watch = new MutationObserver(() => {
    if (!document.getElementById("username")) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => (globalThis.typingAt = performance.now())));
  });
  watch.observe(document, { childList: true, subtree: true });
}

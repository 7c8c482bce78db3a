/** Every text is there in both languages, and every text is used. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import en from "../../gateway/web/i18n/en.js";
import { fill } from "../../gateway/web/i18n/fill.js";
import ko from "../../gateway/web/i18n/ko.js";

const WEB = new URL("../../gateway/web/", import.meta.url);
const code = readdirSync(WEB, { recursive: true })
  .filter((name) => name.endsWith(".js") && !name.startsWith("vendor") && !/i18n.(ko|en)\b/.test(name))
  .map((name) => readFileSync(new URL(name, WEB), "utf8"))
  .join("\n");

test("both languages have the same texts with the same places to fill", () => {
  assert.deepEqual(Object.keys(en).sort(), Object.keys(ko).sort());
  const places = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const key of Object.keys(ko)) assert.deepEqual(places(en[key]), places(ko[key]), key);
});

test("what goes by a count says one as one", () => {
  const said = (count) => fill("{count} {count|person was|people were} asked", { count });
  assert.deepEqual([said(0), said(1), said(2)], ["0 people were asked", "1 person was asked", "2 people were asked"]);
  for (const [key, text] of Object.entries(en)) {
    assert.doesNotMatch(text, /\{(count|experts|accepted)\} (people|\w+s)\b/, key);
  }
});

test("every text that is asked for by name exists", () => {
  for (const [, key] of code.matchAll(/\bt\("([\w.]+)"/g)) assert.ok(ko[key] !== undefined, key);
});

test("no text is left unused", () => {
  const families = [...code.matchAll(/`([\w.]+)\$\{/g)].map(([, start]) => start);
  for (const key of Object.keys(ko)) {
    const used = code.includes(`"${key}"`) || families.some((start) => key.startsWith(start));
    assert.ok(used, key);
  }
});

test("no text stands outside the two languages", () => {
  const spoken = readdirSync(WEB, { recursive: true }).filter(
    (name) => name.endsWith(".js") && !/^vendor|^i18n|urgency\.js$/.test(name),
  );
  for (const name of spoken) {
    const said = readFileSync(new URL(name, WEB), "utf8").replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
    assert.equal(said.match(/[가-힣]+/)?.[0], undefined, name);
    // Between tags, words only come from `t`.
    assert.equal(said.match(/>[^<>${}`=()]*[a-z]{3,}[^<>${}`=();]*<\//i)?.[0], undefined, name);
  }
});

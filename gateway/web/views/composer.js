/**
 * Writing a message. Enter sends, Shift+Enter breaks the line; on a phone Enter breaks the line and the button sends.
 * While a syllable is being composed its text belongs to the input method (see `state/enter.js`), so the field is
 * uncontrolled and never re-rendered from the state.
 */

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { say, sendFiles, typing } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { Enter } from "../state/enter.js";
import { state } from "../state/store.js";

const TOLD_EVERY_MS = 3_000;
const TOUCH = matchMedia("(hover: none) and (pointer: coarse)");
const LINE_BREAKS = new Set(["insertLineBreak", "insertParagraph"]);
/** What was being written, by room: going to another room and back keeps it. */
const drafts = new Map();
/** What somebody wants to have where they write: `{roomId, text}`. */
const given = signal(null);

/** Put `text` where the person writes in that room, behind what is there; they send it, or not. */
export function putIn(roomId, text) {
  given.value = { roomId, text };
}

export function Composer({ roomId }) {
  const field = useRef(null);
  const enter = useRef(new Enter());
  const toldAt = useRef(0);
  const longest = state.value.config?.limits?.messageCharacters ?? 8_000;

  useEffect(() => {
    field.current.value = drafts.get(roomId) ?? "";
    grow();
    return stopTyping;
  }, [roomId]);

  const put = given.value;
  useEffect(() => {
    if (put?.roomId !== roomId) return;
    given.value = null;
    const written = field.current.value.trimEnd();
    field.current.value = written ? `${written}\n${put.text}` : put.text;
    typed();
    field.current.focus();
  }, [put, roomId]);

  function stopTyping() {
    if (toldAt.current > 0) typing(roomId, false);
    toldAt.current = 0;
  }

  function send() {
    const content = field.current.value.trimEnd();
    if (!content.trim()) return;
    say(roomId, content);
    field.current.value = "";
    drafts.delete(roomId);
    grow();
    stopTyping();
    field.current.focus();
  }

  function grow() {
    const box = field.current;
    box.rows = 1;
    while (box.rows < 6 && box.scrollHeight > box.clientHeight + 2) box.rows += 1;
  }

  function typed() {
    grow();
    drafts.set(roomId, field.current.value);
    if (field.current.value === "") stopTyping();
    else if (Date.now() - toldAt.current > TOLD_EVERY_MS) {
      toldAt.current = Date.now();
      typing(roomId, true);
    }
  }

  function pressed(event) {
    if (TOUCH.matches) return;
    const what = enter.current.pressed(event);
    if (what === "leave") return;
    event.preventDefault();
    if (what === "send") send();
  }

  /** The browser writes the last syllable after it told of the end, and may break the line for the same press. */
  function ended(event) {
    if (enter.current.ended(event.data)) setTimeout(send);
  }

  function breaking(event) {
    if (LINE_BREAKS.has(event.inputType) && enter.current.spent) event.preventDefault();
  }

  /** Pictures that are pasted are sent; words go into the field. */
  function pasted(event) {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    sendFiles(roomId, files);
  }

  function chosen(event) {
    sendFiles(roomId, [...event.target.files]);
    event.target.value = "";
    field.current.focus();
  }

  function submit(event) {
    event.preventDefault();
    send();
  }

  return html`<form class="composer" onSubmit=${submit}>
    ${state.value.config?.limits?.fileBytes > 0 &&
    html`<label class="attach" title=${t("file.attach")}>
      <span aria-hidden="true">＋</span>
      <input class="only-read" type="file" multiple aria-label=${t("file.attach")} onChange=${chosen} />
    </label>`}
    <textarea
      ref=${field}
      rows="1"
      maxlength=${longest}
      aria-label=${t("room.write")}
      placeholder=${t("room.write.hint")}
      enterkeyhint="enter"
      onInput=${typed}
      onPaste=${pasted}
      onKeyDown=${pressed}
      onKeyUp=${(event) => enter.current.released(event)}
      onBlur=${() => enter.current.left()}
      onBeforeInput=${breaking}
      onCompositionStart=${() => enter.current.started()}
      onCompositionUpdate=${(event) => enter.current.updated(event.data)}
      onCompositionEnd=${ended}
    ></textarea>
    <button class="primary">${t("room.send")}</button>
  </form>`;
}

/**
 * Writing a message. Enter sends, Shift+Enter breaks the line. While a Hangul syllable is being composed Enter belongs
 * to the input method, so the text is left alone: the field is uncontrolled, and never re-rendered from the state.
 */

import { useEffect, useRef } from "preact/hooks";

import { say, typing } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/index.js";
import { state } from "../state/store.js";

const TOLD_EVERY_MS = 3_000;
const COMPOSING = 229;

export function Composer({ roomId }) {
  const field = useRef(null);
  const composing = useRef(false);
  const toldAt = useRef(0);
  const longest = state.value.config?.limits?.messageCharacters ?? 8_000;

  useEffect(() => () => stopTyping(), [roomId]);

  function stopTyping() {
    if (toldAt.current > 0) typing(roomId, false);
    toldAt.current = 0;
  }

  function send(event) {
    event?.preventDefault();
    const content = field.current.value;
    if (!content.trim() || composing.current) return;
    say(roomId, content.trimEnd());
    field.current.value = "";
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
    if (field.current.value === "") stopTyping();
    else if (Date.now() - toldAt.current > TOLD_EVERY_MS) {
      toldAt.current = Date.now();
      typing(roomId, true);
    }
  }

  function pressed(event) {
    const inMethod = event.isComposing || composing.current || event.keyCode === COMPOSING;
    if (event.key === "Enter" && !event.shiftKey && !inMethod) send(event);
  }

  return html`<form class="composer" onSubmit=${send}>
    <textarea
      ref=${field}
      rows="1"
      maxlength=${longest}
      aria-label=${t("room.write")}
      placeholder=${t("room.write.hint")}
      enterkeyhint="send"
      onInput=${typed}
      onKeyDown=${pressed}
      onCompositionStart=${() => (composing.current = true)}
      onCompositionEnd=${() => (composing.current = false)}
    ></textarea>
    <button class="primary">${t("room.send")}</button>
  </form>`;
}

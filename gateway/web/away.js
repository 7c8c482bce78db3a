/** Telling a person who is looking elsewhere: browser notifications if they want them, and a count in the title. */

import { effect, signal } from "@preact/signals";

import { t } from "./i18n/index.js";
import { noticeOf } from "./state/notice.js";
import { go, openOffers, state, unreadTotal } from "./state/store.js";

const KEY = "yeon.notify";

/** Whether this browser can tell at all. */
export const able = "Notification" in globalThis;
/** Whether the person wants to be told here. */
export const told = signal(able && Notification.permission === "granted" && localStorage.getItem(KEY) === "on");

/** Ask to be told; false if the browser was told no. */
export async function tellMe() {
  const granted = (await Notification.requestPermission()) === "granted";
  localStorage.setItem(KEY, granted ? "on" : "off");
  told.value = granted;
  return granted;
}

export function tellMeNoMore() {
  localStorage.setItem(KEY, "off");
  told.value = false;
}

/** A frame came; nobody may be looking. */
export function noticed(frame) {
  if (!told.value || document.visibilityState === "visible") return;
  const notice = noticeOf(frame, state.value.me?.id);
  if (!notice) return;
  const shown = new Notification(t(notice.title, notice.values), { body: notice.body, tag: notice.tag, icon: "./icon.svg" });
  shown.onclick = () => {
    focus();
    go(...notice.to.split("/"));
    shown.close();
  };
}

/** The title counts what waits. */
export function countInTitle() {
  effect(() => {
    const waiting = state.value.me ? unreadTotal.value + openOffers.value.length : 0;
    document.title = waiting > 0 ? `(${waiting}) ${t("brand")}` : t("brand");
  });
}

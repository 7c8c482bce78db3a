/**
 * Telling a person who is looking elsewhere, if they want it: this page while it is out of sight, Web Push when there is
 * none, and a count in the title. All notices go through the service worker, so that a later one about the same takes the
 * place of an earlier one, whoever showed it.
 */

import { effect, signal } from "@preact/signals";

import { t } from "./i18n/index.js";
import { able, subscribe, unsubscribe, worker } from "./net/push.js";
import { noticeOf } from "./state/notice.js";
import { go, openOffers, route, state, unreadTotal } from "./state/store.js";

const WANTS = "yeon.notify.";
/** Whose pushes come to this browser. */
const PUSHED = "yeon.pushed";

/** Whether the person wants to be told in this browser. */
export const told = signal(false);
/** Whether they are told there also when no page of ours is open. */
export const pushed = signal(false);
/** Whether the browser was told to show nothing. */
export const blocked = signal(able && Notification.permission === "denied");

const me = () => state.value.me?.id;

/** Somebody is here: what they wanted in this browser holds again. */
export async function recall(rest) {
  told.value = able && Notification.permission === "granted" && localStorage.getItem(WANTS + me()) === "on";
  if (told.value) await pushHere(rest);
}

/** Ask to be told; false if the browser was told no. */
export async function tellMe(rest) {
  const granted = (await Notification.requestPermission()) === "granted";
  blocked.value = Notification.permission === "denied";
  if (!granted) return false;
  localStorage.setItem(WANTS + me(), "on");
  told.value = true;
  await worker();
  await pushHere(rest);
  return true;
}

export async function tellMeNoMore(rest) {
  localStorage.setItem(WANTS + me(), "off");
  await leftAlone(rest);
}

/** Nobody is pushed to here any more, if it was this person; `rest` is left out when they may not speak to the server. */
export async function leftAlone(rest) {
  told.value = false;
  pushed.value = false;
  if (!able || localStorage.getItem(PUSHED) !== me()) return;
  localStorage.removeItem(PUSHED);
  await unsubscribe(rest);
}

async function pushHere(rest) {
  pushed.value = await subscribe(rest, state.value.config.pushKey);
  if (pushed.value) localStorage.setItem(PUSHED, me());
}

/** A frame came; nobody may be looking. */
export async function noticed(frame) {
  if (!told.value || document.visibilityState === "visible") return;
  const notice = noticeOf(frame, me());
  if (!notice) return;
  const shown = { body: notice.body, tag: notice.tag, icon: "./icon.png", data: { path: notice.to } };
  await (await worker()).showNotification(t(notice.title, notice.values), shown);
}

/** A press on a notice leads here, and what one is looking at needs no notice any more. */
export function followNotices() {
  if (!able) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => data.go && go(...data.go.split("/")));
  navigator.serviceWorker.startMessages();
  effect(() => cleared(route.value.join("/")));
  document.addEventListener("visibilitychange", () => cleared(route.value.join("/")));
}

async function cleared(path) {
  if (!told.value || document.visibilityState !== "visible") return;
  const registration = await navigator.serviceWorker.getRegistration();
  for (const notice of (await registration?.getNotifications()) ?? []) if (notice.data?.path === path) notice.close();
}

/** The title counts what waits. */
export function countInTitle() {
  effect(() => {
    const waiting = state.value.me ? unreadTotal.value + openOffers.value.length : 0;
    document.title = waiting > 0 ? `(${waiting}) ${t("brand")}` : t("brand");
  });
}

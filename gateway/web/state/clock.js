/** The server's time, from what its answers said, ticking once a second for countdowns. */

import { signal } from "@preact/signals";

import { middle, narrowed } from "./offset.js";

let known = null;

/** The server's time in ms; changes once a second, and with each answer. */
export const now = signal(Date.now());

/** An answer that was asked for at the local time `sent`, and is there, named the second `said` of the server. */
export function noteTime(said, sent) {
  known = narrowed(known, said, sent, Date.now());
  now.value = serverNow();
}

export function serverNow() {
  return Date.now() + (known ? middle(known) : 0);
}

setInterval(() => {
  now.value = serverNow();
}, 1_000);

/** The server's time, from what its answers said, ticking once a second for countdowns. */

import { signal } from "@preact/signals";

let offset = null;

/** The server's time in ms; changes once a second. */
export const now = signal(Date.now());

/** An answer said it was `server` at the local time `local`. The first is taken, later ones correct slowly. */
export function noteTime(server, local) {
  const seen = server - local;
  const jumped = offset === null || Math.abs(seen - offset) > 5_000;
  offset = jumped ? seen : offset + (seen - offset) * 0.1;
}

export function serverNow() {
  return Date.now() + (offset ?? 0);
}

setInterval(() => {
  now.value = serverNow();
}, 1_000);

/** When the time that is left is read out. Pure. */

const SPOKEN_SECONDS = [10, 30];

/** Of `rest` milliseconds, what is said: half a minute, ten seconds, or nothing. */
export function spoken(rest) {
  if (rest <= 0) return null;
  return SPOKEN_SECONDS.find((seconds) => rest <= seconds * 1_000) ?? null;
}

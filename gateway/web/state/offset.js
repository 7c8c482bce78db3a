/**
 * By how much the server's clock is before ours, in ms, narrowed down by each answer. Pure. An answer names a whole second,
 * and its moment lies somewhere between question and answer: what several allow together is known far better than a second.
 */

const SECOND = 1_000;

/** The `{least, most}` that is known after an answer that said `said`, asked at `sent` and there at `came` by our clock. */
export function narrowed(known, said, sent, came) {
  const seen = { least: said - came, most: said + SECOND - sent };
  const least = Math.max(seen.least, known?.least ?? -Infinity);
  const most = Math.min(seen.most, known?.most ?? Infinity);
  // A clock was set meanwhile, or drifted: only what was seen last holds.
  return least <= most ? { least, most } : seen;
}

export function middle({ least, most }) {
  return (least + most) / 2;
}

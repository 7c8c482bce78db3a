/** A question's timeline: what was said about it and when, then what is awaited. Pure. */

const AWAITED = { pending: "story.searching", matched: "story.waiting" };

/** Steps `{id, key, values, at, live}`, oldest first; a `live` step is under way. */
export function story(question) {
  const steps = [step("asked", "story.asked", question.createdAt)];
  let matched = 0;
  for (const [i, moment] of (question.log ?? []).entries()) {
    if (moment.type === "expert_matched") {
      matched += 1;
      steps.push(step(`matched-${matched}`, "story.matched", moment.at, { count: moment.experts.length }));
    } else if (moment.status !== "matched") {
      steps.push(step(`${moment.status}-${i}`, `story.${moment.status}`, moment.at));
    }
  }
  for (const offer of question.offers ?? []) {
    if (offer.state === "accepted") {
      const at = offer.closedAt ?? null;
      steps.push(step(`accepted-${offer.expertId}`, "story.accepted", at, { name: offer.displayName }));
    }
  }
  steps.sort((a, b) => Date.parse(a.at ?? 0) - Date.parse(b.at ?? 0) || 0);
  const awaited = AWAITED[question.status];
  if (awaited) steps.push({ ...step("awaited", awaited, null), live: true });
  return steps;
}

function step(id, key, at, values = {}) {
  return { id, key, at, values, live: false };
}

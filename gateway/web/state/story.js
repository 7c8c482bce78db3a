/** A question's timeline: what was said about it and when, then what is awaited. Pure. */

const AWAITED = { pending: "story.searching", matched: "story.waiting" };

/** Steps `{id, key, values, at, live}`, oldest first; a `live` step is under way. */
export function story(question) {
  const moments = question.log ?? [];
  const matched = moments.filter((moment) => moment.type === "expert_matched");
  const moved = moments.filter((moment) => moment.type === "question_status" && moment.status !== "matched");
  const accepted = (question.offers ?? []).filter((offer) => offer.state === "accepted");
  const first = accepted.map((offer) => offer.closedAt).sort()[0];
  // What happens at the same moment stands in this order. The room opens with the first acceptance, whatever this
  // machine's clock made of the moment at which it heard of it.
  const steps = [
    step("asked", "story.asked", question.createdAt),
    ...matched.map(({ at, experts }, i) => step(`matched-${i}`, "story.matched", at, { count: experts.length })),
    ...accepted.map((offer) => step(offer.expertId, "story.accepted", offer.closedAt, { name: offer.displayName })),
    ...moved.map(({ at, status }, i) => {
      return step(`${status}-${i}`, `story.${status}`, status === "in_progress" && at < first ? first : at);
    }),
  ].sort((a, b) => Number(b.id === "asked") - Number(a.id === "asked") || Date.parse(a.at) - Date.parse(b.at));
  const awaited = AWAITED[question.status];
  if (awaited) steps.push({ ...step("awaited", awaited, null), live: true });
  return steps;
}

function step(id, key, at, values = {}) {
  return { id, key, at, values, live: false };
}

/** A question's timeline: what really happened to it and when, then what is awaited. Pure. */

const AWAITED = { pending: "story.searching", matched: "story.waiting" };
/** What happens at the same moment stands in this order: who declines is followed by the next in the same moment. */
const ORDER = ["asked", "found", "declined", "expired", "offered", "accepted", "taken", "status"];
/** Frames carry no time: when one was heard may be so much before what it tells of, whose time the server gave. */
const UNSURE_MS = 1_000;
const TOLD_SINGLY = new Set(["accepted", "declined", "expired"]);

/** Steps `{id, kind, key, values, at, live}`, oldest first; a `live` step is under way. */
export function story(question) {
  const steps = [step("asked", "asked", "story.asked", question.createdAt), ...asked(question), ...answered(question), ...moved(question)];
  steps.sort((a, b) => first(b) - first(a) || Date.parse(a.at) - Date.parse(b.at) || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const awaited = AWAITED[question.status];
  if (awaited) steps.push({ ...step("awaited", "awaited", awaited, null), live: true });
  return steps;
}

const first = ({ kind }) => Number(kind === "asked");

/** Who was found, and who was asked together. Until the offers are read, the frames say how many. */
function asked(question) {
  const offers = question.offers ?? [];
  if (offers.length === 0) {
    const told = (question.log ?? []).filter((moment) => moment.type === "expert_matched");
    return told.map(({ at, experts }, i) => step(`matched-${i}`, "offered", "story.matched", at, { count: experts.length }));
  }
  const together = Map.groupBy ? Map.groupBy(offers, (offer) => offer.offeredAt) : grouped(offers);
  const steps = [...together].map(([at, those]) =>
    step(`offered-${at}`, "offered", "story.offered", at, { count: those.length, names: those.map((offer) => offer.displayName).join(", ") }),
  );
  const found = question.candidates?.length ?? 0;
  const at = [...together.keys()].sort()[0];
  return found > 0 ? [step("found", "found", "story.found", at, { count: found }), ...steps] : steps;
}

function grouped(offers) {
  const together = new Map();
  for (const offer of offers) together.set(offer.offeredAt, [...(together.get(offer.offeredAt) ?? []), offer]);
  return together;
}

/** How each was answered; those whose place was taken are told together. */
function answered(question) {
  const over = (question.offers ?? []).filter((offer) => offer.closedAt);
  const taken = over.filter((offer) => offer.state === "taken");
  return [
    ...over
      .filter((offer) => TOLD_SINGLY.has(offer.state))
      .map((offer) => step(`${offer.state}-${offer.expertId}`, offer.state, `story.${offer.state}`, offer.closedAt, { name: offer.displayName })),
    ...(taken.length > 0 ? [step("taken", "taken", "story.taken", taken[0].closedAt, { count: taken.length })] : []),
  ];
}

/**
 * The room opens with the first acceptance, and what an answer brought about comes after it, whatever this machine's clock
 * made of the moment it heard of it.
 */
function moved(question) {
  const over = (question.offers ?? []).filter((offer) => offer.closedAt);
  const opened = over.filter((offer) => offer.state === "accepted").map((offer) => offer.closedAt).sort()[0];
  const answers = over.map((offer) => offer.closedAt).sort();
  const soonAfter = (at) => (closed) => Date.parse(closed) > Date.parse(at) && Date.parse(closed) < Date.parse(at) + UNSURE_MS;
  const after = (at) => answers.find(soonAfter(at)) ?? at;
  return (question.log ?? [])
    .filter((moment) => moment.type === "question_status" && moment.status !== "matched")
    .map(({ at, status }, i) =>
      step(`${status}-${i}`, "status", `story.${status}`, status === "in_progress" && at < opened ? opened : after(at)),
    );
}

function step(id, kind, key, at, values = {}) {
  return { id, kind, key, at, values, live: false };
}

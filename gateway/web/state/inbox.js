/**
 * What the frames of a person's inbox do. Pure: `(state, type, data) → state`. They come in the order of `inboxSeq`,
 * and one that was seen changes nothing.
 */

import { EMPTY } from "./empty.js";
import { filled, put } from "./filling.js";
import { roomOpened } from "./rooms.js";

const BEING_ANSWERED = new Set(["accepting", "declining"]);

export function inboxFrame(state, type, data, at = null) {
  if (data.inboxSeq !== undefined && data.inboxSeq <= state.inboxSeq) return state;
  const next = data.inboxSeq === undefined ? state : { ...state, inboxSeq: data.inboxSeq };
  switch (type) {
    case "question_assigned":
      return offered(next, data, at);
    case "offer_closed":
      return offerSet(next, data.questionId, { state: data.reason });
    case "expert_matched":
      return logged(matched(next, data), data.questionId, { type, at, experts: data.experts });
    case "question_status":
      return logged(questionSet(next, data.questionId, { status: data.status }), data.questionId, {
        type,
        at,
        status: data.status,
      });
    case "room_opened":
      return opened(next, data);
    default:
      return next;
  }
}

/** Items of the inbox as REST gives them, ascending, all at once. */
export function inboxRead(state, items) {
  const told = (now, { type, data, inboxSeq, createdAt }) => inboxFrame(now, type, { ...data, inboxSeq }, createdAt);
  const after = filled(state, ["offers", "questions", "rooms"], (now) => items.reduce(told, now));
  return { ...after, inboxFrom: state.inboxFrom ?? items[0] ?? null };
}

/** A page of what was told before that: of each question, what happened to it stands before what is known to have. */
export function inboxBefore(state, items) {
  const earlier = items.filter((item) => item.inboxSeq < state.inboxFrom.inboxSeq);
  const past = inboxRead({ ...EMPTY, me: state.me }, earlier);
  const questions = { ...state.questions };
  for (const [id, { log = [] }] of Object.entries(past.questions)) {
    const known = questions[id] ?? { id };
    questions[id] = { ...known, log: [...log, ...(known.log ?? [])] };
  }
  return { ...state, questions, inboxFrom: earlier[0] ?? state.inboxFrom };
}

/** Whether what happened from `at` on may be told of before what was read. */
export function toldEarlier({ inboxFrom }, at) {
  return inboxFrom !== null && inboxFrom.inboxSeq > 1 && Date.parse(inboxFrom.createdAt) >= Date.parse(at);
}

function offered(state, { question, offer }, at) {
  // An offer comes again when its question was put in other words, perhaps while it is being answered.
  const known = state.offers[question.id];
  const entry = { question, offer, at: known?.at ?? at, state: BEING_ANSWERED.has(known?.state) ? known.state : "open" };
  return { ...state, offers: put(state.offers, question.id, entry) };
}

/** Change an offer that is there; others are no business of ours. */
export function offerSet(state, questionId, change) {
  const entry = state.offers[questionId];
  if (!entry) return state;
  return { ...state, offers: put(state.offers, questionId, { ...entry, ...change }) };
}

export function questionSet(state, questionId, change) {
  const question = state.questions[questionId] ?? { id: questionId };
  return { ...state, questions: put(state.questions, questionId, { ...question, ...change }) };
}

/** Remember when it was said: the question's timeline. */
function logged(state, questionId, moment) {
  return questionSet(state, questionId, { log: [...(state.questions[questionId]?.log ?? []), moment] });
}

function matched(state, { questionId, experts }) {
  const known = state.questions[questionId]?.candidates ?? [];
  const told = new Set(experts.map((expert) => expert.expertId));
  const candidates = [...experts, ...known.filter((expert) => !told.has(expert.expertId))];
  return questionSet(state, questionId, { candidates });
}

/** The person is in a room now; if they had an offer for its question, it is accepted. */
function opened(state, data) {
  const inRoom = roomOpened(state, data);
  const answered = offerSet(inRoom, data.questionId, { state: "accepted", roomId: data.roomId });
  return questionSet(answered, data.questionId, { roomId: data.roomId });
}

/**
 * A question as REST gives it, unless what is there is of a later `version`. It also says how an offer to me went.
 */
export function questionRead(state, row) {
  const known = state.questions[row.id];
  const stale = known?.version !== undefined && row.version !== undefined && row.version < known.version;
  if (stale) return state;
  const me = state.me?.id;
  const mine = (row.offers ?? []).find((offer) => offer.expertId === me);
  const next = questionSet(state, row.id, row);
  return mine && mine.state !== "open" ? offerSet(next, row.id, { state: mine.state, roomId: row.roomId }) : next;
}

/** The whole state at the beginning, and of one room when it is first heard of. */

export const EMPTY = {
  me: null,
  connection: "connecting",
  loaded: false,
  inboxSeq: 0,
  /** The first item of the inbox that was read, `{inboxSeq, createdAt}`: it is read from its end. */
  inboxFrom: null,
  /** Questions of mine and those I was offered, by id, as REST gives them. */
  questions: {},
  /** Offers to me, by question id: `{question, offer, state, at}`. */
  offers: {},
  rooms: {},
  /** Who is online, as far as it was said. */
  presence: {},
  notice: null,
};

export const EMPTY_ROOM = {
  id: "",
  questionId: null,
  /** What was asked. */
  question: "",
  status: "active",
  participants: [],
  /** The last number that was seen; `items` end there and have no holes. */
  lastSeq: 0,
  /** Up to where `participants`, `status` and `unread` are as a row of REST said. */
  listedSeq: 0,
  items: [],
  /** Whether there may be something before the first item. */
  hasMore: true,
  pending: [],
  unread: 0,
  /** Who is writing, with the local time at which that ends by itself. */
  typing: {},
  /** How far each person has read. */
  reads: {},
  lastAt: null,
};

/** What is known before the first frame, by REST: my questions, my rooms, and the end of my inbox. */

import { serverNow } from "./state/clock.js";
import { inboxBefore, inboxRead, questionRead, toldEarlier } from "./state/inbox.js";
import { onlyThose, roomListed } from "./state/rooms.js";
import { state, update } from "./state/store.js";

const INBOX_PAGE = 200;
const QUESTIONS_PAGE = 100;

/** Read it all; of the inbox as far back as an offer can still be open, which is for `longest` ms. */
export async function readSnapshot(rest, longest) {
  const questions = pages(rest, "/questions", { mine: true, limit: QUESTIONS_PAGE }, questionRead);
  const [listed] = await Promise.all([readRooms(rest), questions]);
  const told = await readInbox(rest, longest);
  // A room that the inbox tells of and the list does not hold was opened meanwhile, or left: a newer list says which.
  const unlisted = told.some(({ type, data }) => type === "room_opened" && !listed.has(data.roomId));
  const mine = unlisted ? await readRooms(rest) : listed;
  update((before) => onlyThose(inboxRead(before, told), mine));
}

/** What the inbox tells of the time from `at` on, as far as it was not read. */
export async function readEarlier(rest, at) {
  while (toldEarlier(state.value, at)) {
    const page = await rest.get("/inbox", { beforeSeq: state.value.inboxFrom.inboxSeq, limit: INBOX_PAGE });
    update(inboxBefore, page.items);
  }
}

async function readInbox(rest, longest) {
  const since = serverNow() - longest;
  let items = [];
  for (let more = true; more; more = more && Date.parse(items[0].createdAt) >= since) {
    const page = await rest.get("/inbox", { beforeSeq: items[0]?.inboxSeq ?? Number.MAX_SAFE_INTEGER, limit: INBOX_PAGE });
    items = [...page.items, ...items];
    more = page.hasMore;
  }
  return items;
}

/** The rooms one is in; their ids. */
async function readRooms(rest) {
  const listed = new Set();
  await pages(rest, "/chat-rooms", {}, (before, row) => {
    listed.add(row.id);
    return roomListed(before, row);
  });
  return listed;
}

async function pages(rest, path, query, take) {
  let next;
  do {
    const page = await rest.get(path, { ...query, cursor: next });
    for (const row of page.items) update(take, row);
    next = page.next;
  } while (next);
}

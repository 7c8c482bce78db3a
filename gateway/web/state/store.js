/** The one store. Everything the views show is in `state`, and `update` with a pure function is the only way in. */

import { computed, signal } from "@preact/signals";

import { EMPTY } from "./empty.js";
import { isIn } from "./rooms.js";

export const state = signal(EMPTY);
/** Where one is: `#/rooms/…` and so on, as a list of steps. */
export const route = signal(steps());

export function update(change, ...given) {
  state.value = change(state.value, ...given);
}

function steps() {
  return location.hash.replace(/^#\/?/, "").split("/").filter(Boolean);
}

addEventListener("hashchange", () => {
  route.value = steps();
});

export function go(...to) {
  location.hash = `/${to.join("/")}`;
  route.value = steps();
}

const newest = (a, b) => (b ?? "").localeCompare(a ?? "");

export const myQuestions = computed(() =>
  Object.values(state.value.questions)
    .filter((question) => question.userId === state.value.me?.id)
    .sort((a, b) => newest(a.createdAt, b.createdAt)),
);

export const myRooms = computed(() =>
  Object.values(state.value.rooms)
    .filter((room) => isIn(room, state.value.me?.id))
    .sort((a, b) => Number(a.status === "closed") - Number(b.status === "closed") || newest(a.lastAt, b.lastAt)),
);

function askedByMe(room) {
  return room.participants.some((person) => person.userId === state.value.me?.id && person.role === "asker");
}

/** Offers that can still be answered come first, the most urgent at the top. */
export const myOffers = computed(() =>
  Object.values(state.value.offers).sort((a, b) => {
    const open = Number(b.state === "open") - Number(a.state === "open");
    const due = a.offer.expiresAt.localeCompare(b.offer.expiresAt);
    return open || (a.state === "open" ? due : -due);
  }),
);

export const openOffers = computed(() => myOffers.value.filter((entry) => entry.state === "open"));
export const openRooms = computed(() => myRooms.value.filter((room) => room.status === "active" && !askedByMe(room)));
export const unreadTotal = computed(() => myRooms.value.reduce((sum, room) => sum + room.unread, 0));

export const isExpert = computed(() => ["expert", "both"].includes(state.value.me?.role));
export const isOperator = computed(() => state.value.me?.role === "operator");
export const isAsker = computed(() => state.value.me?.role !== "expert");

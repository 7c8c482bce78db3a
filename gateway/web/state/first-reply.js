/** Whether the first word of an expert who accepted is awaited, and whether others were asked meanwhile. Pure. */

/** Until when the first word of `me` is awaited in this room (ms), or null. Only a whole history can say that there is none. */
export function awaited(room, question, me, seconds) {
  const accepted = (question?.offers ?? []).find((offer) => offer.expertId === me && offer.state === "accepted");
  if (!accepted?.closedAt || !seconds || room.status !== "active" || room.hasMore) return null;
  if (room.pending.length > 0 || room.items.some((item) => item.kind === "message" && item.senderId === me)) return null;
  return Date.parse(accepted.closedAt) + seconds[question.urgency] * 1_000;
}

/** Whether somebody else was asked since; there may be nobody left to ask. */
export function passedOn(question, until) {
  return (question?.offers ?? []).some((offer) => Date.parse(offer.offeredAt) >= until);
}

/** One item of a room's history, the same whether it came as a live frame or as a row of the history. Pure. */

const KINDS = {
  user_joined: "joined",
  user_left: "left",
  room_closed: "closed",
  room_reopened: "reopened",
  message_redacted: "redaction",
};

export function fromFrame(type, data) {
  if (type === "new_message") {
    const { message, sender, seq } = data;
    return { ...message, seq, kind: "message", senderId: sender.userId, senderName: sender.userName };
  }
  return KINDS[type] ? { createdAt: null, ...data, kind: KINDS[type] } : null;
}

export function fromHistory(row) {
  if (KINDS[row.type]) return { ...row, kind: KINDS[row.type] };
  return { ...row, kind: "message" };
}

/** `items` with every redaction among `news` carried out on the message it names. */
export function redacted(items, news) {
  const gone = new Set(news.filter((item) => item.kind === "redaction").map((item) => item.redactedSeq));
  if (gone.size === 0) return items;
  return items.map((item) => (gone.has(item.seq) ? { ...item, content: "", redacted: true } : item));
}

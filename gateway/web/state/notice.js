/** What of the frames is worth telling a person who is looking elsewhere. Pure: no texts, only their keys. */

const LONGEST = 140;
const TOLD_STATUS = new Set(["in_progress", "unmatched"]);

/**
 * `{title, values, body, to, tag}` or null. A later notice with the same `tag` takes the place of an earlier one. What
 * one did oneself is not worth telling.
 */
export function noticeOf({ type, data }, me) {
  switch (type) {
    case "question_assigned":
      return { title: "notify.offer", values: {}, body: short(data.question.content), to: "offers", tag: data.question.id };
    case "question_status":
      if (!TOLD_STATUS.has(data.status)) return null;
      return { title: `story.${data.status}`, values: {}, body: "", to: `questions/${data.questionId}`, tag: data.questionId };
    case "new_message":
      if (data.sender.userId === me) return null;
      return {
        title: "notify.message",
        values: { name: data.sender.userName },
        body: short(data.message.content),
        to: `rooms/${data.roomId}`,
        tag: data.roomId,
      };
    default:
      return null;
  }
}

const short = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST).trimEnd()}…` : text);

/**
 * Messages on their way. Each room sends one at a time, so their order holds; a message that got no answer is sent
 * again with the same `clientMsgId`, so it is posted once. What is not settled is there again after a reload.
 */

export class Outbox {
  /**
   * `deliver(roomId, message)` sends and gives the answer, or throws with `code` and `retryable`; `onSent(roomId, clientMsgId, ack)` and `onFailed(roomId, clientMsgId, code)` hear; `kept`
   * (see `kept.js`) remembers for `userId`.
   */
  constructor({ deliver, onSent, onFailed, kept, userId }) {
    Object.assign(this, { deliver, onSent, onFailed, kept, userId });
    this.queues = new Map();
    this.busy = new Set();
  }

  /** `file`, if any, is what is sent, and `content` its name. */
  add(roomId, clientMsgId, content, createdAt = new Date().toISOString(), file = undefined) {
    this.remember({ userId: this.userId, roomId, clientMsgId, content, createdAt, file });
    this.queue(roomId, { clientMsgId, content, file });
    this.send(roomId);
  }

  /** What was on its way when the page was closed; the caller shows it. Failed ones wait for the person. */
  async restore() {
    const messages = (await this.kept?.of(this.userId).catch(() => [])) ?? [];
    for (const { roomId, clientMsgId, content, file, failed } of messages) {
      if (!failed) this.queue(roomId, { clientMsgId, content, file });
    }
    return messages;
  }

  /** The person does not want it sent any more, or it is settled. */
  forget(clientMsgId) {
    this.kept?.drop(clientMsgId).catch(() => {});
  }

  remember(message) {
    this.kept?.put(message).catch(() => {});
  }

  queue(roomId, message) {
    const queue = this.queues.get(roomId) ?? [];
    queue.push(message);
    this.queues.set(roomId, queue);
  }

  /** The connection is back. */
  flush() {
    for (const roomId of this.queues.keys()) this.send(roomId);
  }

  clear() {
    this.queues.clear();
  }

  async send(roomId) {
    if (this.busy.has(roomId)) return;
    this.busy.add(roomId);
    try {
      let next;
      while ((next = this.queues.get(roomId)?.[0])) {
        if (!(await this.one(roomId, next))) return;
        this.queues.get(roomId)?.shift();
      }
    } finally {
      this.busy.delete(roomId);
    }
  }

  /** Whether `message` is settled; if not, it waits for the connection. */
  async one(roomId, message) {
    for (;;) {
      try {
        const ack = await this.deliver(roomId, message);
        this.forget(message.clientMsgId);
        this.onSent(roomId, message.clientMsgId, ack);
        return true;
      } catch (error) {
        if (error.code === "disconnected") return false;
        if (!error.retryable) {
          const createdAt = new Date().toISOString();
          this.remember({ userId: this.userId, roomId, ...message, createdAt, failed: error.code });
          this.onFailed(roomId, message.clientMsgId, error.code);
          return true;
        }
        await new Promise((done) => setTimeout(done, error.retryAfterMs || 1000));
      }
    }
  }
}

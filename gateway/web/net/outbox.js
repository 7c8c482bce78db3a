/**
 * Messages on their way. Each room sends one at a time, so their order holds; a message that got no answer is sent
 * again with the same `clientMsgId`, so it is posted once. In memory only.
 */

export class Outbox {
  /** `request` is the socket's; `onSent(roomId, clientMsgId, ack)` and `onFailed(roomId, clientMsgId, code)` hear. */
  constructor({ request, onSent, onFailed }) {
    Object.assign(this, { request, onSent, onFailed });
    this.queues = new Map();
    this.busy = new Set();
  }

  add(roomId, clientMsgId, content) {
    const queue = this.queues.get(roomId) ?? [];
    queue.push({ clientMsgId, content });
    this.queues.set(roomId, queue);
    this.send(roomId);
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
        const ack = await this.request("send_message", { roomId, message });
        this.onSent(roomId, message.clientMsgId, ack);
        return true;
      } catch (error) {
        if (error.code === "disconnected") return false;
        if (!error.retryable) {
          this.onFailed(roomId, message.clientMsgId, error.code);
          return true;
        }
        await new Promise((done) => setTimeout(done, error.retryAfterMs || 1000));
      }
    }
  }
}

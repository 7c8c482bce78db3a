/**
 * The WebSocket: authenticates, numbers its frames and waits for their answers, comes back by itself with growing,
 * jittered pauses, and resumes from the last numbers the state holds.
 */

const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 15_000;
const ANSWER_WITHIN = 15_000;
const SIGN_IN_AGAIN = new Set([4401, 4403]);

const seen = () => document.visibilityState === "visible";

/** The answer to a frame was `error`, or the connection was lost before it came. */
export class FrameError extends Error {
  constructor({ code, message, retryable = false, retryAfterMs = 0 }) {
    super(message || code);
    this.code = code;
    this.retryable = retryable;
    this.retryAfterMs = retryAfterMs;
  }
}

export class Socket {
  /**
   * `position()` gives `{inboxSeq, rooms}` for `resume`; `token()` a promise of a good access token; `onFrame`
   * gets every frame that answers nothing; `onState` one of `connecting`, `online`, `waiting`.
   */
  constructor({ url, token, position, onFrame, onState, onResumed }) {
    Object.assign(this, { url, token, position, onFrame, onState, onResumed });
    this.socket = null;
    this.waiting = new Map();
    this.number = 0;
    this.failures = 0;
    this.wanted = false;
    this.ready = false;
    this.timer = 0;
    this.beat = 0;
    this.heardAt = 0;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => {
      this.tell("visibility", { visible: seen() });
      if (seen()) this.hurry();
    });
  }

  start() {
    this.wanted = true;
    this.open();
  }

  stop() {
    this.wanted = false;
    clearTimeout(this.timer);
    clearInterval(this.beat);
    this.socket?.close(1000);
  }

  /** Do not wait out a pause when there is reason to think the network is back. */
  hurry() {
    if (!this.wanted || this.socket) return;
    clearTimeout(this.timer);
    this.open();
  }

  async open() {
    this.onState("connecting");
    let token;
    try {
      token = await this.token();
    } catch {
      this.later();
      return;
    }
    if (!this.wanted || this.socket || !token) return;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => this.raw({ type: "authenticate", data: { token } });
    socket.onmessage = (event) => this.received(JSON.parse(event.data));
    socket.onclose = (event) => this.closed(socket, event.code);
  }

  received(frame) {
    this.heardAt = Date.now();
    if (frame.type === "ack" || frame.type === "error") {
      this.answered(frame);
    } else if (frame.type === "authenticated") {
      if (!this.ready) this.resume(frame.data.heartbeatS);
    } else if (frame.type === "draining") {
      this.drainMs = frame.data.reconnectAfterMs;
    } else if (frame.type !== "pong") {
      this.onFrame(frame);
    }
  }

  async resume(heartbeatS) {
    try {
      const stand = await this.request("resume", this.position());
      this.ready = true;
      this.failures = 0;
      this.onState("online");
      if (!seen()) this.tell("visibility", { visible: false });
      this.startBeat(heartbeatS * 1000);
      this.onResumed(stand);
    } catch {
      this.socket?.close(1000);
    }
  }

  /** A socket that has gone quiet without closing is closed here. */
  startBeat(every) {
    clearInterval(this.beat);
    this.beat = setInterval(() => {
      if (Date.now() - this.heardAt > 2.5 * every) this.drop();
      else this.raw({ type: "ping" });
    }, every);
  }

  drop() {
    const socket = this.socket;
    if (!socket) return;
    socket.onclose = null;
    socket.close();
    this.closed(socket, 1006);
  }

  answered(frame) {
    const asked = this.waiting.get(frame.id);
    if (!asked) return;
    this.waiting.delete(frame.id);
    clearTimeout(asked.timer);
    if (frame.type === "ack") asked.done(frame.data);
    else asked.failed(new FrameError(frame.data));
  }

  closed(socket, code) {
    if (this.socket !== socket) return;
    this.socket = null;
    this.ready = false;
    clearInterval(this.beat);
    for (const asked of this.waiting.values()) {
      clearTimeout(asked.timer);
      asked.failed(new FrameError({ code: "disconnected", retryable: true }));
    }
    this.waiting.clear();
    if (!this.wanted) return;
    if (SIGN_IN_AGAIN.has(code)) this.failures = Math.max(this.failures, 2);
    this.later();
  }

  later() {
    this.failures += 1;
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.failures - 1));
    const pause = this.drainMs ?? longest * (0.5 + Math.random() / 2);
    this.drainMs = undefined;
    this.onState("waiting");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), pause);
  }

  raw(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  /** Send a frame that nobody answers, if there is a connection. */
  tell(type, data) {
    if (this.ready) this.raw({ type, data });
  }

  /** Send a frame; a promise of the data of its `ack`. */
  request(type, data) {
    if (this.socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new FrameError({ code: "disconnected", retryable: true }));
    }
    this.number += 1;
    const id = `f${this.number}`;
    return new Promise((done, failed) => {
      const timer = setTimeout(() => this.drop(), ANSWER_WITHIN);
      this.waiting.set(id, { done, failed, timer });
      this.raw({ type, id, data });
    });
  }

  /** A fresh access token, before the one this socket knows runs out. */
  renew(token) {
    if (this.ready) this.request("authenticate", { token }).catch(() => {});
  }
}

/**
 * The two tokens of this window. They live in the window's own session storage, so that two windows can be two
 * people. A refresh token works once, so only one refresh is ever under way.
 */

const KEY = "yeon.tokens";
const EARLY = 0.75;

export class Tokens {
  constructor(send, storage = sessionStorage) {
    /** `send(path, body)` posts JSON to an open call and gives the answer. */
    this.send = send;
    this.storage = storage;
    this.pair = JSON.parse(storage.getItem(KEY) ?? "null");
    this.refreshing = null;
    this.timer = 0;
    /** Called with each fresh access token. */
    this.onFresh = () => {};
    /** Called when the person has to sign in again. */
    this.onEnded = () => {};
    if (this.pair) this.plan();
  }

  get access() {
    return this.pair?.access ?? null;
  }

  take({ accessToken, refreshToken, expiresIn }) {
    this.pair = { access: accessToken, refresh: refreshToken, expiresAt: Date.now() + expiresIn * 1000 };
    this.storage.setItem(KEY, JSON.stringify(this.pair));
    this.plan();
  }

  forget() {
    clearTimeout(this.timer);
    this.pair = null;
    this.storage.removeItem(KEY);
  }

  /** Renew well before the access token runs out. */
  plan() {
    clearTimeout(this.timer);
    const left = this.pair.expiresAt - Date.now();
    this.timer = setTimeout(() => this.refresh().catch(() => {}), Math.max(0, left * EARLY));
  }

  /** A token that is good for a while yet. */
  async fresh() {
    if (this.pair && this.pair.expiresAt - Date.now() < 10_000) await this.refresh();
    return this.access;
  }

  refresh() {
    this.refreshing ??= this.renew().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  async renew() {
    if (!this.pair) throw new Error("nobody is signed in");
    try {
      this.take(await this.send("/auth/refresh", { refreshToken: this.pair.refresh }));
    } catch (error) {
      if (error.status === 401 || error.status === 403) {
        this.forget();
        this.onEnded();
      } else {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.refresh().catch(() => {}), 5_000);
      }
      throw error;
    }
    this.onFresh(this.access);
  }
}

/**
 * The REST calls. A write carries an idempotency key, so it is sent again after a lost connection or a 503 without
 * doing anything twice. Every answer also tells the server's time.
 */

import { Tokens } from "./tokens.js";

const ATTEMPTS = 4;

/** An answer that was not a success: `code` is the server's stable word for it. */
export class Problem extends Error {
  constructor(status, code, detail, errors = []) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Rest {
  constructor() {
    this.tokens = new Tokens((path, body) => this.call("POST", path, body, { open: true }));
    /** Called with the second that the server named, in ms, and the local time at which it was asked. */
    this.onTime = () => {};
  }

  get(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const text = new URLSearchParams(given).toString();
    return this.call("GET", text ? `${path}?${text}` : path);
  }

  post(path, body, options) {
    return this.call("POST", path, body, options);
  }

  /** A file of a room, as its bytes. */
  async blob(path) {
    const token = await this.tokens.fresh();
    const answer = await fetch(`./api${path}`, { headers: token ? { Authorization: `Bearer ${token}` } : {} });
    if (!answer.ok) throw new Problem(answer.status, parse(await answer.text())?.code ?? `http_${answer.status}`);
    return answer.blob();
  }

  put(path, body) {
    return this.call("PUT", path, body);
  }

  async call(method, path, body, { open = false } = {}) {
    const key = method === "GET" || open ? null : crypto.randomUUID();
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(method, path, body, open, key);
      } catch (error) {
        if (error.status === 401 && !open && !renewed) {
          renewed = true;
          await this.tokens.refresh();
          continue;
        }
        const lost = !(error instanceof Problem) || error.status === 503;
        if (!lost || (open && !(error instanceof Problem)) || attempt === ATTEMPTS) throw error;
        await pause((error.retryAfter ?? 0.3 * 2 ** attempt) * 1000);
      }
    }
  }

  async once(method, path, body, open, key) {
    const headers = {};
    const form = body instanceof FormData;
    if (body !== undefined && !form) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    if (!open) {
      const token = await this.tokens.fresh();
      if (token) headers.Authorization = `Bearer ${token}`;
    }
    const sentAt = Date.now();
    const answer = await fetch(`./api${path}`, {
      method,
      headers,
      body: body === undefined || form ? body : JSON.stringify(body),
    });
    this.noteTime(answer, sentAt);
    const text = await answer.text();
    const data = text ? parse(text) : null;
    if (answer.ok) return data;
    const problem = new Problem(answer.status, data?.code ?? `http_${answer.status}`, data?.detail, data?.errors);
    problem.retryAfter = Number(answer.headers.get("Retry-After")) || undefined;
    throw problem;
  }

  noteTime(answer, sentAt) {
    const said = Date.parse(answer.headers.get("Date") ?? "");
    if (!Number.isNaN(said)) this.onTime(said, sentAt);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

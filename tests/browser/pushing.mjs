/**
 * A push service of this machine for one browser. What Chromium has no network for here is left to it: where the browser is
 * pushed to, and its keys. What comes is read as RFC 8291 has it.
 */

import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

export class PushService {
  constructor(origin) {
    this.origin = origin;
    this.keys = createECDH("prime256v1");
    this.keys.generateKeys();
    this.secret = randomBytes(16);
    this.got = [];
    this.server = createServer((request, answer) => this.take(request, answer));
  }

  async start() {
    const { hostname, port } = new URL(this.origin);
    await new Promise((done) => this.server.listen(Number(port), hostname, done));
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** What `PushSubscription.toJSON()` says. */
  get subscription() {
    return {
      endpoint: `${this.origin}/browser`,
      expirationTime: null,
      keys: { p256dh: this.keys.getPublicKey("base64url"), auth: this.secret.toString("base64url") },
    };
  }

  async take(request, answer) {
    const parts = [];
    for await (const part of request) parts.push(part);
    this.got.push(JSON.parse(this.read(Buffer.concat(parts))));
    answer.writeHead(201).end();
  }

  read(body) {
    const salt = body.subarray(0, 16);
    const theirs = body.subarray(21, 21 + body[20]);
    const sealed = body.subarray(21 + body[20]);
    const info = Buffer.concat([Buffer.from("WebPush: info\0"), this.keys.getPublicKey(), theirs]);
    const shared = hkdfSync("sha256", this.keys.computeSecret(theirs), this.secret, info, 32);
    const derived = (what, length) => Buffer.from(hkdfSync("sha256", shared, salt, `Content-Encoding: ${what}\0`, length));
    const opening = createDecipheriv("aes-128-gcm", derived("aes128gcm", 16), derived("nonce", 12));
    opening.setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([opening.update(sealed.subarray(0, -16)), opening.final()]);
    return plain.subarray(0, plain.lastIndexOf(2)).toString();
  }
}

/**
 * In the page, before all else: `PushManager` as it is in a browser with a push service, which headless Chromium has not.
 * The service worker, its permission, and what it does with a push are the browser's own.
 */
export function subscribesTo(said) {
  const KEY = "test.subscribed";
  const made = (applicationServerKey) => ({
    endpoint: said.endpoint,
    options: { applicationServerKey },
    toJSON: () => said,
    unsubscribe: async () => localStorage.removeItem(KEY) ?? true,
  });
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    localStorage.setItem(KEY, String(applicationServerKey));
    return made(applicationServerKey.buffer);
  };
  PushManager.prototype.getSubscription = async () => {
    const key = localStorage.getItem(KEY);
    return key && made(Uint8Array.from(key.split(","), Number).buffer);
  };
}

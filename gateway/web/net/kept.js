/**
 * Messages on their way, kept in IndexedDB until they are acknowledged, so that closing the page loses none. Where the
 * browser has no IndexedDB (or refuses it), they live as long as the page.
 */

const NAME = "yeon";
const STORE = "outbox";

export class Kept {
  constructor(factory = globalThis.indexedDB) {
    this.opening = factory ? open(factory).catch(() => null) : Promise.resolve(null);
  }

  /** Keep `{userId, roomId, clientMsgId, content, createdAt}`, or what changed in it. */
  put(message) {
    return this.run("readwrite", (store) => store.put(message));
  }

  drop(clientMsgId) {
    return this.run("readwrite", (store) => store.delete(clientMsgId));
  }

  /** What this person has on the way, in the order in which it was said. */
  async of(userId) {
    const all = (await this.run("readonly", (store) => store.getAll())) ?? [];
    return all.filter((one) => one.userId === userId).sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  }

  async run(mode, work) {
    const database = await this.opening;
    if (!database) return undefined;
    return new Promise((done, failed) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => failed(transaction.error);
    });
  }
}

function open(factory) {
  return new Promise((done, failed) => {
    const request = factory.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "clientMsgId" });
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

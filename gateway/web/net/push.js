/** Web Push to this browser: the service worker that shows what is pushed, and where the server pushes to. */

const WORKER = "./sw.js";

/** Whether this browser can show notices at all. */
export const able = "Notification" in globalThis && "serviceWorker" in navigator;
const pushable = able && "PushManager" in globalThis;

/** The service worker of this browser, which shows notices. */
export async function worker() {
  await navigator.serviceWorker.register(WORKER);
  return navigator.serviceWorker.ready;
}

/**
 * Have this browser pushed to; its endpoint is this person's from now on. `key` is the server's. A subscription to another
 * key is given up. False where the browser has no push service.
 */
export async function subscribe(rest, key) {
  if (!pushable || !key) return false;
  const { pushManager } = await worker();
  const ours = bytes(key);
  let found = await pushManager.getSubscription();
  if (found && String(new Uint8Array(found.options.applicationServerKey)) !== String(ours)) {
    await found.unsubscribe();
    found = null;
  }
  try {
    found ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: ours });
  } catch {
    return false;
  }
  const { endpoint, keys } = found.toJSON();
  await rest.post("/users/push-subscriptions", { endpoint, keys });
  return true;
}

/** No pushes to this browser any more. The browser forgets first, so that it holds though the server is away. */
export async function unsubscribe(rest) {
  const registration = await navigator.serviceWorker.getRegistration();
  const found = await registration?.pushManager?.getSubscription();
  if (!found) return;
  await found.unsubscribe();
  await rest?.call("DELETE", "/users/push-subscriptions", { endpoint: found.endpoint });
}

/** What base64url says. */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

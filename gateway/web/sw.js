/**
 * The service worker: shows what is pushed while nobody looks, and leads there on a press. It keeps no files and answers
 * no requests. Words come from the server in the person's language, so there are none here.
 */

const ICON = "./icon.png";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("push", (event) => event.waitUntil(pushed(event.data?.json())));
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(opened(event.notification.data.path));
});

/** The windows of ours in this browser, the latest used first. */
const windows = () => clients.matchAll({ type: "window", includeUncontrolled: true });

/** `notice` is `{title, body, path, tag, urgent}`. Browsers allow to show none while a window of ours is seen. */
async function pushed(notice) {
  if (!notice?.title) return;
  if ((await windows()).some((one) => one.focused && one.visibilityState === "visible")) return;
  await registration.showNotification(notice.title, {
    body: notice.body,
    tag: notice.tag,
    icon: ICON,
    badge: ICON,
    requireInteraction: notice.urgent,
    data: { path: notice.path },
  });
}

/** Lead there in the window that was used last, or in a new one. */
async function opened(path) {
  const [latest] = await windows();
  if (!latest) return clients.openWindow(`./#/${path}`);
  latest.postMessage({ go: path });
  return latest.focus();
}

/** A file in a room: an image as itself, anything else by its name and size. Both are had with one's own token. */

import { useEffect, useRef, useState } from "preact/hooks";

import { html } from "../html.js";
import { bytes, t } from "../i18n/index.js";
import { attempt, rest } from "../session.js";

const LARGEST = 280;
const KEPT = 60;
/** Addresses of what was had lately, by file id; the oldest are given back. */
const had = new Map();

async function addressOf(roomId, file) {
  if (!had.has(file.id)) {
    const blob = await rest.blob(`/chat-rooms/${roomId}/files/${file.id}`);
    had.set(file.id, URL.createObjectURL(blob));
    if (had.size > KEPT) {
      const [oldest, address] = had.entries().next().value;
      URL.revokeObjectURL(address);
      had.delete(oldest);
    }
  }
  return had.get(file.id);
}

async function save(roomId, file) {
  const link = Object.assign(document.createElement("a"), { href: await addressOf(roomId, file), download: file.name });
  link.click();
}

/** How large an image of this size is shown, so that nothing moves when it comes. */
export function shown({ width, height }) {
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

export function SentFile({ roomId, file }) {
  return file.width && file.height
    ? html`<${Picture} roomId=${roomId} file=${file} />`
    : html`<button class="file" type="button" onClick=${() => attempt(() => save(roomId, file))}>
        <${FileWords} name=${file.name} size=${file.size} />
        <span class="only-read">${t("file.save")}</span>
      </button>`;
}

function FileWords({ name, size }) {
  return html`<span class="file-sign" aria-hidden="true">${name.includes(".") ? name.split(".").at(-1).slice(0, 4) : "?"}</span>
    <span class="grow"><b class="cut">${name}</b><small>${bytes(size)}</small></span>`;
}

function Picture({ roomId, file }) {
  const [address, setAddress] = useState(had.get(file.id) ?? null);
  const [failed, setFailed] = useState(false);
  const viewer = useRef(null);
  useEffect(() => {
    let late = false;
    addressOf(roomId, file).then((found) => !late && setAddress(found), () => !late && setFailed(true));
    return () => {
      late = true;
    };
  }, [file.id]);
  const { width, height } = shown(file);
  if (failed) return html`<p class="bubble redacted">${t("file.gone", { name: file.name })}</p>`;
  return html`<button class="picture" type="button" onClick=${() => viewer.current.showModal()} aria-label=${t("file.open", { name: file.name })}>
      <img src=${address ?? "data:,"} alt="" width=${width} height=${height} class=${address ? "" : "coming"} />
    </button>
    <dialog class="viewer" ref=${viewer} aria-label=${file.name} onClick=${(event) => event.target === viewer.current && viewer.current.close()}>
      <header class="row">
        <span class="grow"><b class="cut">${file.name}</b><small>${bytes(file.size)}</small></span>
        <button class="plain" type="button" onClick=${() => attempt(() => save(roomId, file))}>${t("file.save")}</button>
        <button class="plain" type="button" onClick=${() => viewer.current.close()} aria-label=${t("close")}>✕</button>
      </header>
      ${address && html`<img src=${address} alt=${file.name} />`}
    </dialog>`;
}

/** A file on its way: an image is seen before it has arrived. */
export function LeavingFile({ file, name }) {
  const [address] = useState(() => (/^image\/(png|jpeg|gif|webp|avif)$/.test(file.type) ? URL.createObjectURL(file) : null));
  useEffect(() => () => address && URL.revokeObjectURL(address), []);
  if (address) return html`<span class="picture"><img src=${address} alt=${name} class="leaving" /></span>`;
  return html`<span class="file"><${FileWords} name=${name} size=${file.size} /></span>`;
}

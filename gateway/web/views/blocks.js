/**
 * A long history in blocks of neighbouring numbers. A block far from what one looks at is not drawn, only kept as high as
 * it was, so that ten thousand messages cost no more than a hundred.
 */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { html } from "../html.js";

const SIZE = 50;
/** So many pixels above and below what is seen are drawn as well. */
const AHEAD = "1200px 0px";

/** Which blocks are far from what `box` shows, with their heights, and `watch(element)` for each block. */
function useFar(box) {
  const [far, setFar] = useState(new Map());
  const observer = useRef(null);
  useLayoutEffect(() => {
    observer.current = new IntersectionObserver((entries) => setFar((before) => moved(before, entries)), {
      root: box.current,
      rootMargin: AHEAD,
    });
    return () => observer.current.disconnect();
  }, []);
  return [far, observer];
}

function moved(before, entries) {
  const far = new Map(before);
  for (const { target, isIntersecting, boundingClientRect } of entries) {
    const id = Number(target.dataset.block);
    if (isIntersecting) far.delete(id);
    else if (!far.has(id)) far.set(id, boundingClientRect.height);
  }
  return far;
}

/** `items` by their block, each list the same object as before if nothing in it changed. */
function useBlocks(items) {
  const known = useRef(new Map());
  return useMemo(() => {
    const blocks = new Map();
    for (const item of items) {
      const id = Math.floor(item.seq / SIZE);
      if (!blocks.has(id)) blocks.set(id, []);
      blocks.get(id).push(item);
    }
    for (const [id, list] of blocks) {
      const old = known.current.get(id);
      if (old?.length === list.length && old.every((item, i) => item === list[i])) blocks.set(id, old);
    }
    known.current = blocks;
    return [...blocks];
  }, [items]);
}

/**
 * `draw(items, before, after)` gives what is shown of a block's items between their neighbours; it is asked again only
 * if they or one of `given` changed. The last block is always drawn.
 */
export function Blocks({ box, items, draw, given }) {
  const [far, observer] = useFar(box);
  const blocks = useBlocks(items);
  return blocks.map(([id, list], i) => {
    const last = i === blocks.length - 1;
    const before = blocks[i - 1]?.[1].at(-1);
    const after = blocks[i + 1]?.[1][0];
    return html`<${Block}
      key=${id}
      id=${id}
      observer=${observer}
      height=${last ? undefined : far.get(id)}
      draw=${() => draw(list, before, after)}
      given=${[list, before, after, ...given]}
    />`;
  });
}

function Block({ id, observer, height, draw, given }) {
  const element = useRef(null);
  useEffect(() => {
    const { current } = element;
    observer.current.observe(current);
    return () => observer.current.unobserve(current);
  }, []);
  const hidden = height !== undefined;
  const drawn = useMemo(() => (hidden ? null : draw()), [hidden, ...given]);
  return html`<div class="block" ref=${element} data-block=${id} style=${hidden ? { height: `${height}px` } : {}}>${drawn}</div>`;
}

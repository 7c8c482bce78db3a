/** Putting things into the maps of the state: a new map each time, or while many come at once into one that is filled. */

const open = new WeakSet();

/** `map` with `value` under `key`. */
export function put(map, key, value) {
  if (!open.has(map)) return { ...map, [key]: value };
  map[key] = value;
  return map;
}

/** `work(state)`, whose state has maps of these names that are copied once, not for each thing that is put into them. */
export function filled(state, names, work) {
  const copies = names.map((name) => [name, { ...state[name] }]);
  for (const [, map] of copies) open.add(map);
  const after = work({ ...state, ...Object.fromEntries(copies) });
  for (const [, map] of copies) open.delete(map);
  return after;
}

/** Texts with places to fill: `{name}`, and `{name|one|several}` for words that go by a count. Pure. */

export function fill(text, values) {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g, (_, name, one, several) => {
    if (one === undefined) return values[name];
    return Number(values[name]) === 1 ? one : several;
  });
}

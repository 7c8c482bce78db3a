/**
 * The order in which browsers tell of one press of Enter behind the Hangul syllable 녕, and of its like. Each is written
 * down from a public report of that order (named in `from`); the one of Chromium on Linux is also played by a real
 * Chromium in `story.mjs`. `value` is what the field holds when the event comes.
 */

const key = (type, keyCode, isComposing, more = {}) => ({ type, key: keyCode === 229 ? "Process" : "Enter", code: "Enter", keyCode, isComposing, ...more });
const start = { type: "compositionstart" };
const update = (data) => ({ type: "compositionupdate", data });
const end = (data) => ({ type: "compositionend", data });

export const TRACES = [
  {
    name: "Chrome on Windows: the key, then the end",
    from: "https://github.com/openai/chatkit-js/issues/213",
    events: [start, update("ㄴ"), update("녀"), update("녕"), key("keydown", 229, true), end("녕"), key("keyup", 13, false)],
    sends: 1,
  },
  {
    name: "Chrome on macOS: the key, the end, and the key once more",
    from: "https://github.com/Vanessa219/vditor/issues/188",
    events: [
      start,
      update("녕"),
      key("keydown", 229, true, { key: "Enter" }),
      end("녕"),
      key("keydown", 13, false),
      key("keyup", 13, false),
    ],
    sends: 1,
  },
  {
    name: "Safari on macOS: the end, then the key",
    from: "https://github.com/chahua-im/chahua/issues/99",
    events: [start, update("녕"), end("녕"), key("keydown", 229, false, { key: "Enter" }), key("keyup", 13, false)],
    sends: 1,
  },
  {
    name: "no composition: a plain Enter",
    from: "https://www.w3.org/TR/uievents/",
    events: [key("keydown", 13, false), key("keyup", 13, false)],
    sends: 1,
  },
  {
    name: "a key that is held down",
    from: "https://www.w3.org/TR/uievents/",
    events: [key("keydown", 13, false), key("keydown", 13, false, { repeat: true }), key("keyup", 13, false)],
    sends: 1,
  },
  {
    name: "two presses",
    from: "https://www.w3.org/TR/uievents/",
    events: [key("keydown", 13, false), key("keyup", 13, false), key("keydown", 13, false), key("keyup", 13, false)],
    sends: 2,
  },
  {
    name: "a Japanese candidate that is picked: nothing is sent",
    from: "https://github.com/yairEO/tagify/pull/717",
    events: [start, update("にほん"), update("日本"), key("keydown", 229, true), end("日本"), key("keyup", 13, false)],
    sends: 0,
  },
  {
    name: "a Chinese candidate in Safari, the end before the key: nothing is sent",
    from: "https://github.com/NousResearch/hermes-agent/pull/41026",
    events: [start, update("ni"), update("你"), end("你"), key("keydown", 229, false, { key: "Enter" }), key("keyup", 13, false)],
    sends: 0,
  },
  {
    name: "Shift and Enter break the line",
    from: "https://www.w3.org/TR/uievents/",
    events: [key("keydown", 13, false, { shiftKey: true }), key("keyup", 13, false)],
    sends: 0,
  },
];

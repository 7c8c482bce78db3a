/**
 * One press of Enter sends exactly one message, with its last syllable. Pure: events in, what to do out.
 *
 * While a Hangul syllable is being composed, browsers tell of Enter in different orders. Chromium tells of the key
 * first (`isComposing`, key code 229), then of the composition's end, and on macOS of the same key a second time. Safari
 * tells of the end first and then of the key, still with key code 229. So a press is one press until the key comes up,
 * and a message is read only when its composition has ended. Enter that picks a candidate (Japanese, Chinese) sends
 * nothing.
 */

const IN_METHOD = 229;
const HANGUL = /^[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]*$/;

export class Enter {
  constructor() {
    this.composing = false;
    this.hangul = true;
    this.wanted = false;
    this.spent = false;
  }

  /** What a press does: `send` now, `wait` for the end of the composition, `hold` (nothing at all), or `leave` it be. */
  pressed({ key, code, keyCode, shiftKey = false, isComposing = false, repeat = false }) {
    if (key !== "Enter" && !(keyCode === IN_METHOD && code?.endsWith("Enter"))) return "leave";
    if (shiftKey) return "leave";
    if (repeat || this.spent) return "hold";
    this.spent = true;
    if (this.composing || isComposing) {
      this.wanted = this.hangul;
      return this.wanted ? "wait" : "leave";
    }
    // The composition has just ended, and this is its key: a Hangul syllable is whole, a candidate is only picked.
    return keyCode === IN_METHOD && !this.hangul ? "hold" : "send";
  }

  released({ key, code }) {
    if (key === "Enter" || code?.endsWith("Enter")) this.spent = false;
  }

  started() {
    this.composing = true;
    this.hangul = true;
  }

  updated(data) {
    if (data) this.hangul = HANGUL.test(data);
  }

  /** Whether the message is to be sent, now that its last syllable is whole. */
  ended(data) {
    this.updated(data);
    this.composing = false;
    const send = this.wanted;
    this.wanted = false;
    return send;
  }

  /** The field lost the focus: no release of the key will be told. */
  left() {
    this.spent = false;
  }
}

/**
 * Words, shapes and numbers as the page shows them: the same as in Mendline's reports. Knows no element.
 */

/** @typedef {import("./types.js").Turn} Turn */
/** @typedef {import("./types.js").Session} Session */

/** @type {Record<string, string>} */
export const SHAPES = { withdrawal: "▽", confrontation: "▲", repair: "●", neutral: "·" };
/** @type {Record<string, string>} */
export const OUTCOME_SHAPES = { repaired: "✓", attempted: "◐", open: "○" };
export const OUTCOMES = ["repaired", "attempted", "open"];
const RUPTURES = new Set(["withdrawal", "confrontation"]);

/**
 * Own coding where there is one, else the model's.
 * @param {Turn} turn
 * @returns {{label: string, marker: string|null}|null}
 */
export function effective(turn) {
  return turn.coded ?? turn.model;
}

/** @param {Turn} turn */
export function isRupture(turn) {
  const found = effective(turn);
  return found !== null && RUPTURES.has(found.label);
}

/**
 * Whether somebody should look: the coder was not sure, or nobody but an unsure model has labelled it.
 * @param {Turn} turn
 */
export function isDoubtful(turn) {
  return turn.coded ? !turn.coded.sure : (turn.model?.doubtful ?? false);
}

/**
 * Seconds as h:mm:ss, fractions cut off.
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/**
 * A part as a whole percentage that says 0 or 100 only where it is exactly so.
 * @param {number} value
 */
export function percent(value) {
  if (value > 0 && value < 0.005) return "<\u00a01\u00a0%";
  if (value >= 0.995 && value < 1) return ">\u00a099\u00a0%";
  return `${Math.round(value * 100)}\u00a0%`;
}

/**
 * @param {number} number
 * @param {string} noun
 */
export function count(number, noun) {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}

/**
 * @param {string} text
 * @param {number} length
 */
export function short(text, length) {
  return text.length <= length ? text : `${text.slice(0, length - 1).trimEnd()}…`;
}

/**
 * A label and its marker in words.
 * @param {{label: string, marker: string|null}} coding
 */
export function labelled(coding) {
  return coding.marker ? `${coding.label}, ${coding.marker}` : coding.label;
}

/**
 * Everything that a row shows, as one sentence for screen readers.
 * @param {Session} session
 * @param {Turn} turn
 */
export function spoken(session, turn) {
  const parts = [`Turn ${turn.index}`, session.speakers[turn.speaker].name];
  if (turn.coded) parts.push(`${labelled(turn.coded)}, coded by you`);
  else if (turn.model) parts.push(`${labelled(turn.model)}, by the model, ${percent(turn.model.probability)}`);
  else parts.push("not yet coded");
  if (turn.coded && turn.model && turn.coded.label !== turn.model.label) {
    parts.push(`the model said ${turn.model.label}`);
  }
  if (isDoubtful(turn)) parts.push(turn.coded ? "you are not sure" : "to check");
  if (turn.coded?.note) parts.push("has a note");
  return `${parts.join(", ")}: ${turn.text}`;
}

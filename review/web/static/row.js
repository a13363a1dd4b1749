/**
 * One turn as a row of the transcript.
 */

import { fill, isolated, make, mark, setAll } from "./dom.js";
import { SHAPES, clock, effective, isDoubtful, percent, spoken } from "./words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./types.js").Turn} Turn */

/** @type {WeakMap<HTMLElement, string>} what the heads of rows say */
const shown = new WeakMap();

/** @param {number} index */
export function rowId(index) {
  return `turn-${index}`;
}

/**
 * Make a row, without what changes.
 * @param {State} state
 * @param {number} index
 */
export function makeRow(state, index) {
  const turn = state.turns[index];
  const row = make("div", { role: "option", id: rowId(index), "data-turn": index });
  row.append(
    make("p", { class: "place" },
      make("span", { class: "number" }, String(index)),
      turn.start === null ? null : make("span", { class: "time" }, clock(turn.start))),
    make("p", { class: "who" }),
    make("p", { class: "said", dir: "auto" }, turn.text),
  );
  return row;
}

/**
 * Show what may have changed: label, doubt, note, whether it is saved, played or current.
 * @param {HTMLElement} row
 * @param {State} state
 * @param {number} index
 */
export function dressRow(row, state, index) {
  const turn = state.turns[index];
  const label = effective(turn)?.label ?? "uncoded";
  const current = index === state.current;
  row.className = ["row", label, current && "current", turn.coded && "coded", isDoubtful(turn) && "doubt",
    index === state.playing && "playing"].filter(Boolean).join(" ");
  setAll(row, {
    "aria-selected": String(current),
    "aria-label": spoken(state.session, turn),
    "aria-posinset": state.placeOf(index) + 1,
    "aria-setsize": state.shown.length,
  });
  const shows = [row.getAttribute("aria-label"), state.saving.has(index), state.refused.has(index)].join();
  // What stays the same is not made anew under the pointer.
  if (shown.get(row) === shows) return;
  shown.set(row, shows);
  const who = /** @type {HTMLElement} */ (row.querySelector(".who"));
  fill(who, isolated(state.session.speakers[turn.speaker].name, "speaker"), labelOf(turn), ...remarks(state, turn));
}

/** @param {Turn} turn */
function labelOf(turn) {
  const found = effective(turn);
  if (!found) return null;
  return make("span", { class: `label ${found.label}` },
    mark(SHAPES[found.label]), ` ${found.label}`,
    found.marker ? make("span", { class: "marker" }, ` ${found.marker}`) : null);
}

/**
 * @param {State} state
 * @param {Turn} turn
 */
function remarks(state, turn) {
  return [byWhom(turn), doubt(turn), turn.coded?.note ? remark("note", "note") : null, progress(state, turn.index)];
}

/** @param {Turn} turn */
function byWhom(turn) {
  const { coded, model } = turn;
  if (!coded) return model ? remark(percent(model.probability), "sure") : null;
  if (!model) return remark("✎ you", "own");
  const same = model.label === coded.label && model.marker === coded.marker;
  const said = model.label === coded.label ? (model.marker ?? model.label) : model.label;
  return make("span", { class: "remark own" }, "✎ you",
    same ? null : make("span", { class: "instead" }, ` · model: ${said} ${percent(model.probability)}`));
}

/** @param {Turn} turn */
function doubt(turn) {
  if (!isDoubtful(turn)) return null;
  return remark(turn.coded ? "not sure" : "to check", "check");
}

/**
 * @param {State} state
 * @param {number} index
 */
function progress(state, index) {
  if (state.saving.has(index)) return remark("saving…", "progress");
  return state.refused.has(index) ? remark("not saved", "refused") : null;
}

/**
 * @param {string} text
 * @param {string} kind
 */
function remark(text, kind) {
  return make("span", { class: `remark ${kind}` }, text);
}

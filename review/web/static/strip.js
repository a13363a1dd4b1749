/**
 * The strip beside a long timeline: the whole session in one height, a column for each label but neutral, so that places
 * tell the labels apart as well as colours. Knows how to draw, not what a click does.
 */

import { shape } from "./drawing.js";
import { effective } from "./words.js";

/** @typedef {import("./layout.js").Layout} Layout */
/** @typedef {import("./state.js").State} State */

const COLUMNS = ["withdrawal", "confrontation", "repair"];
const LINE = 3;
const EPISODES = 4;
const COLUMN = 10;

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Layout} layout
 * @param {State} state
 * @param {Record<string, string>} colours
 */
export function drawStrip(pen, layout, state, colours) {
  const lines = Math.max(1, Math.floor(layout.body / LINE));
  for (const [column, label] of COLUMNS.entries()) {
    const left = EPISODES + 2 + column * COLUMN;
    shape(pen, label, left + COLUMN / 2 - 1, layout.head - 12, 4, colours);
    drawColumn(pen, { left, top: layout.head, colour: colours[label] }, counts(state, label, lines));
  }
  for (const { first, last, outcome } of state.episodes) {
    pen.fillStyle = colours[outcome];
    pen.fillRect(0, layout.stripY(first), EPISODES, Math.max(2, layout.stripY(last + 1) - layout.stripY(first)));
  }
  drawWindow(pen, layout, state, colours);
}

/**
 * How many turns of a label each line of the strip stands for.
 * @param {State} state
 * @param {string} label
 * @param {number} lines
 */
function counts(state, label, lines) {
  const found = new Uint16Array(lines);
  const { turns } = state;
  for (const turn of turns) {
    if (effective(turn)?.label === label) found[Math.floor((turn.index / turns.length) * lines)] += 1;
  }
  return found;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {{left: number, top: number, colour: string}} place
 * @param {Uint16Array} found
 */
function drawColumn(pen, { left, top, colour }, found) {
  const most = Math.max(2, ...found);
  pen.fillStyle = colour;
  for (const [line, number] of found.entries()) {
    if (number) pen.fillRect(left, top + line * LINE, 2 + (COLUMN - 4) * (number / most), LINE - 0.5);
  }
}

/**
 * Which part the lanes show, and where the current turn is.
 * @param {CanvasRenderingContext2D} pen
 * @param {Layout} layout
 * @param {State} state
 * @param {Record<string, string>} colours
 */
function drawWindow(pen, layout, state, colours) {
  const [first, last] = layout.seen;
  const top = layout.stripY(first);
  pen.strokeStyle = colours.soft;
  pen.lineWidth = 1;
  pen.strokeRect(0.5, top, layout.strip - 5, Math.max(4, layout.stripY(last + 1) - top));
  pen.fillStyle = colours.focus;
  pen.fillRect(0, layout.stripY(state.current) - 1, layout.strip - 4, 2.5);
}

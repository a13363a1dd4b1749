/**
 * The timeline of the whole session on a canvas: a lane for each speaker, episodes as spans, the current turn. A click
 * moves there; what lies under the pointer is told beside it. All that it shows is also in the transcript and the list
 * of episodes, so keyboards and screen readers lose nothing by passing it.
 */

import { onceAFrame } from "./dom.js";
import { bar, fitting, palette, prepare, shape, span } from "./drawing.js";
import { Layout } from "./layout.js";
import { drawStrip } from "./strip.js";
import { OUTCOME_SHAPES, SHAPES, clock, count, effective, isDoubtful, labelled, percent, short } from "./words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./types.js").Turn} Turn */

const FULL_WORDS = 60;
const TICK_TURNS = 10;
const DIMMED = 0.22;
const TIP_LENGTH = 160;
const CLEARANCE = 14;

export class Timeline {
  /**
   * @param {{canvas: HTMLCanvasElement, tip: HTMLElement}} elements
   * @param {State} state
   */
  constructor({ canvas, tip }, state) {
    this.canvas = canvas;
    this.tip = tip;
    this.state = state;
    this.words = state.turns.map((turn) => Math.min(turn.text.split(/\s+/).length, FULL_WORDS));
    this.colours = palette();
    this.font = `11px ${getComputedStyle(canvas).fontFamily}`;
    this.layout = this.#layOut();
    this.passing = new Uint8Array(state.turns.length);
    this.draw = onceAFrame(() => this.#draw());
    this.#listen();
    this.#markPassing();
    canvas.setAttribute("aria-label", `Timeline of ${count(state.turns.length, "turn")}. The transcript and the list of
      episodes hold all that it shows.`);
  }

  #layOut() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const lanes = this.state.session.speakers.length;
    return new Layout({ turns: this.state.turns.length, lanes, width, height });
  }

  #listen() {
    const { canvas, state } = this;
    for (const what of ["episodes", "playing", "turn"]) state.addEventListener(what, this.draw);
    for (const what of ["current", "view"]) state.addEventListener(what, () => this.#follow());
    state.addEventListener("shown", () => this.#markPassing());
    new ResizeObserver(() => {
      this.layout = this.#layOut();
      this.#follow();
    }).observe(canvas);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => {
        this.colours = palette();
        this.draw();
      });
    }
    canvas.addEventListener("click", (event) => this.#click(event));
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerleave", () => (this.tip.hidden = true));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #markPassing() {
    this.passing.fill(0);
    for (const index of this.state.shown) this.passing[index] = 1;
    this.draw();
  }

  /** Keep the part that is on screen in the transcript in the middle. */
  #follow() {
    const [first, last] = this.state.view;
    this.layout.centre((first + last) / 2);
    this.draw();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const index = this.layout.turnAt(event.offsetX, event.offsetY);
    if (index !== null) this.state.goto(index);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!this.layout.long) return;
    event.preventDefault();
    this.layout.scrollTo(this.layout.scroll + event.deltaY);
    this.tip.hidden = true;
    this.draw();
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const index = this.layout.turnAt(event.offsetX, event.offsetY);
    this.tip.hidden = index === null;
    this.canvas.classList.toggle("over", index !== null);
    if (index === null) return;
    this.tip.textContent = this.#told(this.state.turns[index]);
    const below = event.clientY + CLEARANCE + this.tip.offsetHeight > window.innerHeight;
    this.tip.style.left = `${event.clientX + CLEARANCE}px`;
    this.tip.style.top = `${below ? event.clientY - CLEARANCE - this.tip.offsetHeight : event.clientY + CLEARANCE}px`;
  }

  /** @param {Turn} turn */
  #told(turn) {
    const found = effective(turn);
    const sure = !turn.coded && turn.model ? ` ${percent(turn.model.probability)}` : "";
    const label = found ? `${SHAPES[found.label]} ${labelled(found)}${sure}` : "not yet coded";
    const time = turn.start === null ? "" : ` · ${clock(turn.start)}`;
    const { name } = this.state.session.speakers[turn.speaker];
    return `${turn.index}${time} · ${short(name, 40)} · ${label}${isDoubtful(turn) ? ", to check" : ""}
${short(turn.text, TIP_LENGTH)}`;
  }

  #draw() {
    const { width, height } = this.layout;
    if (!width || !height) return;
    const pen = prepare(this.canvas, { width, height });
    pen.font = this.font;
    this.#drawNames(pen);
    pen.save();
    pen.beginPath();
    pen.rect(0, this.layout.head - 3, width, height);
    pen.clip();
    this.#drawView(pen);
    this.#drawLanes(pen);
    this.#drawEpisodes(pen);
    this.#drawTurns(pen);
    this.#drawPlace(pen, this.state.current, this.colours.focus);
    if (this.state.playing !== null) this.#drawPlace(pen, this.state.playing, this.colours.repaired);
    pen.restore();
    if (this.layout.long) drawStrip(pen, this.layout, this.state, this.colours);
  }

  /** @param {CanvasRenderingContext2D} pen */
  #drawNames(pen) {
    const { layout } = this;
    pen.fillStyle = this.colours.text;
    for (const [lane, { name }] of this.state.session.speakers.entries()) {
      pen.save();
      pen.translate(layout.x(lane), layout.head - 9);
      pen.textAlign = layout.upright ? "left" : "center";
      if (layout.upright) pen.rotate(-Math.PI / 2);
      const room = layout.upright ? layout.head - 12 : layout.lane - 4;
      pen.fillText(fitting(pen, name, room), 0, layout.upright ? 4 : 0);
      pen.restore();
    }
  }

  /** @param {CanvasRenderingContext2D} pen */
  #drawView(pen) {
    const [first, last] = this.state.view;
    const { layout } = this;
    const top = layout.y(first) - layout.step / 2;
    pen.fillStyle = this.colours.panel;
    pen.fillRect(layout.left - 2, top, layout.right - layout.left + 4, layout.y(last) + layout.step / 2 - top);
  }

  /** @param {CanvasRenderingContext2D} pen */
  #drawLanes(pen) {
    const { layout } = this;
    const [first, last] = layout.seen;
    pen.strokeStyle = this.colours.line;
    pen.lineWidth = 1;
    pen.beginPath();
    for (let lane = 0; lane < this.state.session.speakers.length; lane++) {
      pen.moveTo(Math.round(layout.x(lane)) + 0.5, layout.y(first) - layout.step / 2);
      pen.lineTo(Math.round(layout.x(lane)) + 0.5, layout.y(last) + layout.step / 2);
    }
    pen.stroke();
    pen.fillStyle = this.colours.soft;
    pen.textAlign = "left";
    for (let index = Math.ceil(first / TICK_TURNS) * TICK_TURNS; index <= last; index += TICK_TURNS) {
      pen.fillText(String(index), layout.right + 5, layout.y(index) + 4);
    }
  }

  /** @param {CanvasRenderingContext2D} pen */
  #drawEpisodes(pen) {
    const { layout, colours } = this;
    const [first, last] = layout.seen;
    pen.textAlign = "right";
    for (const episode of this.state.episodes) {
      if (episode.last < first || episode.first > last) continue;
      const top = layout.y(episode.first) - layout.step / 2;
      const height = layout.y(episode.last) + layout.step / 2 - top;
      const { number, outcome } = episode;
      span(pen, { left: layout.left - 1, top, width: layout.right - layout.left + 2, height, outcome }, colours);
      pen.fillStyle = colours[outcome];
      const line = Math.min(Math.max(top, layout.head), top + height - 10) + 10;
      pen.fillText(`${number} ${OUTCOME_SHAPES[outcome] ?? ""}`, layout.left - 5, line);
    }
  }

  /** @param {CanvasRenderingContext2D} pen */
  #drawTurns(pen) {
    const { layout, colours, state } = this;
    const [first, last] = layout.seen;
    const height = Math.min(layout.step * 0.7, 10);
    for (let index = first; index <= last; index++) {
      const turn = state.turns[index];
      const label = effective(turn)?.label ?? null;
      const [x, y] = [layout.x(turn.speaker), layout.y(index)];
      const width = 3 + Math.max(3, layout.lane - 12) * Math.sqrt(this.words[index] / FULL_WORDS);
      pen.globalAlpha = this.passing[index] ? 1 : DIMMED;
      const box = { left: x - width / 2, top: y - height / 2, width, height };
      bar(pen, { ...box, label, doubtful: isDoubtful(turn) }, colours);
      if (label && label !== "neutral") shape(pen, label, x, y, Math.min(5, layout.step * 0.5), colours);
    }
    pen.globalAlpha = 1;
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} index
   * @param {string} colour
   */
  #drawPlace(pen, index, colour) {
    const { layout } = this;
    const [y, half] = [layout.y(index), Math.max(layout.step, 9) / 2 + 0.5];
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.roundRect(layout.left - 3, y - half, layout.right - layout.left + 6, half * 2, 3);
    pen.stroke();
  }
}

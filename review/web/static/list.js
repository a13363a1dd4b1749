/**
 * The transcript: a listbox that holds elements only for the rows on screen, a little around it, and the current row,
 * to which screen readers are pointed. Rows differ in height: heights are guessed from the length of the text, measured
 * once a row is there, and what is on screen stays where it is while heights above it change.
 */

import { make, onceAFrame } from "./dom.js";
import { Heights } from "./heights.js";
import { dressRow, makeRow, rowId } from "./row.js";

/** @typedef {import("./state.js").State} State */

const AROUND = 600;
const ROW = 62;
const LINE = 24;
const LETTER = 7.6;
const CONTEXT = 0.22;

export class Transcript {
  /**
   * @param {HTMLElement} scroller
   * @param {State} state
   */
  constructor(scroller, state) {
    this.scroller = scroller;
    this.state = state;
    this.floor = make("div", { class: "floor", role: "presentation" });
    this.scroller.append(this.floor);
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    /** @type {Float64Array} measured heights by turn, 0 where unknown */
    this.measured = new Float64Array(state.turns.length);
    this.width = scroller.clientWidth;
    this.heights = new Heights([]);
    this.draw = onceAFrame(() => this.render());
    /** @type {Set<HTMLElement>} rows whose size has changed since they were measured */
    this.changed = new Set();
    this.settle = onceAFrame(() => this.#settle());
    this.#layOut();
    this.#listen();
    this.render();
  }

  #listen() {
    const { state, scroller } = this;
    scroller.addEventListener("scroll", this.draw, { passive: true });
    scroller.addEventListener("click", (event) => this.#click(event));
    state.addEventListener("shown", () => this.#showOthers());
    state.addEventListener("current", () => this.reveal());
    state.addEventListener("turn", (event) => this.#dress(/** @type {CustomEvent} */ (event).detail));
    this.grown = new ResizeObserver((entries) => {
      for (const { target } of entries) this.changed.add(/** @type {HTMLElement} */ (target));
      this.settle();
    });
    new ResizeObserver(() => this.settle()).observe(scroller);
  }

  /** @param {Event} event */
  #click(event) {
    const row = /** @type {Element} */ (event.target).closest("[data-turn]");
    if (row instanceof HTMLElement) this.state.goto(Number(row.dataset.turn));
  }

  /** Place the shown rows by what is known of their heights. */
  #layOut() {
    const letters = Math.max(20, (this.width - 90) / LETTER);
    const guess = (/** @type {number} */ index) =>
      this.measured[index] || ROW + LINE * Math.floor(this.state.turns[index].text.length / letters);
    this.heights = new Heights(this.state.shown.map(guess));
  }

  /** The turn at the upper edge, and how far the edge is below its beginning. */
  #anchor() {
    const place = this.heights.at(this.scroller.scrollTop);
    return { place, below: this.scroller.scrollTop - this.heights.offset(place) };
  }

  /** @param {{place: number, below: number}} anchor */
  #hold({ place, below }) {
    const top = this.heights.offset(place) + below;
    if (Math.abs(top - this.scroller.scrollTop) > 0.5) this.scroller.scrollTop = top;
  }

  #showOthers() {
    const row = this.rows.get(this.state.current);
    const before = row ? row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top : null;
    this.#layOut();
    this.floor.style.height = `${this.heights.total}px`;
    if (before !== null && before > -ROW && before < this.scroller.clientHeight) {
      this.scroller.scrollTop = this.heights.offset(this.state.position) - before;
    }
    for (const [index, each] of this.rows) dressRow(each, this.state, index);
    this.draw();
  }

  /** Rows that were sized anew, say since a label got longer or the window narrower. In a frame of its own, since an
   * observer must not change what it observes. */
  #settle() {
    const anchor = this.#anchor();
    if (this.scroller.clientWidth !== this.width) {
      this.width = this.scroller.clientWidth;
      this.measured.fill(0);
      this.#layOut();
      for (const row of this.rows.values()) this.#measure(row);
    }
    for (const row of this.changed) this.#measure(row);
    this.changed.clear();
    this.render(anchor);
  }

  /** @param {HTMLElement} row */
  #measure(row) {
    const index = Number(row.dataset.turn);
    const place = this.state.placeOf(index);
    if (!row.isConnected || this.state.shown[place] !== index) return false;
    const height = row.offsetHeight;
    this.measured[index] = height;
    return this.heights.set(place, height);
  }

  /** @param {number} index */
  #dress(index) {
    const row = this.rows.get(index);
    if (row) dressRow(row, this.state, index);
  }

  /**
   * Put rows where they are needed, and hold what is on screen.
   * @param {{place: number, below: number}} [anchor]
   */
  render(anchor = this.#anchor()) {
    // A measured height may bring further rows on screen; heights settle after a round or two.
    for (let round = 0; round < 4; round++) {
      const fresh = this.#populate();
      let changed = false;
      for (const row of fresh) changed = this.#measure(row) || changed;
      this.floor.style.height = `${this.heights.total}px`;
      this.#hold(anchor);
      if (!changed) break;
    }
    for (const [index, row] of this.rows) {
      row.style.transform = `translateY(${this.heights.offset(this.state.placeOf(index))}px)`;
    }
    this.#pointAtCurrent();
    this.#tellView();
  }

  /** Make the rows that are missing, remove those that are not needed. Returns the new ones. */
  #populate() {
    const { shown } = this.state;
    const { scrollTop, clientHeight } = this.scroller;
    const needed = new Set();
    if (shown.length) {
      const last = this.heights.at(scrollTop + clientHeight + AROUND);
      for (let place = this.heights.at(scrollTop - AROUND); place <= last; place++) needed.add(shown[place]);
      needed.add(this.state.current);
    }
    for (const [index, row] of this.rows) {
      if (!needed.has(index)) this.#drop(index, row);
    }
    return this.#add([...needed].sort((a, b) => a - b));
  }

  /**
   * @param {number} index
   * @param {HTMLElement} row
   */
  #drop(index, row) {
    this.grown?.unobserve(row);
    row.remove();
    this.rows.delete(index);
  }

  /** @param {number[]} needed  in order, as the elements must be for screen readers */
  #add(needed) {
    const fresh = [];
    let following = this.floor.firstElementChild;
    for (const index of needed) {
      const there = this.rows.get(index);
      if (there) {
        following = there.nextElementSibling;
        continue;
      }
      const row = makeRow(this.state, index);
      dressRow(row, this.state, index);
      this.floor.insertBefore(row, following);
      this.rows.set(index, row);
      this.grown?.observe(row);
      fresh.push(row);
    }
    return fresh;
  }

  /** Bring the current row on screen, with some of what was said before and after. */
  reveal() {
    for (const [index, row] of this.rows) {
      if (row.classList.contains("current") !== (index === this.state.current)) dressRow(row, this.state, index);
    }
    if (!this.state.turn) return this.draw();
    // Twice, since the heights around the place are measured only once something is there.
    for (let round = 0; round < 2; round++) {
      this.#scrollTo(this.state.position);
      this.render();
    }
  }

  /** @param {number} place */
  #scrollTo(place) {
    const { scroller, heights } = this;
    const top = heights.offset(place);
    const bottom = top + heights.heights[place];
    const room = scroller.clientHeight * CONTEXT;
    if (top - room < scroller.scrollTop) scroller.scrollTop = top - room;
    else if (bottom + room > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = Math.min(top - room, bottom + room - scroller.clientHeight);
    }
  }

  #pointAtCurrent() {
    const there = this.state.turn !== null && this.rows.has(this.state.current);
    if (there) this.scroller.setAttribute("aria-activedescendant", rowId(this.state.current));
    else this.scroller.removeAttribute("aria-activedescendant");
  }

  #tellView() {
    const { shown } = this.state;
    if (!shown.length) return;
    const { scrollTop, clientHeight } = this.scroller;
    this.state.setView(shown[this.heights.at(scrollTop)], shown[this.heights.at(scrollTop + clientHeight - 1)]);
  }

  /** How many rows go on a screen, for Page Up and Page Down. */
  get pageful() {
    const [first, last] = this.state.view;
    return Math.max(1, this.state.placeOf(last) - this.state.placeOf(first) - 1);
  }
}

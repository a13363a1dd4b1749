/**
 * Where things stand on the timeline: time runs down, a column is a speaker, a line a turn. Where a session is too long
 * for the height, a strip of the whole stands beside a part of it. Pure; knows no canvas.
 */

const LEAST_STEP = 8;
const MOST_STEP = 20;
const STRIP = 40;
const GUTTER = 34;
const TICKS = 26;
const NARROW = 130;
const NARROW_GUTTER = 27;
const NARROW_TICKS = 22;
const NARROW_STRIP = 38;
const MOST_LANE = 72;
const UPRIGHT_LANE = 44;
const HEAD = 22;
const UPRIGHT_HEAD = 70;
const FOOT = 4;

export class Layout {
  /**
   * @param {{turns: number, lanes: number, width: number, height: number}} size
   */
  constructor({ turns, lanes, width, height }) {
    this.turns = turns;
    this.width = width;
    this.height = height;
    const fits = (height - HEAD - FOOT) / Math.max(turns, 1);
    this.long = fits < LEAST_STEP;
    this.step = Math.max(LEAST_STEP, Math.min(fits, MOST_STEP));
    /** Where the strip ends, and the lanes begin and end. */
    const narrow = width < NARROW;
    this.strip = this.long ? (narrow ? NARROW_STRIP : STRIP) : 0;
    this.left = this.strip + (narrow ? (this.long ? 3 : NARROW_GUTTER) : GUTTER);
    const room = width - this.left - (narrow ? NARROW_TICKS : TICKS);
    this.lane = Math.max(6, Math.min(MOST_LANE, room / Math.max(lanes, 1)));
    this.right = this.left + this.lane * lanes;
    this.upright = this.lane < UPRIGHT_LANE;
    this.head = this.upright ? UPRIGHT_HEAD : HEAD;
    this.body = Math.max(1, height - this.head - FOOT);
    if (!this.long) this.step = Math.min(this.step, this.body / Math.max(turns, 1));
    this.scroll = 0;
  }

  /** Show the part around a turn. @param {number} index */
  centre(index) {
    this.scrollTo((index + 0.5) * this.step - this.body / 2);
  }

  /** @param {number} top */
  scrollTo(top) {
    this.scroll = Math.max(0, Math.min(top, this.turns * this.step - this.body));
  }

  /** The middle of a turn's line. @param {number} index */
  y(index) {
    return this.head + (index + 0.5) * this.step - this.scroll;
  }

  /** The middle of a lane. @param {number} lane */
  x(lane) {
    return this.left + (lane + 0.5) * this.lane;
  }

  /** Where a turn is on the strip. @param {number} index */
  stripY(index) {
    return this.head + (index / this.turns) * this.body;
  }

  /** The turns that are to be seen, first and last. @returns {[number, number]} */
  get seen() {
    const first = Math.floor(this.scroll / this.step);
    const last = Math.ceil((this.scroll + this.body) / this.step);
    return [Math.max(0, first), Math.min(this.turns - 1, last)];
  }

  /**
   * The turn at a point; null where there is none.
   * @param {number} x
   * @param {number} y
   */
  turnAt(x, y) {
    if (y < this.head - 4) return null;
    const inStrip = this.long && x < this.strip;
    const place = inStrip
      ? ((y - this.head) / this.body) * this.turns
      : (y - this.head + this.scroll) / this.step;
    const index = Math.floor(place);
    return index < 0 || index >= this.turns ? null : index;
  }
}

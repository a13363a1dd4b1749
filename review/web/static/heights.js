/**
 * Where rows of different heights stand, for thousands of rows: a Fenwick tree over their heights, so that one height
 * changes, and the row at a place is found, in a dozen steps. Knows no element.
 */

export class Heights {
  /** @param {ArrayLike<number>} heights */
  constructor(heights) {
    this.length = heights.length;
    this.heights = Float64Array.from(heights);
    this.tree = new Float64Array(this.length + 1);
    this.top = 1;
    while (this.top * 2 <= this.length) this.top *= 2;
    for (let place = 1; place <= this.length; place++) {
      this.tree[place] += this.heights[place - 1];
      const parent = place + (place & -place);
      if (parent <= this.length) this.tree[parent] += this.tree[place];
    }
  }

  get total() {
    return this.offset(this.length);
  }

  /**
   * Where row `place` begins.
   * @param {number} place
   */
  offset(place) {
    let sum = 0;
    for (let at = place; at > 0; at -= at & -at) sum += this.tree[at];
    return sum;
  }

  /**
   * The row at a height from the top; the last one beyond the end, 0 where there is none.
   * @param {number} distance
   */
  at(distance) {
    let place = 0;
    let left = distance;
    for (let step = this.top; step > 0; step >>= 1) {
      const next = place + step;
      if (next <= this.length && this.tree[next] <= left) {
        place = next;
        left -= this.tree[next];
      }
    }
    return Math.max(0, Math.min(place, this.length - 1));
  }

  /**
   * Set the height of a row. Returns whether it changed.
   * @param {number} place
   * @param {number} height
   */
  set(place, height) {
    const change = height - this.heights[place];
    if (Math.abs(change) < 0.25) return false;
    this.heights[place] = height;
    for (let at = place + 1; at <= this.length; at += at & -at) this.tree[at] += change;
    return true;
  }
}

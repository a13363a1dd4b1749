/**
 * What the page knows: the session, the current turn, the filters and what they show. Knows no element and no server.
 *
 * It tells of changes by events: "current", "shown" (the list of shown turns), "turn" (one turn, `detail` its index),
 * "episodes", "playing" and "view" (the part of the transcript on screen).
 */

import { isFiltering, noFilters, passes } from "./filtering.js";

/** @typedef {import("./types.js").Session} Session */
/** @typedef {import("./types.js").Turn} Turn */
/** @typedef {import("./types.js").Coding} Coding */
/** @typedef {import("./types.js").Episode} Episode */
/** @typedef {import("./types.js").Filters} Filters */

export class State extends EventTarget {
  /** @param {Session} session */
  constructor(session) {
    super();
    this.session = session;
    this.turns = session.turns;
    this.episodes = session.episodes;
    this.filters = noFilters();
    /** @type {number[]} indices of the turns that are shown, in order */
    this.shown = this.turns.map((turn) => turn.index);
    this.matching = this.shown.length;
    this.current = 0;
    /** @type {number|null} a turn that no longer passes the filters but stays shown while it is the current one */
    this.kept = null;
    /** @type {number|null} */
    this.playing = null;
    /** @type {[number, number]} the first and the last turn on screen */
    this.view = [0, 0];
    /** @type {Set<number>} turns with changes that are not saved yet */
    this.saving = new Set();
    /** @type {Set<number>} turns whose last change was refused */
    this.refused = new Set();
  }

  get filtering() {
    return isFiltering(this.filters);
  }

  /** The current turn; null where the filters show none. */
  get turn() {
    return this.shown.length ? this.turns[this.current] : null;
  }

  /** The place of the current turn among those shown. */
  get position() {
    return this.placeOf(this.current);
  }

  /**
   * The place of a turn among those shown, or of the first one after it.
   * @param {number} index
   */
  placeOf(index) {
    let low = 0;
    let high = this.shown.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.shown[middle] < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Make a turn the current one, even if the filters do not show it.
   * @param {number} index
   */
  goto(index) {
    const before = this.current;
    this.current = Math.max(0, Math.min(index, this.turns.length - 1));
    const wasKept = this.kept;
    this.kept = passes(this.filters, this.turns[this.current]) ? null : this.current;
    if (wasKept !== this.kept) this.#show();
    if (before !== this.current || wasKept !== this.kept) this.#tell("current");
  }

  /**
   * Move among the shown turns. Returns whether there was somewhere to go.
   * @param {number} steps
   */
  move(steps) {
    const place = Math.max(0, Math.min(this.position + steps, this.shown.length - 1));
    return this.#gotoPlace(place);
  }

  /**
   * Move to the next shown turn, or the one before, of which something is true.
   * @param {1|-1} direction
   * @param {(turn: Turn) => boolean} wanted
   */
  seek(direction, wanted) {
    for (let place = this.position + direction; place >= 0 && place < this.shown.length; place += direction) {
      if (wanted(this.turns[this.shown[place]])) return this.#gotoPlace(place);
    }
    return false;
  }

  /** @param {number} place */
  #gotoPlace(place) {
    const index = this.shown[place];
    if (index === undefined || index === this.current) return false;
    this.goto(index);
    return true;
  }

  /** @param {Partial<Filters>} change */
  filter(change) {
    this.filters = { ...this.filters, ...change };
    this.kept = null;
    this.#show();
    if (this.shown.length && this.shown[this.position] !== this.current) {
      this.current = this.shown[Math.min(this.position, this.shown.length - 1)];
    }
    this.#tell("current");
  }

  /**
   * Give a turn another coding. It stays shown while it is the current one, so that it can be coded further.
   * @param {number} index
   * @param {Coding|null} coded
   */
  setCoded(index, coded) {
    this.turns[index].coded = coded;
    if (index === this.current && this.shown.length) {
      this.kept = passes(this.filters, this.turns[index]) ? null : index;
    }
    if (this.filtering) this.#show();
    this.touch(index);
  }

  /**
   * Tell that something about a turn is to be shown anew.
   * @param {number} index
   */
  touch(index) {
    this.dispatchEvent(new CustomEvent("turn", { detail: index }));
  }

  /** @param {Episode[]} episodes */
  setEpisodes(episodes) {
    if (JSON.stringify(episodes) === JSON.stringify(this.episodes)) return;
    this.episodes = episodes;
    this.#tell("episodes");
  }

  /** @param {number|null} index */
  setPlaying(index) {
    if (index === this.playing) return;
    const before = this.playing;
    this.playing = index;
    for (const each of [before, index]) if (each !== null) this.touch(each);
    this.#tell("playing");
  }

  /**
   * @param {number} first
   * @param {number} last
   */
  setView(first, last) {
    if (this.view[0] === first && this.view[1] === last) return;
    this.view = [first, last];
    this.#tell("view");
  }

  #show() {
    const matching = this.turns.filter((turn) => passes(this.filters, turn));
    this.matching = matching.length;
    this.shown = matching.map((turn) => turn.index);
    if (this.kept !== null) this.shown.splice(this.placeOf(this.kept), 0, this.kept);
    this.#tell("shown");
  }

  /** @param {string} what */
  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}

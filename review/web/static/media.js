/**
 * The recording: plays the moment of a turn and tells which turn is being played.
 */

import { clock } from "./words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./types.js").Turn} Turn */

const WITHOUT_END = 8;
const LAST_BREATH = 0.05;
const WITHIN = 0.2;

export class Player {
  /**
   * @param {HTMLMediaElement} element
   * @param {State} state
   * @param {(text: string) => void} say
   */
  constructor(element, state, say) {
    this.element = element;
    this.state = state;
    this.say = say;
    /** @type {number|null} where to stop, in seconds; null while it just plays on */
    this.until = null;
    this.begun = -1;
    /** @type {Turn[]} those that have a time, in order of it */
    this.timed = state.turns.filter((turn) => turn.start !== null);
    this.timed.sort((one, other) => Number(one.start) - Number(other.start));
    element.addEventListener("timeupdate", () => this.#follow());
    element.addEventListener("pause", () => {
      this.until = null;
      this.state.setPlaying(null);
    });
    // Whoever moves the player by hand wants to go on listening from there.
    element.addEventListener("seeking", () => {
      if (Math.abs(element.currentTime - this.begun) > WITHIN) this.until = null;
    });
    element.addEventListener("play", () => this.#watch());
    element.addEventListener("error", () => this.say("The browser cannot play this recording."));
  }

  /**
   * Play a turn from its start to its end; pause where it is being played already.
   * @param {Turn|null} turn
   */
  async toggle(turn) {
    if (!this.element.paused) return this.element.pause();
    if (!turn) return;
    if (turn.start === null) return this.say(`Turn ${turn.index} has no time in this transcript.`);
    this.begun = turn.start;
    this.element.currentTime = turn.start;
    this.until = this.endOf(turn);
    try {
      await this.element.play();
      this.say(`Playing turn ${turn.index}, from ${clock(turn.start)}.`);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) {
        this.say("The browser cannot play this recording.");
      }
    }
  }

  /**
   * Where a turn ends, in seconds: by the transcript, else where the next one begins.
   * @param {Turn} turn
   */
  endOf(turn) {
    if (turn.end !== null && turn.end > Number(turn.start)) return turn.end;
    const next = this.timed.find((each) => Number(each.start) > Number(turn.start));
    return next ? Number(next.start) : Number(turn.start) + WITHOUT_END;
  }

  /** Follow by frames, since timeupdate comes only four times in a second. */
  #watch() {
    const look = () => {
      this.#follow();
      if (!this.element.paused) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }

  #follow() {
    if (this.element.paused) return;
    const now = this.element.currentTime;
    if (this.until !== null && now >= this.until - LAST_BREATH) {
      this.until = null;
      this.element.pause();
      return;
    }
    this.state.setPlaying(this.#turnAt(now));
  }

  /** @param {number} now */
  #turnAt(now) {
    let low = 0;
    let high = this.timed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(this.timed[middle].start) <= now + LAST_BREATH) low = middle + 1;
      else high = middle;
    }
    const turn = this.timed[low - 1];
    return turn && now <= this.endOf(turn) ? turn.index : null;
  }
}

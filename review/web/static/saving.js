/**
 * Changes on their way to the server, one after the other. A change is shown at once and taken back if it is refused.
 * Tells by events: "status" (what the page says of it) and "saved". Knows no element.
 */

import { Refused } from "./api.js";

/** @typedef {import("./types.js").Change} Change */
/** @typedef {import("./types.js").Coding} Coding */
/** @typedef {import("./types.js").Turn} Turn */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./api.js").Api} Api */

export class Saver extends EventTarget {
  /**
   * @param {State} state
   * @param {Api} api
   */
  constructor(state, api) {
    super();
    this.state = state;
    this.api = api;
    this.waiting = 0;
    /** @type {Promise<void>} */
    this.queue = Promise.resolve();
    /** @type {Map<number, number>} how many changes of a turn are on their way */
    this.pending = new Map();
    /** @type {Map<number, Coding|null>} what the server last said of such turns */
    this.confirmed = new Map();
    this.problem = "";
  }

  /**
   * Show a change and send it.
   * @param {number} index
   * @param {Change} change
   */
  code(index, change) {
    const { state } = this;
    if (!this.pending.has(index)) this.confirmed.set(index, state.turns[index].coded);
    this.pending.set(index, (this.pending.get(index) ?? 0) + 1);
    state.saving.add(index);
    state.refused.delete(index);
    const { label, marker, sure, note } = change;
    state.setCoded(index, label === null ? null : { label, marker, sure, note });
    this.#enqueue(() => this.#send(index, change));
  }

  /**
   * Take the last change back, after those on their way have arrived.
   * @returns {Promise<Turn|null>} the turn as it is then; null where nothing was left to undo, or it was refused
   */
  undo() {
    return new Promise((resolve) => {
      this.#enqueue(async () => resolve(await this.#undo()));
    });
  }

  /** @param {() => Promise<void>} work */
  #enqueue(work) {
    this.waiting += 1;
    this.problem = "";
    this.#tell("status");
    this.queue = this.queue.then(work).finally(() => {
      this.waiting -= 1;
      this.#tell("status");
      if (this.waiting === 0) this.#tell("saved");
    });
  }

  /**
   * @param {number} index
   * @param {Change} change
   */
  async #send(index, change) {
    const { state } = this;
    let refused = false;
    try {
      const { turn } = await this.api.code(index, change);
      this.confirmed.set(index, turn.coded);
    } catch (error) {
      refused = true;
      this.#complain(error, `Turn ${index} was not saved and is as it was.`);
    }
    const left = (this.pending.get(index) ?? 1) - 1;
    if (left > 0) {
      this.pending.set(index, left);
      return;
    }
    this.pending.delete(index);
    state.saving.delete(index);
    if (refused) state.refused.add(index);
    state.setCoded(index, this.confirmed.get(index) ?? null);
    this.confirmed.delete(index);
  }

  async #undo() {
    try {
      const { turn } = await this.api.undo();
      if (turn) {
        this.state.refused.delete(turn.index);
        this.state.goto(turn.index);
        // A change of the same turn may have been made while this was on its way; it is newer.
        if (this.pending.has(turn.index)) this.confirmed.set(turn.index, turn.coded);
        else this.state.setCoded(turn.index, turn.coded);
      }
      return turn;
    } catch (error) {
      this.#complain(error, "Nothing was undone.");
      return null;
    }
  }

  /**
   * @param {unknown} error
   * @param {string} consequence
   */
  #complain(error, consequence) {
    if (!(error instanceof Refused)) console.error(error);
    this.problem = `${consequence} ${error instanceof Refused ? error.message : "Load the page again."}`;
  }

  /** @param {string} what */
  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}

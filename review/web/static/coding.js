/**
 * What a coder does to the current turn: label, marker, doubt, note. Decides what is sent; knows no element.
 */

import { count, labelled } from "./words.js";

/** @typedef {import("./types.js").Turn} Turn */
/** @typedef {import("./types.js").Change} Change */
/** @typedef {import("./types.js").Label} Label */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./saving.js").Saver} Saver */

export const LONGEST_NOTE = 2000;
const FIRST = "Label this turn first, with the keys 1 to 4.";
const NOTHING = "No turn is shown. Change the filters.";

export class Coding {
  /**
   * @param {State} state
   * @param {Saver} saver
   * @param {(text: string) => void} say
   */
  constructor(state, saver, say) {
    this.state = state;
    this.saver = saver;
    this.say = say;
  }

  /** The label that the coder has given the current turn, with its markers. @returns {Label|null} */
  get label() {
    const coded = this.state.turn?.coded;
    return this.state.session.labels.find((label) => label.name === coded?.label) ?? null;
  }

  /** Give the current turn a label; the model's marker stays where it is the model's label. @param {string} name */
  setLabel(name) {
    const { turn } = this.state;
    if (!turn) return this.say(NOTHING);
    const { coded, model } = turn;
    if (coded?.label === name) return this.say(`Turn ${turn.index} is coded ${labelled(coded)} already.`);
    const marker = model?.label === name ? model.marker : null;
    this.#send(turn, { label: name, marker, sure: coded?.sure ?? true, note: coded?.note ?? "" });
  }

  /** Set a marker of the coded label, or take it away. @param {string} name */
  setMarker(name) {
    const { turn } = this.state;
    if (!turn?.coded) return this.say(turn ? FIRST : NOTHING);
    this.#send(turn, { ...turn.coded, marker: turn.coded.marker === name ? null : name });
  }

  /** The marker of the coded label that a key stands for. @param {string} key */
  markerFor(key) {
    return this.label?.markers.find((marker) => marker.key === key) ?? null;
  }

  toggleSure() {
    const { turn } = this.state;
    if (!turn?.coded) return this.say(turn ? FIRST : NOTHING);
    this.#send(turn, { ...turn.coded, sure: !turn.coded.sure });
  }

  /**
   * @param {number} index
   * @param {string} text
   */
  setNote(index, text) {
    const turn = this.state.turns[index];
    const note = text.trim();
    if (!turn.coded || turn.coded.note === note) return;
    this.saver.code(index, { ...turn.coded, note });
    this.say(note ? `Note of ${count(note.length, "character")} at turn ${index}.` : `Note removed at turn ${index}.`);
  }

  takeBack() {
    const { turn } = this.state;
    if (!turn) return this.say(NOTHING);
    if (!turn.coded) return this.say(`Turn ${turn.index} is not coded by you.`);
    this.saver.code(turn.index, { label: null, marker: null, sure: true, note: "" });
    this.say(`Your coding of turn ${turn.index} is taken back.`);
  }

  async undo() {
    const turn = await this.saver.undo();
    if (turn) this.say(`Undone. Turn ${turn.index} is ${turn.coded ? labelled(turn.coded) : "not coded by you"}.`);
    else if (!this.saver.problem) this.say("Nothing is left to undo.");
  }

  /**
   * @param {Turn} turn
   * @param {import("./types.js").Coding} coding
   */
  #send(turn, coding) {
    this.saver.code(turn.index, coding);
    this.say(`Turn ${turn.index}: ${labelled(coding)}${coding.sure ? "" : ", not sure"}.`);
  }
}

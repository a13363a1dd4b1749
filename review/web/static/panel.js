/**
 * The panel of the current turn: buttons for labels and markers with their keys, doubt, note, and playing its moment.
 */

import { LONGEST_NOTE } from "./coding.js";
import { byId, fill, isolated, make, mark, setAll } from "./dom.js";
import { SHAPES, clock, percent } from "./words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./coding.js").Coding} Coding */
/** @typedef {import("./types.js").Turn} Turn */
/** @typedef {import("./types.js").Label} Label */
/** @typedef {import("./types.js").Marker} Marker */

const PAUSE = 2000;

export class Panel {
  /**
   * @param {State} state
   * @param {Coding} coding
   */
  constructor(state, coding) {
    this.state = state;
    this.coding = coding;
    this.labels = byId("labels");
    this.markers = byId("markers");
    this.unsure = byId("unsure");
    this.note = /** @type {HTMLTextAreaElement} */ (byId("note"));
    this.noted = state.current;
    /** @type {string|undefined|null} the label whose markers are shown; null before any are */
    this.marked = null;
    this.buttons = state.session.labels.map((label) => this.#labelButton(label));
    this.labels.append(...this.buttons);
    this.unsure.addEventListener("click", () => coding.toggleSure());
    byId("take-back").addEventListener("click", () => coding.takeBack());
    this.#listenToNote();
    for (const what of ["current", "shown"]) state.addEventListener(what, () => this.show());
    state.addEventListener("turn", (event) => {
      if (/** @type {CustomEvent} */ (event).detail === state.current) this.show();
    });
    this.show();
  }

  /** Whether a note is typed that is not on its way yet. */
  get dirty() {
    return !this.note.disabled && this.note.value.trim() !== (this.state.turns[this.noted].coded?.note ?? "");
  }

  /** @param {Label} label */
  #labelButton({ name, key }) {
    const button = make("button", { type: "button", class: `choice ${name}`, "aria-keyshortcuts": key },
      mark(SHAPES[name]), make("span", { class: "name" }, name), make("kbd", { "aria-hidden": "true" }, key));
    button.addEventListener("click", () => this.coding.setLabel(name));
    return button;
  }

  /** @param {Marker} marker */
  #markerButton({ name, key }) {
    const attributes = { type: "button", class: "chip", "aria-keyshortcuts": key, "data-marker": name };
    const button = make("button", attributes, make("kbd", { "aria-hidden": "true" }, key), ` ${name}`);
    button.addEventListener("click", () => this.coding.setMarker(name));
    return button;
  }

  #listenToNote() {
    let timer = 0;
    this.note.maxLength = LONGEST_NOTE;
    this.note.addEventListener("input", () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => this.saveNote(), PAUSE);
    });
    this.note.addEventListener("blur", () => this.saveNote());
  }

  saveNote() {
    if (!this.note.disabled) this.coding.setNote(this.noted, this.note.value);
  }

  /** Show the current turn. */
  show() {
    const { turn } = this.state;
    this.#showHead(turn);
    this.#showModel(turn);
    for (const [place, { name }] of this.state.session.labels.entries()) {
      setAll(this.buttons[place], { "aria-pressed": String(turn?.coded?.label === name), disabled: !turn });
      this.buttons[place].classList.toggle("suggested", !turn?.coded && turn?.model?.label === name);
    }
    this.#showMarkers();
    setAll(this.unsure, { "aria-pressed": String(turn?.coded?.sure === false), disabled: !turn?.coded });
    setAll(byId("take-back"), { disabled: !turn?.coded });
    this.#showNote(turn);
  }

  /** @param {Turn|null} turn */
  #showHead(turn) {
    const name = turn && this.state.session.speakers[turn.speaker].name;
    fill(byId("coding-title"), turn ? `Turn ${turn.index}` : "No turn", name && make("span", { class: "soft" }, " · "),
      name && isolated(name, "soft"),
      turn && turn.start !== null ? make("span", { class: "soft" }, ` · ${clock(turn.start)}`) : null);
    const play = document.getElementById("play");
    if (play) setAll(play, { disabled: !turn || turn.start === null });
  }

  /** @param {Turn|null} turn */
  #showModel(turn) {
    const line = byId("coding-model");
    const model = turn?.model;
    line.hidden = !model;
    if (!model) return;
    fill(line, "The model: ", make("span", { class: `label ${model.label}` }, mark(SHAPES[model.label]),
      ` ${model.label}`, model.marker ? make("span", { class: "marker" }, ` ${model.marker}`) : null),
      ` ${percent(model.probability)}`, model.doubtful ? ", to check" : "");
  }

  /** The buttons stay while the label does, so that none is taken from under a pointer or the focus. */
  #showMarkers() {
    const label = this.coding.label;
    if (label?.name !== this.marked) {
      const focused = this.markers.contains(document.activeElement);
      const hint = label ? "A neutral turn has no marker." : "Label the turn, then a marker if one fits.";
      if (label?.markers.length) fill(this.markers, ...label.markers.map((marker) => this.#markerButton(marker)));
      else fill(this.markers, make("p", { class: "hint" }, hint));
      this.marked = label?.name;
      if (focused) this.buttons.find((button) => button.getAttribute("aria-pressed") === "true")?.focus();
    }
    for (const button of this.markers.querySelectorAll("button")) {
      const pressed = button.dataset.marker === this.state.turn?.coded?.marker;
      setAll(button, { "aria-pressed": String(pressed) });
    }
  }

  /** @param {Turn|null} turn */
  #showNote(turn) {
    const typing = document.activeElement === this.note;
    if (typing && turn?.index === this.noted && turn.coded) return;
    this.noted = this.state.current;
    this.note.disabled = !turn?.coded;
    this.note.value = turn?.coded?.note ?? "";
    this.note.placeholder = turn?.coded ? "" : "A note belongs to a coding: label the turn first.";
  }

  /** @returns {boolean} whether a note can be written */
  writeNote() {
    if (this.note.disabled) {
      this.coding.say("Label this turn first; a note belongs to your coding.");
      return false;
    }
    this.note.focus();
    return true;
  }
}

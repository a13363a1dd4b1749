/**
 * The filters as buttons that stay pressed, the search for words, and how many turns are shown.
 */

import { byId, fill, isolated, make, mark, setAll, whenIdle } from "./dom.js";
import { noFilters } from "./filtering.js";
import { SHAPES, count, effective, isDoubtful } from "./words.js";

/** @typedef {import("./state.js").State} State */

export class FilterBar {
  /**
   * @param {State} state
   * @param {(text: string) => void} say
   */
  constructor(state, say) {
    this.state = state;
    this.say = say;
    this.find = /** @type {HTMLInputElement} */ (byId("find"));
    /** @type {{button: HTMLElement, pressed: () => boolean, number: () => number, figure: HTMLElement}[]} */
    this.chips = [];
    this.#makeLabels();
    this.#makeSpeakers();
    this.#makeKinds();
    this.find.addEventListener("input", () => this.#apply({ text: this.find.value }));
    for (const id of ["all", "all-again"]) byId(id).addEventListener("click", () => this.clear());
    const draw = whenIdle(() => this.show());
    for (const what of ["shown", "turn"]) state.addEventListener(what, draw);
    this.show();
  }

  #makeLabels() {
    for (const { name } of this.state.session.labels) {
      this.#chip(byId("filter-labels"), [mark(SHAPES[name]), ` ${name}`], {
        kind: name,
        pressed: () => this.state.filters.labels.has(name),
        toggle: () => ({ labels: toggled(this.state.filters.labels, name) }),
        number: () => this.#number((turn) => effective(turn)?.label === name),
      });
    }
  }

  #makeSpeakers() {
    for (const [place, { name }] of this.state.session.speakers.entries()) {
      this.#chip(byId("filter-speakers"), [isolated(name)], {
        kind: "speaker",
        pressed: () => this.state.filters.speakers.has(place),
        toggle: () => ({ speakers: toggled(this.state.filters.speakers, place) }),
        number: () => this.#number((turn) => turn.speaker === place),
      });
    }
  }

  #makeKinds() {
    const { state } = this;
    this.#chip(byId("filter-kinds"), [state.session.blind ? "not sure" : "to check"], {
      kind: "doubtful",
      pressed: () => state.filters.doubtful,
      toggle: () => ({ doubtful: !state.filters.doubtful }),
      number: () => this.#number(isDoubtful),
    });
    this.#chip(byId("filter-kinds"), ["not coded"], {
      kind: "open-work",
      pressed: () => state.filters.uncoded,
      toggle: () => ({ uncoded: !state.filters.uncoded }),
      number: () => this.#number((turn) => turn.coded === null),
    });
  }

  /**
   * @param {HTMLElement} group
   * @param {(Node|string)[]} words
   * @param {{kind: string, pressed: () => boolean, toggle: () => Partial<import("./types.js").Filters>,
   *   number: () => number}} filter
   */
  #chip(group, words, { kind, pressed, toggle, number }) {
    const figure = make("span", { class: "figure" });
    const button = make("button", { type: "button", class: `chip ${kind}`, "data-filter": kind }, ...words, " ", figure);
    button.addEventListener("click", () => this.#apply(toggle()));
    group.append(button);
    this.chips.push({ button, pressed, number, figure });
  }

  /** @param {(turn: import("./types.js").Turn) => boolean} wanted */
  #number(wanted) {
    let found = 0;
    for (const turn of this.state.turns) if (wanted(turn)) found += 1;
    return found;
  }

  /** @param {Partial<import("./types.js").Filters>} change */
  #apply(change) {
    this.state.filter(change);
    this.show();
    this.say(this.#summary());
  }

  clear() {
    this.find.value = "";
    this.#apply(noFilters());
    if (document.activeElement === document.body) byId("transcript").focus();
  }

  /** Show one kind of turns only. @param {Partial<import("./types.js").Filters>} filters */
  only(filters) {
    this.find.value = "";
    this.#apply({ ...noFilters(), ...filters });
  }

  #summary() {
    const { matching, turns, filtering } = this.state;
    if (!filtering) return `All ${count(turns.length, "turn")} are shown.`;
    return matching ? `${matching} of ${count(turns.length, "turn")} shown.` : "No turn is like that.";
  }

  show() {
    const { state } = this;
    for (const { button, pressed, number, figure } of this.chips) {
      setAll(button, { "aria-pressed": String(pressed()) });
      figure.textContent = String(number());
    }
    fill(byId("shown"), state.filtering ? `${state.matching} of ${count(state.turns.length, "turn")}`
      : count(state.turns.length, "turn"));
    byId("all").hidden = !state.filtering;
    byId("empty").hidden = state.shown.length > 0;
  }

  focus() {
    this.chips[0].button.focus();
  }
}

/**
 * @template T
 * @param {Set<T>} set
 * @param {T} value
 */
function toggled(set, value) {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}

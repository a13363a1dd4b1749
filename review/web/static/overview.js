/**
 * A session in one minute: how many ruptures, by whom, repaired or left open; what is left to do. And its episodes.
 */

import { byId, fill, isolated, make, mark, setAll, whenIdle } from "./dom.js";
import { OUTCOMES, OUTCOME_SHAPES, SHAPES, count, effective, isDoubtful, percent } from "./words.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./types.js").Episode} Episode */

const COUNTED = ["withdrawal", "confrontation", "repair"];
const AFTER_A_CHANGE = "Each turn's label counts as you coded it, else as the model has it.";

export class Overview {
  /**
   * @param {State} state
   * @param {{checkDoubtful: () => void}} actions
   */
  constructor(state, { checkDoubtful }) {
    this.state = state;
    byId("check").addEventListener("click", checkDoubtful);
    const draw = whenIdle(() => this.show());
    for (const what of ["turn", "episodes"]) state.addEventListener(what, draw);
    state.addEventListener("episodes", () => this.#showEpisodes());
    state.addEventListener("current", () => this.#markEpisode());
    byId("people").title = AFTER_A_CHANGE;
    byId("episodes-part").hidden = byId("outcomes-part").hidden = state.session.blind;
    byId("blind-note").hidden = !state.session.blind;
    this.show();
    this.#showEpisodes();
  }

  show() {
    this.#showOutcomes();
    this.#showPeople();
    const { turns } = this.state;
    const coded = turns.filter((turn) => turn.coded).length;
    const doubtful = turns.filter(isDoubtful).length;
    fill(byId("coded"), make("b", {}, String(coded)), ` of ${count(turns.length, "turn")} coded by you`);
    setAll(byId("coded-bar"), { value: coded, max: Math.max(1, turns.length) });
    fill(byId("check"), make("b", {}, String(doubtful)), this.state.session.blind ? " not sure" : " to check");
    setAll(byId("check"), { disabled: doubtful === 0 });
  }

  #showOutcomes() {
    const { episodes } = this.state;
    byId("episode-count").textContent = String(episodes.length);
    byId("episode-word").textContent = episodes.length === 1 ? "rupture episode" : "rupture episodes";
    fill(byId("outcomes"), ...OUTCOMES.map((outcome) => {
      const number = episodes.filter((episode) => episode.outcome === outcome).length;
      return make("li", { class: `outcome ${outcome}${number ? "" : " none"}` }, mark(OUTCOME_SHAPES[outcome]),
        ` ${number} ${outcome}`);
    }));
    fill(byId("first"), ...this.#lookFirst());
  }

  /** Those that were left open come first, then those where an attempt was not taken up. */
  #lookFirst() {
    const { episodes } = this.state;
    if (!episodes.length) return ["No turn is labelled a rupture. The model misses some: no proof that nothing strained."];
    const unmended = episodes.filter(({ outcome }) => outcome !== "repaired");
    unmended.sort((one, other) => OUTCOMES.indexOf(other.outcome) - OUTCOMES.indexOf(one.outcome));
    if (!unmended.length) return ["Every episode was repaired, as far as the labels tell."];
    const links = unmended.slice(0, 3).flatMap((episode) => [" ", this.#link(episode)]);
    const rest = unmended.length > 3 ? ` and ${unmended.length - 3} more` : "";
    return ["Look first at", ...links, `${rest}.`];
  }

  /** @param {Episode} episode */
  #link(episode) {
    const words = `episode ${episode.number} (${episode.outcome})`;
    const button = make("button", { type: "button", class: `link ${episode.outcome}` }, words);
    button.addEventListener("click", () => this.#open(episode));
    return button;
  }

  #showPeople() {
    const { session, turns } = this.state;
    const counts = session.speakers.map(() => /** @type {Record<string, number>} */ ({}));
    for (const turn of turns) {
      const label = effective(turn)?.label;
      if (label) counts[turn.speaker][label] = (counts[turn.speaker][label] ?? 0) + 1;
    }
    fill(byId("people-rows"), ...session.speakers.map(({ name }, place) =>
      make("tr", {}, make("th", { scope: "row" }, isolated(name)),
        ...COUNTED.map((label) => {
          const number = counts[place][label] ?? 0;
          return make("td", { class: number ? label : "none" }, mark(SHAPES[label]), ` ${number}`);
        }))));
  }

  #showEpisodes() {
    const { episodes } = this.state;
    byId("no-episode").hidden = episodes.length > 0;
    fill(byId("episodes"), ...episodes.map((episode) => make("li", {}, this.#item(episode))));
    this.#markEpisode();
  }

  /** @param {Episode} episode */
  #item(episode) {
    const { number, first, last, outcome, probability } = episode;
    const turns = first === last ? `turn ${first}` : `turns ${first} to ${last}`;
    const button = make("button", { type: "button", class: `episode ${outcome}` },
      make("span", { class: "title" }, make("b", {}, String(number)), make("span", { class: `outcome ${outcome}` }, " ",
        mark(OUTCOME_SHAPES[outcome] ?? ""), ` ${outcome}`), make("span", { class: "soft" }, ` ${turns}`)),
      make("span", { class: "detail" }, ...this.#detail(episode)),
      probability === null ? null : make("span", { class: "detail" }, `The outcome is at most ${percent(probability)} sure.`));
    button.addEventListener("click", () => this.#open(episode));
    return button;
  }

  /** @param {Episode} episode */
  #detail({ opened_by: opener, attempts }) {
    const begins = ["Begins with ", isolated(this.state.session.speakers[opener].name), ". "];
    if (!attempts.length) return [...begins, "Nobody tried to repair."];
    /** @type {Map<string, number>} */
    const receptions = new Map();
    for (const { reception } of attempts) receptions.set(reception, (receptions.get(reception) ?? 0) + 1);
    const told = [...receptions].map(([reception, number]) => `${number} ${reception}`).join(", ");
    return [...begins, `${count(attempts.length, "repair attempt")}: ${told}.`];
  }

  /** @param {Episode} episode */
  #open(episode) {
    this.state.goto(episode.first);
    byId("transcript").focus();
  }

  /** Mark the episode that the current turn belongs to. */
  #markEpisode() {
    const { current, episodes } = this.state;
    for (const [place, item] of [...byId("episodes").children].entries()) {
      const within = episodes[place].first <= current && current <= episodes[place].last;
      setAll(/** @type {Element} */ (item.firstElementChild), { "aria-current": within ? "true" : null });
    }
  }
}

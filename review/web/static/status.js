/**
 * What the page tells: whether all is saved, problems in a box of their own, and small things for screen readers.
 */

import { byId } from "./dom.js";

/** @typedef {import("./saving.js").Saver} Saver */

const BREATH = 40;

export class Status {
  constructor() {
    this.saved = byId("saved");
    this.problem = byId("problem");
    this.live = byId("live");
    this.timer = 0;
    this.words = "";
    byId("dismiss").addEventListener("click", () => {
      this.problem.hidden = true;
      byId("transcript").focus();
    });
  }

  /** Say something at the foot of the page, where screen readers listen. @param {string} text */
  say(text) {
    this.words = text;
    // Emptied first, so that the same words are told again.
    this.live.textContent = "";
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (this.live.textContent = text), BREATH);
  }

  /** @param {Saver} saver */
  show({ waiting, problem }) {
    const kind = problem ? "refused" : waiting ? "saving" : "saved";
    this.saved.className = kind;
    this.saved.textContent = { refused: "not saved", saving: "saving…", saved: "saved" }[kind];
    if (problem) this.complain(problem);
    else this.problem.hidden = true;
    if (!problem && !waiting) this.say(`${this.words} Saved.`.trim());
  }

  /** @param {string} text */
  complain(text) {
    byId("problem-text").textContent = text;
    this.problem.hidden = false;
  }
}

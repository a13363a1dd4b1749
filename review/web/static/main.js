/**
 * Puts the review page of a session together.
 */

import { Api, Refused } from "./api.js";
import { Coding } from "./coding.js";
import { byId } from "./dom.js";
import { FilterBar } from "./filters.js";
import { fillHelp } from "./help.js";
import { listen } from "./keys.js";
import { Transcript } from "./list.js";
import { Player } from "./media.js";
import { Overview } from "./overview.js";
import { Panel } from "./panel.js";
import { Saver } from "./saving.js";
import { State } from "./state.js";
import { Status } from "./status.js";
import { Timeline } from "./timeline.js";
import { isDoubtful, isRupture } from "./words.js";

/** @typedef {import("./keys.js").Action} Action */

const AFTER_SAVING = 700;

class Page {
  /**
   * @param {import("./types.js").Session} session
   * @param {Api} api
   * @param {Status} status
   */
  constructor(session, api, status) {
    this.api = api;
    this.status = status;
    const say = (/** @type {string} */ text) => status.say(text);
    this.state = new State(session);
    this.saver = new Saver(this.state, api);
    this.coding = new Coding(this.state, this.saver, say);
    this.panel = new Panel(this.state, this.coding);
    this.filters = new FilterBar(this.state, say);
    const checkDoubtful = () => this.filters.only({ doubtful: true });
    this.overview = new Overview(this.state, { checkDoubtful });
    this.transcript = new Transcript(byId("transcript"), this.state);
    const canvas = /** @type {HTMLCanvasElement} */ (byId("timeline"));
    this.timeline = new Timeline({ canvas, tip: byId("tip") }, this.state);
    const media = document.getElementById("media");
    this.player = media instanceof HTMLMediaElement ? new Player(media, this.state, say) : null;
    this.#showSession(session);
    this.#listen();
  }

  /** @param {import("./types.js").Session} session */
  #showSession({ model, blind, labels }) {
    byId("model-name").textContent = blind ? "Blind: the model's labels are hidden" : `Model ${model}`;
    document.body.classList.toggle("blind", blind);
    fillHelp(labels);
  }

  #listen() {
    const { saver, status, panel, state } = this;
    saver.addEventListener("status", () => status.show(saver));
    saver.addEventListener("saved", () => this.#refresh());
    window.addEventListener("beforeunload", (event) => {
      if (saver.waiting || panel.dirty) event.preventDefault();
    });
    window.addEventListener("pagehide", () => panel.saveNote());
    byId("undo").addEventListener("click", () => this.coding.undo());
    byId("help-button").addEventListener("click", () => this.#help());
    document.getElementById("play")?.addEventListener("click", () => this.player?.toggle(state.turn));
    panel.note.addEventListener("keydown", (event) => this.#leaveField(event));
    this.filters.find.addEventListener("keydown", (event) => this.#leaveField(event));
    const everywhere = () => /** @type {HTMLInputElement} */ (byId("keys-everywhere")).checked;
    const other = (/** @type {KeyboardEvent} */ event) => this.#otherKey(event);
    listen({ transcript: byId("transcript"), everywhere, actions: this.#actions(), other });
  }

  /** @param {KeyboardEvent} event */
  #leaveField(event) {
    const done = event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey));
    if (!done || event.isComposing) return;
    event.preventDefault();
    byId("transcript").focus();
  }

  /** @returns {Map<string, Action>} */
  #actions() {
    const { state, coding } = this;
    /** @type {[string, Action][]} */
    const actions = [
      ["j", () => this.#moved(state.move(1), "This is the last turn that is shown.")],
      ["k", () => this.#moved(state.move(-1), "This is the first turn that is shown.")],
      ["n", (event) => this.#seek(event, isRupture, "rupture")],
      ["u", (event) => this.#seek(event, isDoubtful, state.session.blind ? "turn that you are not sure of" : "turn to check")],
      ["Home", () => void state.move(-state.turns.length)],
      ["End", () => void state.move(state.turns.length)],
      ["PageDown", () => void state.move(this.transcript.pageful)],
      ["PageUp", () => void state.move(-this.transcript.pageful)],
      ["0", () => coding.takeBack()],
      ["q", () => coding.toggleSure()],
      ["t", () => void this.panel.writeNote()],
      ["z", () => void coding.undo()],
      ["f", () => this.filters.focus()],
      ["/", () => this.filters.find.focus()],
      ["?", () => this.#help()],
    ];
    for (const { name, key } of state.session.labels) actions.push([key, () => coding.setLabel(name)]);
    const { player } = this;
    if (player) actions.push([" ", () => void player.toggle(state.turn)]);
    const found = new Map(actions);
    found.set("ArrowDown", /** @type {Action} */ (found.get("j")));
    found.set("ArrowUp", /** @type {Action} */ (found.get("k")));
    return found;
  }

  /** @param {KeyboardEvent} event */
  #otherKey(event) {
    const marker = this.coding.markerFor(event.key.toLowerCase());
    if (!marker) return false;
    this.coding.setMarker(marker.name);
  }

  /**
   * @param {boolean} moved
   * @param {string} otherwise
   */
  #moved(moved, otherwise) {
    if (!moved) this.status.say(otherwise);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {(turn: import("./types.js").Turn) => boolean} wanted
   * @param {string} what
   */
  #seek(event, wanted, what) {
    const direction = event.shiftKey ? -1 : 1;
    this.#moved(this.state.seek(direction, wanted), `No ${what} ${event.shiftKey ? "before" : "after"} this one.`);
  }

  #help() {
    /** @type {HTMLDialogElement} */ (byId("help")).showModal();
  }

  /** Ask for the episodes anew once nothing has changed for a moment. */
  #refresh() {
    clearTimeout(this.timer);
    if (this.state.session.blind || this.saver.problem) return;
    byId("episodes-part").setAttribute("aria-busy", "true");
    this.timer = window.setTimeout(() => this.#fetchEpisodes(), AFTER_SAVING);
  }

  async #fetchEpisodes() {
    try {
      this.state.setEpisodes((await this.api.episodes()).episodes);
    } catch (error) {
      this.status.complain(`The episodes may be out of date. ${error instanceof Refused ? error.message : ""}`);
    } finally {
      byId("episodes-part").removeAttribute("aria-busy");
    }
  }
}

async function start() {
  const status = new Status();
  const csrf = document.querySelector("meta[name=csrf]")?.getAttribute("content") ?? "";
  const api = new Api(byId("review").dataset.session ?? "", csrf);
  try {
    new Page(await api.session(), api, status);
  } catch (error) {
    if (!(error instanceof Refused)) console.error(error);
    status.complain(error instanceof Refused ? error.message : "The page could not be put together. Load it again.");
    return;
  }
  byId("review").removeAttribute("aria-busy");
  performance.mark("mendline-ready");
}

await start();

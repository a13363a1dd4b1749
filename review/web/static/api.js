/**
 * The server's answers as plain objects, and its refusals as one kind of error. Knows no element.
 */

/** @typedef {import("./types.js").Session} Session */
/** @typedef {import("./types.js").Turn} Turn */
/** @typedef {import("./types.js").Episode} Episode */
/** @typedef {import("./types.js").Change} Change */

const PATIENCE = 20_000;

/** What the server, or the lack of one, said in plain words. */
export class Refused extends Error {}

export class Api {
  /**
   * @param {string} session  its id
   * @param {string} csrf
   */
  constructor(session, csrf) {
    this.base = `/api/sessions/${encodeURIComponent(session)}`;
    this.csrf = csrf;
  }

  /** @returns {Promise<Session>} */
  session() {
    return this.#ask("GET", "");
  }

  /** @returns {Promise<{episodes: Episode[]}>} */
  episodes() {
    return this.#ask("GET", "/episodes");
  }

  /**
   * @param {number} turn
   * @param {Change} change
   * @returns {Promise<{turn: Turn}>}
   */
  code(turn, change) {
    return this.#ask("POST", `/turns/${turn}`, change);
  }

  /** @returns {Promise<{turn: Turn|null}>} */
  undo() {
    return this.#ask("POST", "/undo", {});
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  async #ask(method, path, body) {
    const response = await this.#send(method, path, body);
    const type = response.headers.get("Content-Type") ?? "";
    const answer = type.startsWith("application/json") ? await response.json() : {};
    if (response.ok) return answer;
    if (typeof answer.error === "string") throw new Refused(answer.error);
    throw new Refused(
      response.status === 403
        ? "This page is no longer let in. Start `mendline review` again and open the address that it prints."
        : `Mendline answered with error ${response.status}. Load the page again.`,
    );
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   */
  async #send(method, path, body) {
    /** @type {RequestInit} */
    const request = { method, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE) };
    if (method === "POST") {
      request.headers = { "Content-Type": "application/json", "X-Mendline-CSRF": this.csrf };
      request.body = JSON.stringify(body);
    }
    try {
      return await fetch(this.base + path, request);
    } catch {
      throw new Refused("Mendline does not answer. Is `mendline review` still running in its terminal?");
    }
  }
}

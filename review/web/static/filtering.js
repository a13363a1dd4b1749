/**
 * Which turns are shown. Pure functions; knows no element.
 */

import { effective, isDoubtful } from "./words.js";

/** @typedef {import("./types.js").Filters} Filters */
/** @typedef {import("./types.js").Turn} Turn */

/** @returns {Filters} */
export function noFilters() {
  return { labels: new Set(), speakers: new Set(), doubtful: false, uncoded: false, text: "" };
}

/** @param {Filters} filters */
export function isFiltering(filters) {
  const { labels, speakers, doubtful, uncoded, text } = filters;
  return labels.size > 0 || speakers.size > 0 || doubtful || uncoded || text.trim() !== "";
}

/**
 * Whether a turn passes: one of the labels, and one of the speakers, and so on; an empty choice lets all pass.
 * @param {Filters} filters
 * @param {Turn} turn
 */
export function passes(filters, turn) {
  const { labels, speakers } = filters;
  if (labels.size && !labels.has(effective(turn)?.label ?? "")) return false;
  if (speakers.size && !speakers.has(turn.speaker)) return false;
  if (filters.doubtful && !isDoubtful(turn)) return false;
  if (filters.uncoded && turn.coded) return false;
  const wanted = filters.text.trim().toLowerCase();
  return wanted === "" || turn.text.toLowerCase().includes(wanted);
}

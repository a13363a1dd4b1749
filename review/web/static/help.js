/**
 * The part of the help that depends on the labels: the key of each label and of its markers.
 */

import { byId, fill, make, mark } from "./dom.js";
import { SHAPES } from "./words.js";

/** @typedef {import("./types.js").Label} Label */

/** @param {Label[]} labels */
export function fillHelp(labels) {
  fill(byId("help-labels"), ...labels.map(({ name, key, markers }) =>
    make("div", {}, make("dt", { class: `label ${name}` }, make("kbd", {}, key), " ", mark(SHAPES[name]), ` ${name}`),
      make("dd", {}, ...markers.flatMap((marker) => [make("span", { class: "pair" }, make("kbd", {}, marker.key),
        ` ${marker.name}`), " "])))));
}

/**
 * Elements from plain values. Text always becomes a text node, so nothing that a transcript says can become markup.
 */

const LATER = 200;

/**
 * Find an element that the page's template has.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page lacks #${id}`);
  return /** @type {T} */ (found);
}

/**
 * Make an element. Attributes that are null or false are left out, true stands for an empty value.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string|number|boolean|null>} attributes
 * @param {...(Node|string|null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAll(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * @param {Element} element
 * @param {Record<string, string|number|boolean|null>} attributes
 */
export function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/**
 * Words of a transcript, kept apart from the direction of what stands around them.
 * @param {string} text
 * @param {string} [kind]
 */
export function isolated(text, kind) {
  return make("bdi", { class: kind ?? null, dir: "auto" }, text);
}

/** @param {string} shape */
export function mark(shape) {
  return make("span", { class: "shape", "aria-hidden": "true" }, shape);
}

/**
 * Replace what an element holds.
 * @param {Element} element
 * @param {...(Node|string|null)} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null));
}

/**
 * Call at most once a frame, however often it is asked for.
 * @param {() => void} work
 */
export function onceAFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

/**
 * Call at most once, when the page has nothing better to do: for figures that may come a moment later than a label.
 * @param {() => void} work
 */
export function whenIdle(work) {
  const ask = window.requestIdleCallback ?? ((/** @type {() => void} */ then) => window.setTimeout(then, LATER));
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    ask(() => {
      asked = false;
      work();
    }, { timeout: LATER });
  };
}

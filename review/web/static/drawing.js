/**
 * Strokes of the timeline: shapes of the labels, spans of episodes, in the page's own colours. Knows no session.
 */

const COLOURS = ["ground", "panel", "line", "text", "soft", "focus", "bar", "withdrawal", "confrontation", "repair",
  "neutral", "repaired", "attempted", "open"];
/** @type {Record<string, number[]>} */
const DASHES = { repaired: [], attempted: [6, 3], open: [1.5, 2.5] };
const DOUBT = [2, 1.5];

/**
 * The colours that the style sheet gives at the moment, light or dark.
 * @returns {Record<string, string>}
 */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

/**
 * An empty canvas, with as many pixels as its place on the screen has.
 * @param {HTMLCanvasElement} canvas
 * @param {{width: number, height: number}} size  in CSS pixels; handed in, since asking the page would lay it out anew
 */
export function prepare(canvas, { width, height }) {
  const scale = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/**
 * The shape of a label, as in Mendline's reports, around a centre.
 * @param {CanvasRenderingContext2D} pen
 * @param {string} label
 * @param {number} x
 * @param {number} y
 * @param {number} size  from the centre to the edge
 * @param {Record<string, string>} colours
 */
export function shape(pen, label, x, y, size, colours) {
  pen.beginPath();
  if (label === "withdrawal") {
    triangle(pen, x, y, size, 1);
    pen.fillStyle = colours.ground;
    pen.fill();
    pen.strokeStyle = colours.withdrawal;
    pen.lineWidth = Math.min(2, size * 0.45);
    pen.lineJoin = "round";
    pen.stroke();
    return;
  }
  if (label === "confrontation") triangle(pen, x, y, size, -1);
  else if (label === "repair") pen.arc(x, y, size * 0.92, 0, 2 * Math.PI);
  pen.fillStyle = colours[label];
  pen.fill();
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {1|-1} down
 */
function triangle(pen, x, y, size, down) {
  pen.moveTo(x - size, y - size * 0.8 * down);
  pen.lineTo(x + size, y - size * 0.8 * down);
  pen.lineTo(x, y + size * down);
  pen.closePath();
}

/**
 * A turn's bar: the wider, the more was said; a broken outline where somebody should look.
 * @param {CanvasRenderingContext2D} pen
 * @param {{left: number, top: number, width: number, height: number, label: string|null, doubtful: boolean}} turn
 * @param {Record<string, string>} colours
 */
export function bar(pen, { left, top, width, height, label, doubtful }, colours) {
  const plain = label === null || label === "neutral";
  const before = pen.globalAlpha;
  pen.fillStyle = plain ? colours.bar : colours[label];
  if (!plain) pen.globalAlpha = before * 0.35;
  pen.fillRect(left, top, width, height);
  pen.globalAlpha = before;
  if (!doubtful) return;
  pen.strokeStyle = colours.text;
  pen.lineWidth = 1;
  pen.setLineDash(DOUBT);
  pen.strokeRect(left, top, width, height);
  pen.setLineDash([]);
}

/**
 * An episode's span; its outline tells the outcome as its colour does.
 * @param {CanvasRenderingContext2D} pen
 * @param {{left: number, top: number, width: number, height: number, outcome: string}} span
 * @param {Record<string, string>} colours
 */
export function span(pen, { left, top, width, height, outcome }, colours) {
  pen.beginPath();
  pen.roundRect(left, top, width, height, 3);
  pen.globalAlpha = 0.1;
  pen.fillStyle = colours[outcome];
  pen.fill();
  pen.globalAlpha = 1;
  pen.setLineDash(DASHES[outcome] ?? []);
  pen.strokeStyle = colours[outcome];
  pen.lineWidth = outcome === "open" ? 1.8 : 1.2;
  pen.stroke();
  pen.setLineDash([]);
}

/**
 * Text that is cut off to fit.
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 * @param {number} room
 */
export function fitting(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 1 && pen.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
  return `${text.slice(0, length)}…`;
}

/**
 * What the server sends and what the modules hand to each other, for editors and type checkers. Holds no code. Names and
 * texts come with controls and marks that reorder a line made visible.
 *
 * @typedef {{name: string, role: string}} Speaker
 * @typedef {{name: string, key: string}} Marker
 * @typedef {{name: string, key: string, markers: Marker[]}} Label
 * @typedef {{label: string, marker: string|null, probability: number, doubtful: boolean}} Suggestion  The model's.
 * @typedef {{label: string, marker: string|null, sure: boolean, note: string}} Coding  The coder's own.
 * @typedef {{label: string|null, marker: string|null, sure: boolean, note: string}} Change  A null label takes it back.
 * @typedef {{index: number, speaker: number, text: string, start: number|null, end: number|null,
 *   model: Suggestion|null, coded: Coding|null}} Turn
 * @typedef {{turn: number, reception: string}} Attempt
 * @typedef {{number: number, first: number, last: number, opened_by: number, outcome: string, probability: number|null,
 *   attempts: Attempt[]}} Episode  The outcome is `probability` sure at most.
 * @typedef {{url: string, kind: string}} Media
 * @typedef {{id: string, name: string, model: string|null, coder: string, blind: boolean, media: Media|null,
 *   speakers: Speaker[], labels: Label[], turns: Turn[], episodes: Episode[]}} Session
 * @typedef {{labels: Set<string>, speakers: Set<number>, doubtful: boolean, uncoded: boolean, text: string}} Filters
 */
export {};

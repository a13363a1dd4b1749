/**
 * Keys. Each does nothing while somebody types, while a dialog is open or with Ctrl, Alt or Meta; where the keys are
 * switched off in the help, they work in the transcript only.
 */

/** @typedef {(event: KeyboardEvent) => boolean|void} Action  says false where the key is not for it */

const FIELDS = "textarea, select, input:not([type=checkbox]):not([type=button])";
const OPERATED = "button, a, input, summary, audio, video, textarea, select";

/**
 * @param {{transcript: HTMLElement, everywhere: () => boolean, actions: Map<string, Action>, other: Action}} keys
 *   `actions` by the key's name in lower case; `other` gets the keys that are not among them.
 */
export function listen({ transcript, everywhere, actions, other }) {
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (document.querySelector("dialog[open]") || target.closest(FIELDS)) return;
    const inTranscript = transcript.contains(target);
    if (!inTranscript && !everywhere()) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    // A button, a link or a player has a use of its own for these.
    if ((name.length > 1 || name === " ") && !inTranscript && target.closest(OPERATED)) return;
    if (name.length > 1 && !inTranscript && target !== document.body) return;
    const action = actions.get(name) ?? other;
    if (action(event) !== false) event.preventDefault();
  });
}

// Says at a button that what it sends is under way, and keeps a second click from sending it again.
// Without this a form is sent as often as it is pressed, which changes nothing.
'use strict';

// Whoever stopped waiting may press again.
const PATIENCE_MILLIS = 20_000;
const { enviando } = document.currentScript.dataset;

for (const form of document.querySelectorAll('main form[method="post"]')) {
  // The button that was pressed, and what it said before.
  let pressed;
  const rest = () => {
    if (!pressed) return;
    const { button, text } = pressed;
    button.removeAttribute('aria-busy');
    button.textContent = text;
    pressed = undefined;
  };
  form.addEventListener('submit', (event) => {
    if (pressed) {
      event.preventDefault();
      return;
    }
    const button = event.submitter;
    pressed = { button, text: button.textContent };
    button.setAttribute('aria-busy', 'true');
    button.textContent = enviando;
    setTimeout(rest, PATIENCE_MILLIS);
  });
  // A page that comes out of the browser's memory was left while it sent.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) rest();
  });
}

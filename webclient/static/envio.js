// Says at a button that what it sends is under way, and keeps a second click from sending it again.
// Without this a form is sent as often as it is pressed, which changes nothing.
'use strict';

// Whoever stopped waiting may press again.
const PATIENCE_MILLIS = 20_000;
const { enviando } = document.currentScript.dataset;

for (const form of document.querySelectorAll('main form[method="post"]')) {
  // It may stand beside its form.
  const button = [...form.elements].find(({ type }) => type === 'submit');
  const text = button.textContent;
  const rest = () => {
    button.removeAttribute('aria-busy');
    button.textContent = text;
  };
  form.addEventListener('submit', (event) => {
    if (button.hasAttribute('aria-busy')) {
      event.preventDefault();
      return;
    }
    button.setAttribute('aria-busy', 'true');
    button.textContent = enviando;
    setTimeout(rest, PATIENCE_MILLIS);
  });
  // A page that comes out of the browser's memory was left while it sent.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) rest();
  });
}

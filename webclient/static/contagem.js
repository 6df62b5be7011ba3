// Counts the time that is left of a hold down, where the page says how much that was. Without
// this the page says the same, once.
'use strict';

for (const timer of document.querySelectorAll('[data-faltam]')) {
  // A page that comes out of the browser's memory is older than it says; this machine's clock may
  // be wrong. The earlier of the two ends counts.
  const shown = performance.now();
  const bySpan = Number(timer.dataset.faltam) * 1000;
  const byClock = Number(timer.dataset.fim) - Date.now();
  const span = Math.min(bySpan, Math.max(byClock, 0));
  const show = () => {
    const left = Math.ceil((span - (performance.now() - shown)) / 1000);
    if (left <= 0) {
      timer.textContent = timer.dataset.acabou;
      clearInterval(clock);
      return;
    }
    const seconds = String(left % 60).padStart(2, '0');
    timer.textContent = timer.dataset.texto.replace('*', `${Math.floor(left / 60)}:${seconds}`);
  };
  const clock = setInterval(show, 1000);
  show();
}

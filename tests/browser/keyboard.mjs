// Going through a page by the keyboard alone.

import assert from 'node:assert/strict';

/** How many stops a page may have before the one that is looked for. */
const STOPS_MAX = 150;

/** Goes on with Tab until this has the focus, or back with Shift+Tab; what has it on the way must be
 * in sight, and be seen to have it. */
export async function tabTo({ page }, target, key = 'Tab') {
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press(key);
    assert.equal(await covered(page), null, 'what has the focus is hidden, or is not seen to have it');
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail(`${target} is not reached by Tab`);
}

/** What has the focus, if it is not to be seen. */
function covered(page) {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body) return null;
    // The first line of a link that is broken in two.
    const [{ left, top, width, height }] = focused.getClientRects();
    const seen = document.elementFromPoint(left + width / 2, top + height / 2);
    const shown = focused.closest('label') ?? focused;
    const outlined = [shown, focused].some((one) => getComputedStyle(one).outlineStyle !== 'none');
    // Whoever skips the head is led to the page itself, which is everything one sees.
    if (shown.contains(seen) && (outlined || focused.localName === 'main')) return null;
    return focused.outerHTML.slice(0, 200);
  });
}

/** Goes there and presses it. */
export async function pressKey(visitor, target, key = 'Enter') {
  await tabTo(visitor, target);
  await visitor.page.keyboard.press(key);
}

// What must be in reach wherever one is in a page: what has the focus, and the sum of what is chosen.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SITES, Visitor, launch } from './chromium.mjs';
import { tabTo } from './keyboard.mjs';
import { ANA, BENTO, STEPS, walk } from './walk.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Visitors who only walk: what they pass is looked at in the other walks. */
const arrive = (site, width, name) => Visitor.arrive(browser, { site, width, name, look: false });

/** Chooses a whole trip; the addresses of pages on which it travels along, by what they ask for. */
async function choose(visitor) {
  for (const step of STEPS.slice(0, -1)) await step(visitor, ANA);
  const { search } = new URL(visitor.page.url());
  const city = `&cidade=${encodeURIComponent(ANA.city)}&dataIda=2099-12-21&numeroDePessoas=2`;
  const airport = `&paraAeroporto=${encodeURIComponent(ANA.airport)}&dataIda=2099-12-21&numeroPassagens=2`;
  return {
    searches: ['/', '/hospedagem', '/passeio'].map((path) => path + search),
    lists: [`/voos${search}${airport}`, `/hospedagens${search}${city}&dataVolta=2099-12-24`, `/passeios${search}${city}`],
    review: `/pacote${search}`,
  };
}

/** Fails unless all of these are in the window, at the top of the page and further down. */
async function checkInSight({ page }, ...wanted) {
  for (const part of [0, 0.5]) {
    await page.evaluate((part) => scrollTo({ top: part * document.body.scrollHeight, behavior: 'instant' }), part);
    for (const one of wanted) {
      const seen = await one.evaluate((element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const { clientWidth, clientHeight } = document.documentElement;
        return left >= 0 && right <= clientWidth && top >= 0 && bottom <= clientHeight;
      });
      assert.ok(seen, `${page.url()}, scrolled by ${part}: ${one} is out of sight`);
    }
  }
}

for (const width of [360, 1440]) {
  test(`forwards and backwards by the keyboard, nothing covers what has the focus (${width})`, async () => {
    const visitor = await arrive(SITES[0], width, 'tabs');
    const { page } = visitor;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const { searches, lists, review } = await choose(visitor);
    for (const path of [searches[0], lists[1], lists[2], review]) {
      await page.goto(SITES[0] + path);
      // The last link of the footer, and the first of the head.
      await tabTo(visitor, page.locator('.bottom a'));
      await tabTo(visitor, page.locator('.skip'), 'Shift+Tab');
    }
    await visitor.leave();
  });

  test(`the sum of what is chosen is in sight on every page, and what is held can be let go (${width})`, async () => {
    const visitor = await arrive(SITES[0], width, 'sum');
    const { page, words } = visitor;
    const { searches, lists, review } = await choose(visitor);
    for (const path of [...searches, ...lists]) {
      await page.goto(SITES[0] + path);
      await checkInSight(visitor, page.locator('.summary .total strong'));
    }
    await page.goto(SITES[0] + review);
    const sum = page.locator('.pay .sum');
    await checkInSight(visitor, sum, page.getByRole('button', { name: words.hold }));
    await visitor.press(words.hold);
    await visitor.see(words.held, 'reservada');
    await checkInSight(visitor, sum, page.locator('.pay button'));
    await visitor.leave();
  });
}

test('of a trip that is cancelled no step is the current one', async () => {
  const visitor = await arrive(SITES[1], 1440, 'over');
  const { page, words } = visitor;
  await walk(visitor, BENTO);
  const current = page.locator('.steps [aria-current="step"]');
  assert.equal(await current.count(), 1);
  await page.getByRole('link', { name: words.cancel }).click();
  await visitor.press(words.cancelAll);
  await visitor.see(words.cancelled, 'cancelada');
  assert.equal(await current.count(), 0);
  await visitor.leave();
});

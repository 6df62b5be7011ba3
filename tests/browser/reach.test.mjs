// What must be in reach on every page of a trip: all of it by keyboard alone, the sum of what is
// chosen in sight, and the way back by the steps.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SITES, Visitor, launch } from './chromium.mjs';
import { ANA, BENTO, STEPS, checkFilled, locator, walk } from './walk.mjs';

/** The most presses of Tab that lead from one end of a page to the other. */
const TABS_MAX = 400;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Visitors who only walk: their pages are looked at in the other walks. */
const arrive = (site, width, name) => Visitor.arrive(browser, { site, width, name, look: false });

/** What has the focus: what it is, whether one sees that, and what lies over it, if anything does. */
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    // What is ticked is shown by the label around it.
    const shown = element.matches('input[type="radio"], input[type="checkbox"]')
      ? (element.closest('.offer') ?? element)
      : element;
    // A link over two lines has a box for each, and between them nothing of its own.
    const boxes = [...shown.getClientRects()].filter(({ width, height }) => width > 0 && height > 0);
    const told = (found) => `${found.tagName.toLowerCase()}.${found.className}`;
    const over = (box) => {
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const top = document.elementFromPoint(x, y);
      if (!top) return `the edge of the window, at ${Math.round(x)}, ${Math.round(y)}`;
      return shown.contains(top) || top.contains(shown) ? null : told(top);
    };
    const covers = boxes.map(over);
    return {
      name: `${told(element)} ${element.name ?? ''} ${element.innerText ?? ''}`.trim(),
      outlined: getComputedStyle(shown).outlineStyle !== 'none',
      covered: covers.length === 0 ? 'it has no box' : covers.every(Boolean) ? covers[0] : null,
    };
  });
}

async function checkFocus(page) {
  const focus = await focused(page);
  assert.ok(focus.outlined, `${page.url()}: one does not see that ${focus.name} has the focus`);
  assert.equal(focus.covered, null, `${page.url()}: ${focus.name} has the focus and is covered`);
  return focus;
}

/** Presses Tab, or Shift+Tab, until this has the focus. */
async function tabTo(page, target, key = 'Tab') {
  const wanted = await target.elementHandle();
  for (let presses = 0; presses < TABS_MAX; presses += 1) {
    await page.keyboard.press(key);
    if (!(await focused(page))) continue;
    await checkFocus(page);
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail(`${page.url()}: ${key} does not lead to ${target}`);
}

/** Goes to a button by keyboard, presses it, and waits for the page that follows. */
async function enter(page, name) {
  await tabTo(page, page.getByRole('button', { name, exact: true }));
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
}

/** Follows the link past the head of a page. */
async function skip({ page }) {
  await page.keyboard.press('Tab');
  const link = page.locator('.skip');
  assert.ok(await link.evaluate((element) => element === document.activeElement), 'it comes first');
  await checkFocus(page);
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'conteudo');
}

/** Chooses the first of a list with the space bar. */
async function choose(visitor, name) {
  const first = visitor.page.locator(`input[name="${name}"]`).first();
  await tabTo(visitor.page, first);
  await visitor.page.keyboard.press('Space');
  assert.ok(await first.isChecked(), name);
}

/** Fills a field that has the focus, as it is typed. */
async function type(page, label, text) {
  const field = page.getByLabel(label, { exact: true });
  await tabTo(page, field);
  await page.keyboard.type(text);
}

for (const width of [360, 1440]) {
  test(`a trip is booked by keyboard alone, and what has the focus is seen (${width})`, async () => {
    const visitor = await arrive(SITES[0], width, `keys-${width}`);
    const { page, words } = visitor;
    const seen = (heading) => page.getByRole('heading', { level: 1, name: heading }).waitFor();
    await skip(visitor);
    await type(page, words.airport, BENTO.airport.slice(0, -10));
    // The days of a field are typed one part after the other.
    await type(page, words.outbound, '21122099');
    await type(page, words.inbound, '24122099');
    await checkFilled(visitor, {
      [words.airport]: BENTO.airport,
      [words.outbound]: '2099-12-21',
      [words.inbound]: '2099-12-24',
    });
    await enter(page, words.flightsSubmit);
    await seen(words.flights);
    await skip(visitor);
    await choose(visitor, 'ida');
    await choose(visitor, 'volta');
    await enter(page, words.goStays);
    await seen(words.staysSearch);
    await enter(page, words.staysSubmit);
    await seen(words.stays);
    await choose(visitor, 'hospedagem');
    await enter(page, words.goTours);
    await seen(words.toursSearch);
    await enter(page, words.toursSubmit);
    await seen(words.tours);
    await choose(visitor, 'passeio');
    await enter(page, words.goReview);
    await seen(words.review);
    await enter(page, words.hold);
    await seen(words.held);
    await type(page, words.name, 'Bento');
    await type(page, words.surname, 'Lima');
    await enter(page, words.book);
    await locator(visitor);
    await visitor.leave();
  });

  test(`forwards and backwards, nothing covers what has the focus (${width})`, async () => {
    const visitor = await arrive(SITES[0], width, `tab-${width}`);
    const { page } = visitor;
    for (const step of STEPS.slice(0, -1)) await step(visitor, ANA);
    const { search } = new URL(page.url());
    const tours = `/passeios${search}&cidade=${encodeURIComponent(ANA.city)}&dataIda=2099-12-22`;
    const paths = [`/${search}`, `/hospedagem${search}`, `${tours}&numeroDePessoas=2`, `/pacote${search}`];
    for (const path of paths) {
      await page.goto(SITES[0] + path);
      const ends = page.locator('a[href], button, input:not([type="hidden"]), select, summary');
      await tabTo(page, ends.last());
      await tabTo(page, page.locator('.skip'), 'Shift+Tab');
    }
    await visitor.leave();
  });

  test(`what is chosen so far and its sum are in sight on every page (${width})`, async () => {
    const visitor = await arrive(SITES[0], width, `sum-${width}`);
    const { page, words } = visitor;
    /** The sum, and with it what goes on or back, are in the window, wherever one has scrolled to. */
    const inSight = async (where, ...with_it) => {
      for (const to of [0, 0.5]) {
        await page.evaluate((part) => scrollTo({ top: part * document.body.scrollHeight, behavior: 'instant' }), to);
        for (const one of [page.locator('.summary .total strong, .pay .sum'), ...with_it]) {
          const box = await one.boundingBox();
          const { width: wide, height } = page.viewportSize();
          const inside = box && box.x >= 0 && box.y >= 0 && box.x + box.width <= wide && box.y + box.height <= height;
          assert.ok(inside, `${where}, ${to} of the way down: ${one} is at ${JSON.stringify(box)}`);
        }
      }
      assert.match(await page.locator('.summary .total strong, .pay .sum').innerText(), words.total);
    };
    const after = ['hospedagem', 'hospedagens', 'passeio', 'passeios'];
    for (const [at, step] of STEPS.entries()) {
      if (at >= 2 && at < 6) await inSight(after[at - 2]);
      if (at === 6) {
        await inSight('pacote', page.getByRole('button', { name: words.hold }));
        const held = page.url();
        await page.goto(`${SITES[0]}/${new URL(held).search}`);
        await inSight('voo');
        await page.goto(held);
      }
      await step(visitor, ANA);
    }
    await page.getByRole('heading', { level: 1, name: words.held }).waitFor();
    await inSight('reservada', page.locator('.pay .second'));
    await visitor.leave();
  });

  test(`the steps lead back, and what was chosen stays (${width})`, async () => {
    const visitor = await arrive(SITES[0], width, `steps-${width}`);
    const { page, words } = visitor;
    for (const step of STEPS.slice(0, -1)) await step(visitor, BENTO);
    const current = page.locator('.steps [aria-current="step"]');
    const links = page.locator('.steps a');
    const total = await page.locator('.pay .sum').innerText();
    await Promise.all([page.waitForEvent('load'), links.nth(1).click()]);
    await visitor.see(words.staysSearch, 'de-volta');
    assert.equal(await current.count(), 1);
    assert.ok(await links.nth(1).evaluate((link) => link.ariaCurrent === 'step'), 'the stay');
    assert.equal(await page.locator('.steps .done').count(), 3, 'flight, stay and tour are chosen');
    assert.equal(await page.locator('.summary .total strong').innerText(), total);
    await visitor.press(words.staysSubmit);
    assert.equal(await page.locator('input[name="hospedagem"]:checked').count(), 1, 'the room');
    await Promise.all([page.waitForEvent('load'), links.nth(3).click()]);
    await visitor.see(words.review, 'revista');
    assert.ok(await links.nth(3).evaluate((link) => link.ariaCurrent === 'step'), 'the review');
    assert.equal(await page.locator('.pay .sum').innerText(), total);
    await visitor.leave();
  });
}

test('of a trip that is cancelled no step is the current one', async () => {
  const visitor = await arrive(SITES[1], 1440, 'over');
  const { page } = visitor;
  await walk(visitor, BENTO);
  assert.equal(await page.locator('.steps [aria-current="step"]').count(), 1);
  await page.getByRole('link', { name: 'Cancelar a viagem' }).click();
  await visitor.press('Cancelar tudo');
  await visitor.see('Viagem cancelada', 'cancelada');
  assert.equal(await page.locator('.steps [aria-current="step"]').count(), 0);
  await visitor.leave();
});

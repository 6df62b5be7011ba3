// The whole flow of the report in a browser: search, choose, review, book, on both instances at
// once, with and without JavaScript, on a phone and on a desk.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SITES, Visitor, launch } from './chromium.mjs';

const ANA = { airport: 'Aeroporto de Altamira - Altamira (PA)', city: 'Altamira (PA)', people: 2 };
const BENTO = {
  airport: 'Aeroporto Internacional de Bagé - Comandante Gustavo Kraemer - Bagé (RS)',
  city: 'Bagé (RS)',
  people: 1,
};

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

// Each step takes the visitor from the page of the step before it to its own.

async function searchFlights({ page, ...visitor }, trip) {
  await page.getByLabel('Aeroporto de destino').selectOption(trip.airport);
  await page.getByLabel('Dia da ida').fill('2099-12-21');
  await page.getByLabel('Dia da volta').fill('2099-12-24');
  await page.getByLabel('Número de passagens').fill(String(trip.people));
}

/** Chooses the first offer of a list. */
async function choose(visitor, name) {
  await visitor.page.locator(`input[name="${name}"]`).first().check();
}

async function checkFilled({ page }, expected) {
  for (const [label, value] of Object.entries(expected)) {
    assert.equal(await page.getByLabel(label).inputValue(), value, label);
  }
}

const STEPS = [
  async (visitor, trip) => {
    await visitor.see('Compre suas passagens aéreas.', 'voo');
    await searchFlights(visitor, trip);
    await visitor.press('Procurar voos');
  },
  async (visitor) => {
    await visitor.see('Escolha sua passagem.', 'voos');
    await choose(visitor, 'ida');
    await choose(visitor, 'volta');
    await visitor.press('Continuar para a hospedagem');
  },
  async (visitor, trip) => {
    await visitor.see('Compre sua hospedagem.', 'hospedagem');
    await checkFilled(visitor, {
      Cidade: trip.city,
      'Dia da saída': '2099-12-24',
      'Número de pessoas': String(trip.people),
    });
    await visitor.press('Procurar hospedagem');
  },
  async (visitor) => {
    await visitor.see('Escolha seu hotel.', 'hospedagens');
    await choose(visitor, 'hospedagem');
    await visitor.press('Continuar para os passeios');
  },
  async (visitor, trip) => {
    await visitor.see('Passeios disponíveis.', 'passeio');
    await checkFilled(visitor, { Cidade: trip.city, 'Número de pessoas': String(trip.people) });
    await visitor.press('Procurar passeios');
  },
  async (visitor) => {
    await visitor.see('Escolha seu passeio.', 'passeios');
    await choose(visitor, 'passeio');
    await visitor.press('Revisar o pacote');
  },
  async (visitor, trip) => {
    await visitor.see('Revise o seu pacote.', 'pacote');
    const review = await visitor.page.locator('main').innerText();
    assert.ok(review.includes(trip.city), review);
    await visitor.press('Confirmar a compra');
  },
];

async function locators(visitor) {
  await visitor.see('Boa viagem!', 'comprovante');
  const found = await visitor.page.locator('.locator strong').allInnerTexts();
  assert.deepEqual(found.map((locator) => locator[0]), ['V', 'V', 'H', 'P']);
  for (const locator of found) assert.match(locator, /^[ACDEFGHJKMNPQRTUVWXY34679]{6}$/);
  return found;
}

for (const width of [360, 1440]) {
  for (const script of [true, false]) {
    const how = `${width}-${script ? 'js' : 'nojs'}`;
    test(`two visitors book at once on the two instances (${how})`, async () => {
      const arrive = (site, name) =>
        Visitor.arrive(browser, { site, width, script, name: `${how}-${name}` });
      const ana = await arrive(SITES[0], 'ana');
      const bento = await arrive(SITES[1], 'bento');
      for (const step of STEPS) {
        await Promise.all([step(ana, ANA), step(bento, BENTO)]);
      }
      const vouchers = await Promise.all([locators(ana), locators(bento)]);
      assert.equal(new Set(vouchers.flat()).size, 8, 'every locator is another');
      const [hers, his] = await Promise.all(
        [ana, bento].map(({ page }) => page.locator('main').innerText()),
      );
      assert.ok(hers.includes(ANA.city) && !hers.includes(BENTO.city), 'only her own trip');
      assert.ok(his.includes(BENTO.city) && !his.includes(ANA.city), 'only his own trip');
      await Promise.all([ana.leave(), bento.leave()]);
    });
  }
}

test('a voucher that is reloaded buys nothing more', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 1440, name: 'reload' });
  for (const step of STEPS) await step(visitor, ANA);
  const first = await locators(visitor);
  await visitor.page.reload();
  assert.deepEqual(await locators(visitor), first);
  await visitor.leave();
});

test('a review can be opened on the other instance', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 360, name: 'share' });
  for (const step of STEPS.slice(0, -1)) await step(visitor, BENTO);
  const url = new URL(visitor.page.url());
  await visitor.leave();
  const other = await Visitor.arrive(browser, { site: SITES[1], width: 360, name: 'shared' });
  await other.page.goto(SITES[1] + url.pathname + url.search);
  await STEPS.at(-1)(other, BENTO);
  await locators(other);
  await other.leave();
});

test('what was typed wrong is told where it was typed', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 360, name: 'wrong' });
  await searchFlights(visitor, ANA);
  // The browser would not let this through by itself.
  await visitor.page.getByLabel('Dia da volta').fill('2099-12-20');
  await visitor.press('Procurar voos');
  await visitor.see("You shouldn't be here", 'erro');
  await checkFilled(visitor, {
    'Aeroporto de destino': ANA.airport,
    'Dia da ida': '2099-12-21',
    'Dia da volta': '2099-12-20',
    'Número de passagens': '2',
  });
  const wrong = visitor.page.getByLabel('Dia da volta');
  assert.equal(await wrong.getAttribute('aria-invalid'), 'true');
  // Chromium tells the status of the page itself.
  await visitor.leave([/status of 400/]);
});

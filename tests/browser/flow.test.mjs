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
    await visitor.press('Reservar tudo');
  },
];

/** Books the trip that is held, for people of the name Souza. */
async function book(visitor, trip) {
  await visitor.see('Tudo reservado. Quem viaja?', 'reservada');
  for (let number = 1; number <= trip.people; number += 1) {
    const group = visitor.page.locator('fieldset').nth(number - 1);
    await group.getByLabel('Nome', { exact: true }).fill(`Ana ${number}`);
    await group.getByLabel('Sobrenome', { exact: true }).fill('Souza');
  }
  await visitor.press('Confirmar a compra');
  return locator(visitor);
}

async function locator(visitor) {
  await visitor.see('Boa viagem!', 'comprada');
  const found = await visitor.page.locator('.locator strong').innerText();
  assert.match(found, /^V[ACDEFGHJKMNPQRTUVWXY34679]{5}$/);
  return found;
}

/** The whole walk, to the locator. */
async function walk(visitor, trip) {
  for (const step of STEPS) await step(visitor, trip);
  return book(visitor, trip);
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
      const [hers_is, his_is] = await Promise.all([book(ana, ANA), book(bento, BENTO)]);
      assert.notEqual(hers_is, his_is, 'every locator is another');
      const [hers, his] = await Promise.all(
        [ana, bento].map(({ page }) => page.locator('main').innerText()),
      );
      assert.ok(hers.includes(ANA.city) && !hers.includes(BENTO.city), 'only her own trip');
      assert.ok(his.includes(BENTO.city) && !his.includes(ANA.city), 'only his own trip');
      await Promise.all([ana.leave(), bento.leave()]);
    });
  }
}

test('reloading, going back and confirming again lead to one booking', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 1440, name: 'reload' });
  for (const step of STEPS) await step(visitor, ANA);
  const held = visitor.page.url();
  await visitor.page.reload();
  const first = await book(visitor, ANA);
  await visitor.page.reload();
  assert.equal(await locator(visitor), first);
  await visitor.page.goBack();
  await visitor.page.goto(held);
  assert.equal(await locator(visitor), first, 'the page of the hold is the page of the booking');
  await visitor.leave();
});

test('a trip is finished on the other instance, and opened with its locator by anybody', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 360, name: 'share' });
  for (const step of STEPS) await step(visitor, BENTO);
  const url = new URL(visitor.page.url());
  await visitor.page.goto(SITES[1] + url.pathname + url.search);
  const booked = await book(visitor, BENTO);
  await visitor.leave([], [SITES[1]]);

  const other = await Visitor.arrive(browser, { site: SITES[1], width: 360, name: 'shared' });
  await other.page.goto(SITES[1] + url.pathname);
  await other.see('Não encontramos esta viagem', 'desconhecida');
  await other.page.getByLabel('Localizador').fill(booked);
  await other.page.getByLabel('Sobrenome').fill('souza');
  await other.press('Abrir a viagem');
  assert.equal(await locator(other), booked);
  await other.leave([/status of 404/]);
});

test('a name that is missing is told where it is missing, and the others stay', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 360, name: 'names' });
  for (const step of STEPS) await step(visitor, BENTO);
  await visitor.page.getByLabel('Nome', { exact: true }).fill('Bento');
  // The browser would not let this through by itself.
  await visitor.page.getByLabel('Sobrenome', { exact: true }).fill(' ');
  await visitor.press('Confirmar a compra');
  await visitor.see('Tudo reservado. Quem viaja?', 'sem-sobrenome');
  const wrong = visitor.page.getByLabel('Sobrenome', { exact: true });
  assert.equal(await wrong.getAttribute('aria-invalid'), 'true');
  assert.equal(await visitor.page.getByLabel('Nome', { exact: true }).inputValue(), 'Bento');
  await wrong.fill('Lima');
  await visitor.press('Confirmar a compra');
  await locator(visitor);
  await visitor.leave([/status of 400/]);
});

test('the time that is left is counted down where there is JavaScript', async () => {
  for (const script of [true, false]) {
    const visitor = await Visitor.arrive(browser, {
      site: SITES[0],
      width: 360,
      script,
      name: `left-${script}`,
    });
    for (const step of STEPS) await step(visitor, BENTO);
    const left = visitor.page.locator('.deadline .left');
    await visitor.see('Tudo reservado. Quem viaja?', 'prazo');
    if (script) {
      await left.filter({ hasText: /^faltam 1[45]:[0-5][0-9]$/ }).waitFor();
    } else {
      assert.match(await left.innerText(), /^faltam 1[45] min$/);
    }
    await visitor.press('Desistir e soltar tudo');
    await visitor.see('A viagem não foi comprada', 'solta');
    await visitor.leave();
  }
});

test('a booked trip is cancelled after its refund was seen', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[1], width: 1440, name: 'cancel' });
  await walk(visitor, BENTO);
  await visitor.page.getByRole('link', { name: 'Cancelar a viagem' }).click();
  await visitor.see('Cancelar a viagem inteira?', 'cancelar');
  await visitor.press('Cancelar tudo');
  await visitor.see('Viagem cancelada', 'cancelada');
  await visitor.leave();
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

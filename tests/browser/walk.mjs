// A trip in a browser, page by page: search, choose, review, book.

import assert from 'node:assert/strict';

export const ANA = { airport: 'Aeroporto de Altamira - Altamira (PA)', city: 'Altamira (PA)', people: 2 };
export const BENTO = {
  airport: 'Aeroporto Internacional de Bagé - Comandante Gustavo Kraemer - Bagé (RS)',
  city: 'Bagé (RS)',
  people: 1,
};

// Each step takes the visitor from the page of the step before it to its own.

export async function searchFlights({ page, words }, trip) {
  await page.getByLabel(words.airport).selectOption(trip.airport);
  await page.getByLabel(words.outbound).fill('2099-12-21');
  await page.getByLabel(words.inbound).fill('2099-12-24');
  await page.getByLabel(words.seats).fill(String(trip.people));
}

/** Chooses the first offer of a list. */
async function choose(visitor, name) {
  await visitor.page.locator(`input[name="${name}"]`).first().check();
}

export async function checkFilled({ page }, expected) {
  for (const [label, value] of Object.entries(expected)) {
    assert.equal(await page.getByLabel(label).inputValue(), value, label);
  }
}

export const STEPS = [
  async (visitor, trip) => {
    await visitor.see(visitor.words.flightsSearch, 'voo');
    await searchFlights(visitor, trip);
    await visitor.press(visitor.words.flightsSubmit);
  },
  async (visitor) => {
    await visitor.see(visitor.words.flights, 'voos');
    await choose(visitor, 'ida');
    await choose(visitor, 'volta');
    await visitor.press(visitor.words.goStays);
  },
  async (visitor, trip) => {
    await visitor.see(visitor.words.staysSearch, 'hospedagem');
    await checkFilled(visitor, {
      [visitor.words.city]: trip.city,
      [visitor.words.leaving]: '2099-12-24',
      [visitor.words.people]: String(trip.people),
    });
    await visitor.press(visitor.words.staysSubmit);
  },
  async (visitor) => {
    await visitor.see(visitor.words.stays, 'hospedagens');
    await choose(visitor, 'hospedagem');
    await visitor.press(visitor.words.goTours);
  },
  async (visitor, trip) => {
    await visitor.see(visitor.words.toursSearch, 'passeio');
    const { words } = visitor;
    await checkFilled(visitor, { [words.city]: trip.city, [words.people]: String(trip.people) });
    await visitor.press(visitor.words.toursSubmit);
  },
  async (visitor) => {
    await visitor.see(visitor.words.tours, 'passeios');
    await choose(visitor, 'passeio');
    await visitor.press(visitor.words.goReview);
  },
  async (visitor, trip) => {
    await visitor.see(visitor.words.review, 'pacote');
    const review = await visitor.page.locator('main').innerText();
    assert.ok(review.includes(trip.city), review);
    assert.match(review, visitor.words.total, 'money as the language writes it');
    await visitor.press(visitor.words.hold);
  },
];

/** Books the trip that is held, for people of the name Souza. */
export async function book(visitor, trip) {
  await visitor.see(visitor.words.held, 'reservada');
  for (let number = 1; number <= trip.people; number += 1) {
    const group = visitor.page.locator('fieldset').nth(number - 1);
    await group.getByLabel(visitor.words.name, { exact: true }).fill(`Ana ${number}`);
    await group.getByLabel(visitor.words.surname, { exact: true }).fill('Souza');
  }
  await visitor.press(visitor.words.book);
  return locator(visitor);
}

export async function locator(visitor) {
  await visitor.see(visitor.words.booked, 'comprada');
  const found = await visitor.page.locator('.locator strong').innerText();
  assert.match(found, /^V[ACDEFGHJKMNPQRTUVWXY34679]{5}$/);
  return found;
}

/** The whole walk, to the locator. */
export async function walk(visitor, trip) {
  for (const step of STEPS) await step(visitor, trip);
  return book(visitor, trip);
}

// The whole flow of the report in a browser: search, choose, review, book, on both instances at
// once, with and without JavaScript, on a phone and on a desk.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { SHORT_SITE, SITES, Visitor, launch } from './chromium.mjs';
import { pressKey, tabTo } from './keyboard.mjs';
import { ANA, BENTO, STEPS, book, checkFilled, locator, searchFlights, walk } from './walk.mjs';

/** How long a hold of some seconds may last, in milliseconds. */
const OVER_PATIENCE = 60_000;

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

for (const width of [360, 1440]) {
  for (const script of [true, false]) {
    const how = `${width}-${script ? 'js' : 'nojs'}`;
    test(`two visitors book at once on the two instances (${how})`, async () => {
      const arrive = (site, name, lang) =>
        Visitor.arrive(browser, { site, width, script, lang, name: `${how}-${name}` });
      const ana = await arrive(SITES[0], 'ana', 'pt-BR');
      const bento = await arrive(SITES[1], 'bento', 'en');
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

/** What may go wrong is walked twice: every width, language and script is in one of the two. */
const WAYS = [
  { width: 360, script: true, lang: 'pt-BR' },
  { width: 1440, script: false, lang: 'en' },
];

/** A test for each of them, whose visitors `arrive` at a site under a name. */
function inBothWays(what, walk) {
  for (const way of WAYS) {
    const how = `${way.width}-${way.script ? 'js' : 'nojs'}`;
    test(`${what} (${how}, ${way.lang})`, () =>
      walk((site, name) => Visitor.arrive(browser, { ...way, site, name: `${name}-${how}` })));
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
  await visitor.press(visitor.words.book);
  await visitor.see(visitor.words.held, 'sem-sobrenome');
  const wrong = visitor.page.getByLabel('Sobrenome', { exact: true });
  assert.equal(await wrong.getAttribute('aria-invalid'), 'true');
  assert.equal(await visitor.page.getByLabel('Nome', { exact: true }).inputValue(), 'Bento');
  await wrong.fill('Lima');
  await visitor.press(visitor.words.book);
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
    await visitor.see(visitor.words.held, 'prazo');
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

inBothWays('a booked trip is cancelled after its refund was seen', async (arrive) => {
  const visitor = await arrive(SITES[1], 'cancel');
  const { page, words } = visitor;
  await walk(visitor, BENTO);
  await page.getByRole('link', { name: words.cancel }).click();
  await visitor.see(words.cancelSure, 'cancelar');
  await visitor.press(words.cancelAll);
  await visitor.see(words.cancelled, 'cancelada');
  await visitor.leave();
});

test('what was typed wrong is told where it was typed', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 360, name: 'wrong' });
  await searchFlights(visitor, ANA);
  // The browser would not let this through by itself.
  await visitor.page.getByLabel('Dia da volta').fill('2099-12-20');
  await visitor.press(visitor.words.flightsSubmit);
  await visitor.see('Você não deveria estar aqui', 'erro');
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

test('the language is switched where one is, and stays', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 360, name: 'switch' });
  await searchFlights(visitor, ANA);
  await visitor.press('Procurar voos');
  const before = visitor.page.url();
  await visitor.page.getByRole('button', { name: 'English' }).click();
  await visitor.see('Choose your flight.', 'flights');
  assert.equal(visitor.page.url(), before);
  await visitor.page.goto(`${SITES[0]}/passeio`);
  await visitor.see('Tours and sights.', 'tours');
  await visitor.leave();
});

inBothWays('of two who want one room the second is told, and gets another', async (arrive) => {
  const [first, second] = [await arrive(SITES[0], 'first'), await arrive(SITES[0], 'second')];
  const { words } = second;
  for (const step of STEPS.slice(0, -1)) {
    await step(first, BENTO);
    await step(second, BENTO);
  }
  await STEPS.at(-1)(first, BENTO);
  await book(first, BENTO);
  await second.press(words.hold);
  await second.see(words.partly, 'falta');
  await second.page.locator('.instead a').first().click();
  await second.see(words.review, 'pacote-outro');
  await second.press(words.change);
  await book(second, BENTO);
  await Promise.all([first.leave(), second.leave()]);
});

inBothWays('a hold that is over says so, and the same can be chosen again', async (arrive) => {
  const visitor = await arrive(SHORT_SITE, 'late');
  const { page, words } = visitor;
  for (const step of STEPS) await step(visitor, BENTO);
  await page.getByLabel(words.name, { exact: true }).fill('Bento');
  await page.getByLabel(words.surname, { exact: true }).fill('Lima');
  // The page rounds its seconds down: only the daemons say when it is really over.
  const other = await visitor.context.newPage();
  const over = other.getByRole('heading', { level: 1, name: words.notBooked });
  const due = Date.now() + OVER_PATIENCE;
  do {
    assert.ok(Date.now() < due, 'the hold never ends');
    await other.goto(page.url());
  } while ((await over.count()) === 0);
  if (visitor.script) await page.locator('.left', { hasText: words.over }).waitFor();
  await visitor.press(words.book);
  await visitor.see(words.notBooked, 'expirada');
  await page.getByRole('link', { name: words.again }).click();
  await visitor.see(words.review, 'de-novo');
  await visitor.leave();
});

inBothWays('two clicks at once book one trip', async (arrive) => {
  const visitor = await arrive(SITES[0], 'twice');
  const { words } = visitor;
  for (const step of STEPS) await step(visitor, BENTO);
  const other = await visitor.context.newPage();
  await other.goto(visitor.page.url());
  for (const page of [visitor.page, other]) {
    await page.getByLabel(words.name, { exact: true }).fill('Bento');
    await page.getByLabel(words.surname, { exact: true }).fill('Lima');
  }
  const click = (page) => page.getByRole('button', { name: words.book }).click();
  await Promise.all([click(visitor.page), click(other)]);
  const first = await locator(visitor);
  assert.equal(await other.locator('.locator strong').innerText(), first);
  await visitor.leave();
});

inBothWays('going back after booking and after cancelling changes nothing', async (arrive) => {
  const visitor = await arrive(SITES[1], 'back');
  const { page, words } = visitor;
  await walk(visitor, BENTO);
  await page.goBack();
  await page.reload();
  await locator(visitor);
  await page.getByRole('link', { name: words.cancel }).click();
  await visitor.press(words.cancelAll);
  await visitor.see(words.cancelled, 'cancelada');
  await page.goBack();
  await page.reload();
  await visitor.see(words.cancelled, 'ainda-cancelada');
  await visitor.leave();
});

test('a voucher opens on a phone by its code, fits one sheet and goes into a calendar', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 1440, name: 'voucher' });
  // As many as a page of one sheet is promised to.
  await walk(visitor, { ...ANA, people: 9 });
  const pdf = await visitor.page.pdf({ format: 'A4', preferCSSPageSize: true });
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g);
  assert.equal(pages.length, 1, 'sheets of paper');
  const href = await visitor.page.getByRole('link', { name: 'Pôr na agenda' }).getAttribute('href');
  const calendar = await visitor.context.request.get(SITES[0] + href);
  assert.equal(calendar.headers()['content-type'], 'text/calendar; charset=utf-8');
  const text = await calendar.text();
  assert.equal(text.match(/BEGIN:VEVENT/g).length, 4, 'two flights, a stay, a tour');
  // What a phone's camera sees, in either theme.
  const bought = await visitor.page.locator('.locator strong').innerText();
  for (const colorScheme of ['light', 'dark']) {
    await visitor.page.emulateMedia({ colorScheme });
    const seen = PNG.sync.read(await visitor.page.locator('.qr svg').screenshot());
    const code = jsQR(new Uint8ClampedArray(seen.data), seen.width, seen.height);
    assert.ok(code, `the code is read in the ${colorScheme} theme`);
    assert.ok(code.data.startsWith(`${SITES[0]}/viagem/`), code.data);
    const phone = await Visitor.arrive(browser, { site: SITES[0], width: 360, name: 'phone' });
    await phone.page.goto(code.data);
    assert.equal(await locator(phone), bought);
    await phone.leave();
  }
  await visitor.leave();
});

test('a button that was pressed says so, and sends once', async () => {
  for (const [width, lang, busy] of [[360, 'pt-BR', 'Enviando…'], [1440, 'en', 'Sending…']]) {
    const visitor = await Visitor.arrive(browser, {
      site: SITES[0],
      width,
      lang,
      name: `sending-${lang}`,
      look: false,
    });
    const { page, words } = visitor;
    for (const step of STEPS.slice(0, -1)) await step(visitor, BENTO);
    await visitor.see(words.review, 'pacote');
    await page.waitForLoadState('load');
    const button = page.getByRole('button', { name: words.hold, exact: true });
    // In one go: as soon as the page changes nothing can be asked of it.
    const [text, sent] = await button.evaluate((element) => {
      let count = 0;
      element.form.addEventListener('submit', (event) => {
        if (!event.defaultPrevented) count += 1;
      });
      element.click();
      element.click();
      return [element.textContent, count];
    });
    assert.equal(text, busy);
    assert.equal(sent, 1, 'how often it was sent');
    await visitor.see(words.held, 'reservada');
    await visitor.leave();
  }
});

test('names are changed from the voucher, and a mistake stays where it was made', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[1], width: 1440, name: 'alter' });
  await walk(visitor, ANA);
  await visitor.page.getByRole('link', { name: 'Mudar os nomes' }).click();
  await visitor.see('Mudar os nomes', 'mudar');
  const surname = visitor.page.locator('fieldset').nth(1).getByLabel('Sobrenome', { exact: true });
  assert.equal(await surname.inputValue(), 'Souza');
  await surname.fill(' ');
  await visitor.press('Gravar os nomes');
  await visitor.see('Mudar os nomes', 'mudar-errado');
  assert.equal(await surname.getAttribute('aria-invalid'), 'true');
  await surname.fill('Lima');
  await visitor.press('Gravar os nomes');
  await locator(visitor);
  assert.match(await visitor.page.locator('.names').innerText(), /Ana 1 Souza\nAna 2 Lima/);
  await visitor.leave([/status of 400/]);
});

test('a price that has changed is said with the old one', async () => {
  for (const [width, lang] of [[360, 'pt-BR'], [1440, 'en']]) {
    const name = `price-${lang}`;
    const visitor = await Visitor.arrive(browser, { site: SITES[0], width, lang, name });
    for (const step of STEPS.slice(0, -1)) await step(visitor, BENTO);
    const chosen = (field) => visitor.page.locator(`input[name="${field}"]`).first().inputValue();
    const query = new URL(visitor.page.url()).searchParams;
    const [trip, room] = [await chosen('viagem'), query.get('hospedagem')];
    query.append('antes', `${room}:99,00R$`);
    await visitor.page.goto(`${SITES[0]}/pacote?${query}`);
    await visitor.see(visitor.words.review, 'preco-pacote');
    assert.match(await visitor.page.locator('.was').innerText(), /R\$\s99[.,]00/);
    query.append('recusado', `hospedagens:preco_mudou:${room}`);
    await visitor.page.goto(`${SITES[0]}/viagem/${trip}?${query}`);
    const nothing = lang === 'en' ? 'Nothing is held' : 'Nada foi reservado';
    await visitor.see(nothing, 'preco-viagem');
    assert.match(await visitor.page.locator('.was').innerText(), /R\$\s99[.,]00/);
    await visitor.leave();
  }
});

test('the whole flow is walked by the keyboard alone, and what has the focus is in sight', async () => {
  for (const width of [360, 1440]) {
    const visitor = await Visitor.arrive(browser, { site: SITES[0], width, name: `keys-${width}` });
    const { page, words } = visitor;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const button = (name) => page.getByRole('button', { name, exact: true });
    const first = (name) => page.locator(`input[name="${name}"]`).first();
    const submit = async (name) => {
      await tabTo(visitor, button(name));
      const next = page.waitForEvent('load');
      await page.keyboard.press('Enter');
      await next;
    };
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'conteudo', 'the link that skips');
    await tabTo(visitor, page.getByLabel(words.airport));
    await page.keyboard.type(BENTO.airport);
    // The month first: this browser's own language is English.
    for (const [day, digits] of [[words.outbound, '12212099'], [words.inbound, '12242099']]) {
      await tabTo(visitor, page.getByLabel(day));
      await page.keyboard.type(digits);
    }
    await submit(words.flightsSubmit);
    await pressKey(visitor, first('ida'), 'Space');
    await pressKey(visitor, first('volta'), 'Space');
    await submit(words.goStays);
    await submit(words.staysSubmit);
    await pressKey(visitor, first('hospedagem'), 'Space');
    await submit(words.goTours);
    await submit(words.toursSubmit);
    await pressKey(visitor, first('passeio'), 'Space');
    await submit(words.goReview);
    await submit(words.hold);
    await tabTo(visitor, page.getByLabel(words.name, { exact: true }));
    await page.keyboard.type('Bento');
    await tabTo(visitor, page.getByLabel(words.surname, { exact: true }));
    await page.keyboard.type('Lima');
    await submit(words.book);
    await locator(visitor);
    await visitor.leave();
  }
});

test('the steps lead back with what was chosen, and the total is in sight', async () => {
  for (const width of [360, 1440]) {
    const visitor = await Visitor.arrive(browser, { site: SITES[1], width, name: `steps-${width}` });
    const { page, words } = visitor;
    const seen = (where) => page.locator(where).evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return top >= 0 && bottom <= window.innerHeight;
    });
    const current = () => page.locator('.steps [aria-current="step"]').innerText();
    for (const [number, step] of STEPS.slice(0, -1).entries()) {
      await step(visitor, BENTO);
      if (number >= 1 && number < 5) assert.ok(await seen('.summary .total'), `total after ${number}`);
    }
    await visitor.see(words.review, 'pacote');
    assert.ok((await current()).includes('Revisão'), await current());
    const total = await page.locator('.pay .sum').innerText();
    await page.locator('.steps a').nth(1).click();
    await visitor.see(words.staysSearch, 'de-volta');
    assert.ok((await current()).includes('Hospedagem'), await current());
    const choice = new URL(page.url()).searchParams;
    for (const part of ['ida', 'volta', 'hospedagem', 'passeio']) assert.ok(choice.get(part), part);
    await page.locator('.steps a').nth(3).click();
    await visitor.see(words.review, 'pacote-de-novo');
    assert.equal(await page.locator('.pay .sum').innerText(), total);
    await visitor.press(words.hold);
    await visitor.see(words.held, 'reservada');
    assert.ok(await seen('.pay .sum'), 'the total of what is held');
    await visitor.leave();
  }
});

test('filters, days around and pairs lead on', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 1440, name: 'helps' });
  const { page } = visitor;
  await searchFlights(visitor, ANA);
  await visitor.press('Procurar voos');
  await page.locator('.near button').first().click();
  await visitor.see('Escolha sua passagem.', 'outro-dia');
  assert.ok(!page.url().includes('dataIda=2099-12-21'), 'another day');
  await page.locator('.month button').click();
  await visitor.see('Escolha sua passagem.', 'mes');
  await page.locator('.filters summary').click();
  await page.getByLabel('Manhã (6h–12h)').check();
  await visitor.press('Aplicar filtros');
  for (const time of await page.locator('.offer .clock time:first-child').allInnerTexts()) {
    assert.match(time, /^(0[6-9]|1[01]):/);
  }
  await page.getByRole('button', { name: 'Limpar filtros' }).first().click();
  await page.locator('.pairs a').first().click();
  await visitor.see('Compre sua hospedagem.', 'par');
  assert.match(page.url(), /ida=.+&volta=.+/);
  await visitor.leave();
});

test('pages of their own: none found, nothing chosen, my trip, no such page', async () => {
  for (const [width, lang] of [[360, 'pt-BR'], [1440, 'en']]) {
    const visitor = await Visitor.arrive(browser, { site: SITES[0], width, lang, name: `own-${lang}` });
    const pt = lang === 'pt-BR';
    const look = async (path, heading, picture) => {
      await visitor.page.goto(SITES[0] + path);
      await visitor.see(heading, picture);
    };
    const city = encodeURIComponent(ANA.city);
    await look(`/passeios?cidade=${city}&dataIda=2099-11-30`, visitor.words.tours, 'vazio');
    await look(`/hospedagens?cidade=${city}&dataIda=2099-11-30`, visitor.words.stays, 'vazio');
    await look('/pacote', visitor.words.review, 'pacote-vazio');
    await look('/viagem', pt ? 'Minha viagem' : 'My trip', 'acesso');
    await look('/nada', pt ? 'Página não encontrada' : 'Page not found', 'nada');
    await look('/voos?dataIda=2099-12-21', pt ? 'Você não deveria estar aqui' : "You shouldn't be here", 'erro');
    await visitor.leave([/status of 40[04]/]);
  }
});

// The states that a page is in when something is not as it should be: a daemon that says nothing, an
// offer that is gone, a trip that is somebody else's. Each says what happened and what to do next.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Visitor, launch } from './chromium.mjs';
import { say } from './texts.mjs';
import { ANA } from './walk.mjs';
import { CUT, Pages, ask, refusal, sendSlowly } from './wire.mjs';

const WIDTHS = [360, 768, 1440];

/** Each language and the widths between them; in the longer form each width in each language. */
const WAYS = process.env.AGENCIA_SOAK
  ? ['pt-BR', 'en'].flatMap((lang) => WIDTHS.map((width) => ({ width, lang })))
  : [{ width: 360, lang: 'pt-BR' }, { width: 1440, lang: 'en' }];

const [ARRIVES, LEAVES] = ['2099-12-21', '2099-12-24'];

let browser;
let pages;
let places;
/** Where the visitor of this test travels to: each way has a place of its own, so that rooms last. */
let place;
before(async () => {
  browser = await launch();
  pages = await Pages.start();
  const { destinos } = await ask('voos', { action: 'destinos' });
  places = destinos.map(({ nome }) => ({ airport: nome, city: nome.split(' - ').at(-1) }));
});
after(async () => {
  await browser?.close();
  await pages?.stop();
});

/** A test for each way, with a visitor who has arrived; `expected` are the statuses that the browser
 * tells of by itself. */
function inEachWay(name, walk, expected = []) {
  for (const [at, way] of WAYS.entries()) {
    test(`${name} (${way.width}, ${way.lang})`, async () => {
      pages.suffer();
      place = places[at];
      const shown = `${name.replace(/\W+/g, '-')}-${way.width}-${way.lang}`;
      const named = { name: `state-${shown}`, site: pages.site };
      const visitor = await Visitor.arrive(browser, { ...way, ...named });
      visitor.say = (key, variables) => say(way.lang, key, variables);
      await walk(visitor);
      await visitor.leave(expected.map((status) => new RegExp(`status of ${status}`)));
    });
  }
}

/** Offers that one traveller takes; the room is one that no test has had before. */
async function offers() {
  const found = await Promise.all([
    ask('voos', { paraAeroporto: place.airport, dataIda: ARRIVES, dataVolta: LEAVES, numeroPassagens: 1 }),
    ask('hospedagens', { cidade: place.city, dataIda: ARRIVES, dataVolta: LEAVES, numeroDePessoas: 1 }),
    ask('passeios', { cidade: place.city, dataIda: ARRIVES, numeroDePessoas: 1 }),
  ]);
  const [{ ida, volta }, { hospedagens }, { passeio }] = found;
  const room = hospedagens[0];
  assert.ok(room, 'a room is left');
  return {
    ida: ida[0].id,
    volta: volta[0].id,
    pessoas: 1,
    hospedagem: room.id,
    noites: 3,
    passeio: passeio[0].id,
  };
}

/** The path of a page about this. */
const at = (path, query) => `${path}?${new URLSearchParams(query)}`;

const go = (visitor, path) => visitor.page.goto(pages.site + path);

/** A page that asks again by itself, so late that it can be looked at; what it is called. */
async function waitAt(visitor, key, picture) {
  const { page } = visitor;
  const heading = visitor.say(key);
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
  const url = new URL(page.url());
  url.searchParams.set('tentativa', '9');
  await page.goto(url.href);
  await visitor.see(heading, picture);
}

/** Chooses a trip and has it held. */
async function hold(visitor, choice) {
  await go(visitor, at('/pacote', choice ?? await offers()));
  await visitor.press(visitor.words.hold);
}

/** Fills in the names and confirms. */
async function confirm(visitor) {
  const { page, words } = visitor;
  await page.getByLabel(words.name, { exact: true }).first().fill('Bento');
  await page.getByLabel(words.surname, { exact: true }).first().fill('Souza');
  await visitor.press(words.book);
}

/** Has a trip booked; its page is where the visitor is. */
async function booked(visitor) {
  await hold(visitor);
  await confirm(visitor);
  await visitor.page.locator('.locator strong').waitFor();
}

/** A fault of this action alone. */
const on = (action, fate) => (request) => (request.action === action ? fate : undefined);

const everywhere = (fault) => ({ voos: fault, hospedagens: fault, passeios: fault });

inEachWay('a search while its daemon is away', async (visitor) => {
  const { ida, volta, hospedagem } = await offers();
  const search = { cidade: place.city, dataIda: ARRIVES, numeroDePessoas: 1 };
  for (const [daemon, path, product] of [
    ['voos', '/', 'product-flights'],
    ['hospedagens', at('/hospedagens', { ...search, dataVolta: LEAVES, ida, volta, pessoas: 1 }), 'product-stays'],
    ['passeios', at('/passeios', { ...search, hospedagem, noites: 3, pessoas: 1 }), 'product-tours'],
  ]) {
    pages.suffer({ [daemon]: () => CUT });
    await go(visitor, path);
    await visitor.see(visitor.say('away-heading', { product: visitor.say(product) }), `away-${daemon}`);
  }
}, [503]);

inEachWay('a review while a daemon is away', async (visitor) => {
  const choice = await offers();
  pages.suffer({ hospedagens: () => CUT });
  await go(visitor, at('/pacote', choice));
  await visitor.see(visitor.say('away-heading', { product: visitor.say('product-stays') }), 'review-away');
}, [503]);

inEachWay('a held trip while a daemon is away, looked at and confirmed', async (visitor) => {
  await hold(visitor);
  const held = visitor.page.url();
  await visitor.see(visitor.words.held, 'held');
  pages.suffer({ passeios: () => CUT });
  await confirm(visitor);
  await waitAt(visitor, 'trip-unsure-title', 'confirmed-away');
  await visitor.page.goto(held);
  await waitAt(visitor, 'trip-unsure-title', 'held-away');
  pages.suffer();
  await visitor.page.getByRole('link', { name: visitor.say('ask-now') }).click();
  await visitor.see(visitor.words.held, 'held-again');
});

inEachWay('a daemon that does not answer a hold in time', async (visitor) => {
  const choice = await offers();
  pages.suffer({ hospedagens: on('segurar', CUT) });
  await hold(visitor, choice);
  await visitor.see(visitor.words.partly, 'hold-unheard');
});

inEachWay('more time for a held trip', async (visitor) => {
  const { page } = visitor;
  const left = () => page.locator('.deadline .left').getAttribute('data-faltam').then(Number);
  const [more, time] = [visitor.say('extend'), () => page.locator('.deadline strong').innerText()];
  await hold(visitor);
  pages.suffer({ passeios: on('prorrogar', CUT) });
  await visitor.press(more);
  await visitor.see(visitor.words.held, 'extended-unheard');
  pages.suffer();
  const before = await left();
  const name = page.getByLabel(visitor.words.name, { exact: true });
  await name.fill('Bento');
  await visitor.press(more);
  await visitor.see(visitor.words.held, 'extended');
  assert.ok(await left() > before + 800, 'all of it is held for longer');
  assert.equal(await name.inputValue(), 'Bento', 'what was typed stays');
  assert.equal(await page.locator('.notice').innerText(), visitor.say('extended', { time: await time() }));
  await visitor.press(more);
  await visitor.see(visitor.words.held, 'extended-to-the-end');
  const end = visitor.say('extended-to-the-end', { time: await time() });
  assert.equal(await page.locator('.notice').innerText(), end);
  assert.equal(await page.getByRole('button', { name: more }).count(), 0);
  await confirm(visitor);
  await page.locator('.locator strong').waitFor();
});

inEachWay('nobody answers for a trip', async (visitor) => {
  await hold(visitor);
  pages.suffer(everywhere(() => CUT));
  await visitor.page.reload();
  await waitAt(visitor, 'trip-silent-title', 'silent');
}, [503]);

inEachWay('daemons that take searches only', async (visitor) => {
  await go(visitor, at('/pacote', await offers()));
  pages.suffer({ hospedagens: on('segurar', refusal('nao_autorizado')) });
  await visitor.press(visitor.words.hold);
  await visitor.see(visitor.say('search-only-title'), 'search-only');
}, [503]);

inEachWay('an outcome that is not known yet', async (visitor) => {
  await hold(visitor);
  pages.suffer({ voos: on('decidir', CUT) });
  await confirm(visitor);
  await waitAt(visitor, 'trip-undecided-title', 'undecided');
});

inEachWay('booked and being finalised', async (visitor) => {
  await booked(visitor);
  pages.suffer({
    voos: on('consultar', (reply) => {
      if (reply.decisao) reply.decisao.pendentes = ['passeios'];
      return reply;
    }),
  });
  await visitor.page.reload();
  await waitAt(visitor, 'trip-settling-title', 'settling');
  pages.suffer({ voos: () => CUT });
  await visitor.page.reload();
  await waitAt(visitor, 'trip-settling-title', 'booked-anchor-away');
});

inEachWay('a refund that changed between the look and the last click', async (visitor) => {
  await booked(visitor);
  await visitor.page.getByRole('link', { name: visitor.words.cancel }).click();
  pages.suffer({ voos: on('cancelar', refusal('expirada')) });
  await visitor.press(visitor.words.cancelAll);
  await visitor.see(visitor.words.cancelSure, 'quote-again');
  pages.suffer();
  await visitor.press(visitor.words.cancelAll);
  pages.suffer({ hospedagens: on('consultar', CUT) });
  await visitor.page.reload();
  await waitAt(visitor, 'trip-cancelled-title', 'cancelled-away');
}, [409]);

inEachWay('a cancelling that nobody quotes', async (visitor) => {
  await booked(visitor);
  pages.suffer({ passeios: on('cotar_cancelamento', CUT) });
  await visitor.page.getByRole('link', { name: visitor.words.cancel }).click();
  await visitor.see(visitor.say('away-heading', { product: visitor.say('product-tours') }), 'quote-away');
}, [503]);

inEachWay('a price that changed between the review and the hold', async (visitor) => {
  const choice = await offers();
  const cheaper = (reply) => {
    for (const offer of reply.ofertas) {
      if (offer) offer.valor = '1,00R$';
      if (offer?.valorTotal) offer.valorTotal = '3,00R$';
    }
    return reply;
  };
  pages.suffer({ hospedagens: on('ofertas', cheaper) });
  await go(visitor, at('/pacote', choice));
  pages.suffer();
  await visitor.press(visitor.words.hold);
  await visitor.see(visitor.words.partly, 'price-changed');
  await visitor.page.getByRole('link', { name: visitor.say('missing-new-price') }).click();
  await visitor.see(visitor.words.review, 'price-changed-review');
});

inEachWay('names that were not saved', async (visitor) => {
  await booked(visitor);
  await visitor.page.getByRole('link', { name: visitor.say('alter-title') }).click();
  pages.suffer({ voos: on('alterar', CUT) });
  await visitor.page.getByLabel(visitor.words.name, { exact: true }).fill('Beatriz');
  await visitor.press(visitor.say('alter-submit'));
  await visitor.see(visitor.say('alter-title'), 'not-altered');
  assert.equal(await visitor.page.getByLabel(visitor.words.name, { exact: true }).inputValue(), 'Beatriz');
}, [503]);

inEachWay('a wrong locator, and too many guesses', async (visitor) => {
  const open = async () => {
    await visitor.page.getByLabel(visitor.say('locator')).fill('VAAAAA');
    await visitor.page.getByLabel(visitor.words.surname).fill('Souza');
    await visitor.press(visitor.say('my-trip-open'));
  };
  await go(visitor, '/viagem');
  pages.suffer(everywhere(on('consultar', refusal('campo_invalido', { campo: 'localizador' }))));
  await open();
  await visitor.see(visitor.say('my-trip'), 'wrong-locator');
  pages.suffer(everywhere(on('consultar', refusal('ocupado'))));
  await open();
  await visitor.see(visitor.say('my-trip'), 'guessed-too-often');
}, [404, 429]);

inEachWay('sold out in the review, and at the hold', async (visitor) => {
  const choice = await offers();
  const none = (reply) => {
    for (const offer of reply.ofertas) if (offer) offer.disponiveis = 0;
    return reply;
  };
  pages.suffer({ passeios: on('ofertas', none) });
  await go(visitor, at('/pacote', choice));
  await visitor.see(visitor.words.review, 'sold-out-review');
  pages.suffer({ passeios: on('ofertas', (reply) => ({ ...reply, ofertas: reply.ofertas.map(() => null) })) });
  await go(visitor, at('/pacote', choice));
  await visitor.see(visitor.words.review, 'gone-review');
  await visitor.press(visitor.say('line-choose-other'));
  await visitor.see(visitor.words.toursSearch, 'another-tour');
  await go(visitor, at('/pacote', choice));
  await visitor.press(visitor.say('line-take-out'));
  await visitor.see(visitor.words.review, 'without-tour');
  const shown = await visitor.page.locator('.line .kind').allInnerTexts();
  assert.ok(shown.length === 3 && !shown.includes(visitor.say('part-tour')), shown.join());
  pages.suffer({ hospedagens: on('segurar', refusal('esgotado', { id: choice.hospedagem })) });
  await hold(visitor, choice);
  await visitor.see(visitor.words.partly, 'sold-out-hold');
});

inEachWay('too many holds', async (visitor) => {
  const choice = await offers();
  pages.suffer(everywhere(on('segurar', refusal('ocupado'))));
  await hold(visitor, choice);
  await visitor.see(visitor.say('trip-nothing-title'), 'too-many-holds');
});

inEachWay('the review of a trip that was decided', async (visitor) => {
  const choice = await offers();
  await hold(visitor, choice);
  const viagem = new URL(visitor.page.url()).pathname.split('/').at(-1);
  await confirm(visitor);
  await visitor.page.locator('.locator strong').waitFor();
  await go(visitor, at('/pacote', { ...choice, viagem }));
  await visitor.see(visitor.words.review, 'decided-review');
});

inEachWay('a search for others than travel', async (visitor) => {
  const { ida } = await offers();
  const search = { cidade: ANA.city, dataIda: ARRIVES, dataVolta: LEAVES, numeroDePessoas: 3 };
  await go(visitor, at('/hospedagens', { ...search, ida, pessoas: 1 }));
  await visitor.see(visitor.words.stays, 'people-notice');
});

inEachWay('a day that has nothing, with days around it that have', async (visitor) => {
  const day = '2099-12-19';
  const lists = [
    ['/voos', { paraAeroporto: ANA.airport, dataIda: day, dataVolta: '2099-12-29', numeroPassagens: 2 }, 'flights'],
    ['/hospedagens', { cidade: ANA.city, dataIda: day, dataVolta: ARRIVES, numeroDePessoas: 2 }, 'stays'],
    ['/passeios', { cidade: ANA.city, dataIda: day, numeroDePessoas: 2 }, 'tours'],
  ];
  for (const [path, search, words] of lists) {
    await go(visitor, at(path, search));
    await visitor.see(visitor.words[words], `nothing-${words}`);
    assert.ok(await visitor.page.locator('.near button').count(), 'a day that has something');
  }
});

inEachWay('nothing that passes the filters', async (visitor) => {
  const search = { paraAeroporto: ANA.airport, dataIda: ARRIVES, numeroPassagens: 1 };
  const { ida } = await ask('voos', search);
  const at_noon = (reply) => ({ ...reply, ida: ida.map((flight) => ({ ...flight, horarioIda: '12:00h' })) });
  pages.suffer({ voos: (request) => (request.action === 'passagem' ? at_noon : undefined) });
  await go(visitor, at('/voos', { ...search, periodo: 'madrugada' }));
  await visitor.see(visitor.words.flights, 'filtered-away');
  assert.ok((await visitor.page.locator('main').innerText()).includes(visitor.say('filter-none')));
});

inEachWay('Enter in a filter, Enter on an offer, and a month that is closed again', async (visitor) => {
  const { page, words } = visitor;
  const search = { paraAeroporto: ANA.airport, dataIda: ARRIVES, numeroPassagens: 1 };
  await go(visitor, at('/voos', search));
  const { ida } = await ask('voos', search);
  const hour = Number(ida[0].horarioIda.split(':')[0]);
  const part = ['madrugada', 'manha', 'tarde', 'noite'][Math.floor(hour / 6)];
  const enter = async (target) => {
    const next = page.waitForEvent('load');
    await target.press('Enter');
    await next;
  };
  await page.locator('.filters summary').click();
  const box = page.locator(`.filters input[value="${part}"]`);
  await box.check();
  await enter(box);
  await visitor.see(words.flights, 'enter-filters');
  assert.ok(await box.isChecked(), 'the list is filtered');
  const first = page.locator('input[name="ida"]').first();
  await enter(first);
  await visitor.see(words.flights, 'enter-unpicked');
  assert.equal(await page.getByRole('alert').innerText(), visitor.say('pick-first'));
  await page.locator('.month button').click();
  await page.waitForLoadState('load');
  await visitor.see(words.flights, 'month');
  await visitor.press(visitor.say('calendar-close'));
  assert.equal(await page.locator('.month ol').count(), 0);
  await first.check();
  await enter(first);
  await visitor.see(words.staysSearch, 'enter-goes-on');
});

inEachWay("another visitor's trip", async (visitor) => {
  await hold(visitor);
  const { pathname } = new URL(visitor.page.url());
  await visitor.context.clearCookies();
  await go(visitor, pathname);
  await visitor.see(visitor.say('unknown-trip-title'), 'not-theirs');
}, [404]);

inEachWay('a request that is none of these pages', async (visitor) => {
  const { page } = visitor;
  await go(visitor, '/nada');
  await visitor.see(visitor.say('not-found-title'), 'not-found');
  await go(visitor, '/idioma');
  await visitor.see(visitor.say('not-allowed-title'), 'not-allowed');
  await go(visitor, `/?x=${'x'.repeat(9000)}`);
  await visitor.see(visitor.say('too-long-title'), 'too-long');
  await go(visitor, '/pacote?pessoas=0');
  await visitor.see(visitor.say('error-title'), 'invalid-review');
  await go(visitor, at('/voos', { paraAeroporto: ANA.airport, dataIda: LEAVES, dataVolta: ARRIVES, numeroPassagens: 1000 }));
  await visitor.see(visitor.say('error-title'), 'invalid-search');
  /** Sends a form that no page has. */
  const send = (enctype, bytes) => page.evaluate(([action, enctype, bytes]) => {
    const form = document.createElement('form');
    Object.assign(form, { action, enctype, method: 'post' });
    const input = document.createElement('textarea');
    Object.assign(input, { name: 'x', value: 'x'.repeat(bytes) });
    form.append(input);
    document.body.append(form);
    form.submit();
  }, [`${pages.site}/pacote`, enctype, bytes]);
  await send('application/x-www-form-urlencoded', 70_000);
  await visitor.see(visitor.say('too-large-title'), 'too-large');
  await send('text/plain', 10);
  await visitor.see(visitor.say('no-form-title'), 'no-form');
  await send('application/x-www-form-urlencoded', 10);
  await visitor.see(visitor.say('error-title'), 'invalid-hold');
  // A page of nobody's.
  await page.goto('about:blank');
  await send('application/x-www-form-urlencoded', 10);
  await visitor.see(visitor.say('cross-site-title'), 'cross-site');
}, [400, 403, 404, 405, 413, 414, 415]);

inEachWay('a request that comes too slowly', async (visitor) => {
  const path = '/pacote';
  const reply = await sendSlowly(pages.site, path, visitor.lang);
  assert.equal(reply.status, 408);
  // What came to a bare socket, where the browser can show it.
  await visitor.page.route(pages.site + path, (route) => route.fulfill(reply));
  await go(visitor, path);
  await visitor.see(visitor.say('too-slow-title'), 'too-slow');
}, [408]);

inEachWay('a large group', async (visitor) => {
  const { page, words } = visitor;
  const people = 110;
  const search = { dataIda: ARRIVES, dataVolta: LEAVES, numeroPassagens: people };
  const { ida, volta } = await ask('voos', { paraAeroporto: place.airport, ...search });
  await hold(visitor, { ida: ida[0].id, volta: volta[0].id, pessoas: people });
  await visitor.see(words.held, 'large-group');
  const list = page.getByLabel(visitor.say('field-list'));
  const lines = Array.from({ length: 100 }, (_, at) => `Maria ${at + 1}; de Souza; MG-${at + 1}`);
  const wrong = lines.with(11, 'Maria 12').join('\n');
  await list.fill(wrong);
  await visitor.press(words.book);
  await visitor.see(words.held, 'large-group-mistake');
  const field = visitor.say('field-surname').toLowerCase();
  const told = visitor.say('of-line', { number: 12, field });
  assert.equal(await page.getByRole('alert').innerText(), `${told}: ${visitor.say('wrong-missing')}`);
  await page.getByRole('link', { name: told }).click();
  assert.ok(await list.evaluate((element) => element === document.activeElement), 'the link leads to the list');
  assert.equal(await list.inputValue(), wrong, 'what was typed stays');
  await list.fill(lines.join('\n'));
  await visitor.press(words.book);
  await page.locator('.locator strong').waitFor();
  await visitor.see(words.booked, 'large-group-booked');
  assert.equal(await page.locator('.names li').count(), 100);
  await page.getByRole('link', { name: visitor.say('alter-title') }).click();
  await visitor.see(visitor.say('alter-title'), 'large-group-names');
  assert.equal(await list.inputValue(), lines.map((line) => line.replace(/; MG-.*/, '')).join('\n'));
}, [400]);

// What Lighthouse says of each page of the flow, with its usual phone on a slow network. The score
// of `performance` is shown and not judged: it is measured in time.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import lighthouse from 'lighthouse';
import { freePort, SITES, Visitor, launch } from '../chromium.mjs';
import { ANA, STEPS, book } from '../walk.mjs';

/** What must be without any fault. */
const PERFECT = ['accessibility', 'best-practices'];

let browser;
let port;
before(async () => {
  port = await freePort();
  browser = await launch([`--remote-debugging-port=${port}`]);
});
after(async () => {
  await browser?.close();
});

/** The scores of a page, in percent, and what was found wrong on it. */
async function judge(url, cookie) {
  const { lhr } = await lighthouse(url, {
    port,
    onlyCategories: [...PERFECT, 'performance'],
    extraHeaders: { Cookie: cookie },
    logLevel: 'error',
  });
  assert.equal(lhr.runtimeError, undefined, url);
  const scores = Object.fromEntries(
    Object.values(lhr.categories).map(({ id, score }) => [id, Math.round(score * 100)]),
  );
  const wrong = PERFECT.flatMap((id) => lhr.categories[id].auditRefs)
    .filter(({ weight }) => weight > 0)
    .map(({ id }) => lhr.audits[id])
    .filter(({ score }) => score !== null && score < 1)
    .map(({ id, title }) => `${id}: ${title}`);
  return { scores, wrong };
}

test('no page has a fault in accessibility or best practices', async () => {
  const visitor = await Visitor.arrive(browser, { site: SITES[0], width: 360, name: 'lighthouse' });
  const urls = [];
  for (const step of STEPS) {
    urls.push(visitor.page.url());
    await step(visitor, ANA);
  }
  const cookies = await visitor.context.cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  // The hold's page first: afterwards the same address is that of the voucher.
  const told = [['reservada', await judge(visitor.page.url(), cookie)]];
  await book(visitor, ANA);
  urls.push(visitor.page.url(), `${SITES[0]}/viagem`);
  for (const url of urls) {
    told.push([new URL(url).pathname, await judge(url, cookie)]);
  }
  console.table(Object.fromEntries(told.map(([page, { scores }]) => [page, scores])));
  for (const [page, { scores, wrong }] of told) {
    for (const id of PERFECT) assert.equal(scores[id], 100, `${page}: ${wrong.join('; ')}`);
  }
  await visitor.leave();
});

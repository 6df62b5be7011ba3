// Debian's Chromium with everything that calls home switched off, and visitors in it whose every
// request and every complaint of the browser is kept.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { checkLight, checkUsable, checkValid, portray } from './checks.mjs';
import { WORDS } from './words.mjs';

/** The two instances of the web client, given by the Rust side that has started them. */
export const SITES = required('AGENCIA_SITES').split(',');

const SCREENS = required('AGENCIA_SCREENS');

/** An instance whose holds end after some seconds. */
export const SHORT_SITE = required('AGENCIA_SHORT_SITE');

/** What was checked for everybody: each state of each page once, in each language and width. */
const checked = new Set();

/** How long a page may take, in milliseconds. Only a failing test waits that long. */
const PATIENCE = 10_000;

export function required(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run this by \`tests/run browser\``);
  return value;
}

/** Starts it, with these flags beside its usual ones. */
export function launch(flags = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Playwright gives it an empty folder for its profile.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...flags,
    ],
  });
}

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, 'localhost', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Somebody at one of the instances, with a browser of their own. */
export class Visitor {
  #complaints = [];
  #elsewhere = [];
  #requests = 0;
  #pictures = 0;
  #html = Promise.resolve('');
  #assets = new Map();

  /** A visitor; one who does not `look` only walks: pages are neither pictured nor checked. */
  static async arrive(browser, { site, width, script = true, name, lang = 'pt-BR', look = true }) {
    const context = await browser.newContext({
      viewport: { width, height: width < 600 ? 740 : 900 },
      javaScriptEnabled: script,
      locale: lang,
    });
    context.setDefaultTimeout(PATIENCE);
    const visitor = new Visitor();
    visitor.site = site;
    visitor.name = name;
    visitor.script = script;
    visitor.width = width;
    visitor.lang = lang;
    visitor.look = look;
    visitor.words = WORDS[lang];
    visitor.context = context;
    visitor.page = await context.newPage();
    visitor.#watch();
    await visitor.page.goto(`${site}/`);
    return visitor;
  }

  #watch() {
    const { page } = this;
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.#complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.#complaints.push(String(error)));
    page.on('requestfailed', (request) => {
      const error = request.failure()?.errorText;
      // The browser itself gives up on the icon of a page that the visitor has left.
      if (error !== 'net::ERR_ABORTED') this.#complaints.push(`${request.url()}: ${error}`);
    });
    page.on('response', (response) => {
      const request = response.request();
      if (request.isNavigationRequest()) {
        // What is led on has no body.
        if (response.status() < 300 || response.status() >= 400) {
          this.#html = response.text().catch(() => page.content());
        }
      } else if (response.ok()) {
        const length = response.body().then((body) => body.length, () => 0);
        this.#assets.set(response.url(), length);
      }
    });
    page.on('request', (request) => {
      this.#requests += 1;
      if (new URL(request.url()).origin !== this.site) this.#elsewhere.push(request.url());
    });
  }

  /** Sends the form that this button is of, and waits for the page that follows. */
  async press(button) {
    await this.page.getByRole('button', { name: button, exact: true }).click();
    await this.page.waitForLoadState('load');
  }

  /** Checks that this page came, that it fits the width and weighs no more than it may, and keeps a
   * picture of it. */
  async see(heading, picture) {
    const { page } = this;
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
    const [wide, there] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.ok(wide <= there, `${picture} is ${wide} wide where there are ${there}`);
    if (!this.look) return;
    mkdirSync(SCREENS, { recursive: true });
    this.#pictures += 1;
    const file = `${this.name}-${this.#pictures}-${picture}.png`;
    await page.screenshot({ path: path.join(SCREENS, file), fullPage: true });
    const html = await this.#html;
    await checkValid(html, picture);
    // A visitor of both instances has the assets of each: only one is of this page.
    const own = [...this.#assets].filter(([url]) => url.startsWith(new URL(page.url()).origin));
    const assets = await Promise.all(own.map(([, bytes]) => bytes));
    checkLight(html, assets.reduce((sum, bytes) => sum + bytes, 0), picture);
    const state = `${heading} ${picture} ${this.width}`;
    if (this.script && !checked.has(state)) {
      checked.add(state);
      await checkUsable(page, picture);
      await portray(page, path.join(SCREENS, `${this.name}-${this.#pictures}-${picture}`));
    }
  }

  /** The browser complained of what is expected and nothing else, and asked only this site, or
   * those that are named. */
  async leave(expected = [], sites = []) {
    const known = (url) => sites.includes(new URL(url).origin);
    const elsewhere = this.#elsewhere.filter((url) => !known(url));
    assert.deepEqual(elsewhere, [], 'requests that left the site');
    const complaints = this.#complaints.filter((text) => !expected.some((one) => one.test(text)));
    assert.deepEqual(complaints, [], 'console, CSP and network errors');
    assert.ok(this.#requests > 0, 'requests are watched');
    for (const { name, httpOnly, sameSite } of await this.context.cookies()) {
      assert.ok(['visitante', 'idioma', 'reservada'].includes(name), `nothing else is kept: ${name}`);
      assert.deepEqual({ httpOnly, sameSite }, { httpOnly: true, sameSite: 'Lax' });
    }
    await this.context.close();
  }
}

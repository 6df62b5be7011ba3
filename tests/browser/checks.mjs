// What every page must be, whatever is on it: valid, light, and usable by everybody in both themes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { HtmlValidate } from 'html-validate';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The most bytes of a page with everything that it loads. */
const PAGE_BYTES_MAX = 60_000;

// The standard's own rules; how attributes are quoted or void elements closed is style.
const validator = new HtmlValidate({
  extends: ['html-validate:standard'],
  rules: { 'long-title': 'off', 'no-trailing-whitespace': 'off', 'wcag/h37': 'off' },
});

/** Fails unless the HTML as it came is valid. */
export async function checkValid(html, name) {
  const report = await validator.validateString(html);
  const told = report.results.flatMap(({ messages }) =>
    messages.map(({ ruleId, message, line, selector }) => `${ruleId}: ${message} (line ${line}, ${selector})`),
  );
  assert.deepEqual(told, [], `${name} is not valid HTML`);
}

/** Fails when a page is too heavy; `assets` are the bytes of what it names. */
export function checkLight(html, assets, name) {
  const bytes = Buffer.byteLength(html) + assets;
  assert.ok(bytes <= PAGE_BYTES_MAX, `${name} weighs ${bytes} bytes`);
  return bytes;
}

/** Fails when axe finds anything, in either theme. */
export async function checkUsable(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Evaluated by the debugger: the page's own policy lets no foreign script in.
    await page.evaluate(AXE);
    const found = await page.evaluate(() =>
      globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      }),
    );
    const told = found.violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target).join(' | ')}`,
    );
    assert.deepEqual(told, [], `${name} in the ${colorScheme} theme`);
    assert.ok(found.passes.length > 10, 'axe looked at the page');
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/** The widths at which a state of a page is looked at beside the visitor's own. */
const WIDTHS = { 1440: [768, 1440], 360: [360] };

/** Pictures of a page in both themes, at the visitor's width and at those between; it must fit. */
export async function portray(page, file) {
  const own = page.viewportSize();
  for (const width of WIDTHS[own.width] ?? [own.width]) {
    await page.setViewportSize({ width, height: own.height });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${file} is ${wide} wide where there are ${width}`);
    for (const colorScheme of width === own.width ? ['dark'] : ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${file}-${width}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(own);
}

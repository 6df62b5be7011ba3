// What the pages say, out of their own catalogues.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const LANGUAGES = new URL('../../webclient/languages/', import.meta.url);

const CATALOGUES = Object.fromEntries(
  ['pt-BR', 'en'].map((lang) => [lang, readFileSync(new URL(`${lang}.ftl`, LANGUAGES), 'utf8')]),
);

/** A text of one line, with its variables filled in. */
export function say(lang, key, variables = {}) {
  const found = CATALOGUES[lang].match(new RegExp(`^${key} = (.*)$`, 'm'));
  assert.ok(found, `${key} is in the catalogue of ${lang}`);
  return found[1].replace(/\{ \$(\w+) \}/g, (_, name) => variables[name]);
}

/** What the service is made of may be used, and is listed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lock, packagesByLicence, unknownLicences } from '../../scripts/licences-document.js';
import { ROOT } from '../support/built.js';

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Lock;
};

test('every package that runs has a licence that was looked at', () => {
  expect(unknownLicences(packages)).toEqual([]);
  expect(unknownLicences({ 'node_modules/x': { version: '1', license: 'GPL-3.0' } })).toEqual([
    'GPL-3.0: x 1',
  ]);
});

test('docs/licences.md lists every one ("npm run docs" writes it)', () => {
  const document = readFileSync(join(ROOT, 'docs/licences.md'), 'utf8');
  const words = document.replaceAll(/\s+/gu, ' ');
  for (const [licence, names] of packagesByLicence(packages)) {
    expect(document).toContain(`## ${licence}\n`);
    expect(names.filter((name) => !words.includes(name))).toEqual([]);
  }
});

/** That the replay sees a change: workflow code as somebody might alter it by mistake does not replay what was recorded. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLE, ensureBuilt } from '../support/built.js';
import { cases, replayErrors } from './histories.js';

let folder = '';

beforeAll(() => {
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), 'rollback-altered-'));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['another activity', /\.liveMigrateServer\./, '.coldMigrateServer.'],
  [
    'a step more',
    /const question = \{ action_plan_uuid: planUuid, request \};/,
    'await new Promise((go) => setTimeout(go, 1)); $&',
  ],
  ['a step left out', /\(0,\w+\.upsertMemo\)\(/, '(() => {})('],
  ['a patch under another name', /\.patched\)\('notifications'\)/, ".patched)('other')"],
  ['a new step that no patch guards', /\(0,\w+\.patched\)\('notifications'\)/, 'true'],
])('%s', async (_, is, other) => {
  const code = readFileSync(BUNDLE, 'utf8');
  expect(code).toMatch(is);
  const bundle = join(folder, 'altered.js');
  writeFileSync(bundle, code.replace(is, other));
  const notified = cases().filter(({ path }) => path.endsWith('-notified.json'));
  expect(notified.length).toBeGreaterThan(1);
  const nondeterminism = expect.stringMatching(/nondeterminism/i) as string;
  expect(await replayErrors(bundle, notified)).toEqual(notified.map(() => nondeterminism));
});

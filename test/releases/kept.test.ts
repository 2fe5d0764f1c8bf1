/** Histories and programs of released versions: complete, unchanged, and none without a scenario. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKFLOW_TYPE } from '../../workflows/messages.js';
import { historyFiles } from '../replay/histories.js';
import { SCENARIOS } from '../replay/scenarios.js';
import { ROOT } from '../support/built.js';
import { type Kept, problemsOf } from './kept.js';
import { packedProgram, readReleases, sha256 } from './release.js';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};
const releases = readReleases();
const kept: Kept = {
  version,
  scenarios: Object.entries(SCENARIOS).map(
    ([scenario, { workflow = WORKFLOW_TYPE }]) => `${workflow} ${scenario}`,
  ),
  histories: Object.fromEntries(
    Object.entries(historyFiles()).map(([path, bytes]) => [path, sha256(bytes)]),
  ),
  releases,
  programs: Object.fromEntries(
    releases.map((release) => [release.version, sha256(packedProgram(release))]),
  ),
};

test('every scenario has a history of this version, and the released ones are as they were', () => {
  expect(problemsOf(kept)).toEqual([]);
  expect(releases.map((release) => release.version)).toContain('0.1.0');
});

describe('it would be seen', () => {
  const OLD = 'RollbackActionPlan/0.1.0-success.json';
  const NEW = 'RollbackActionPlan/9.9.9-success.json';
  const released = releases.flatMap(({ histories }) => Object.entries(histories));
  const recorded = kept.scenarios.map((one) => [one.replace(' ', '/9.9.9-') + '.json', 'as is']);
  const next: Kept = {
    ...kept,
    version: '9.9.9',
    histories: Object.fromEntries([...released, ...recorded]) as Kept['histories'],
  };
  const without = (path: string): Kept => ({
    ...next,
    histories: Object.fromEntries(Object.entries(next.histories).filter(([one]) => one !== path)),
  });
  const withOne = (path: string): Kept => ({
    ...next,
    histories: { ...next.histories, [path]: 'any' },
  });

  test('and nothing else is', () => {
    expect(problemsOf(next)).toEqual([]);
  });

  test.each<[string, Kept, string]>([
    ['a history of this version deleted', without(NEW), `${NEW} is missing: a scenario`],
    ['one of a released version deleted', without(OLD), `${OLD} is missing: version 0.1.0`],
    ['one of a released version altered', withOne(OLD), `${OLD} was changed`],
    ['one added to a released version', withOne('Other/0.1.0-x.json'), 'was released without it'],
    ['one without a scenario', withOne('Other/9.9.9-x.json'), 'has no scenario'],
    ['one of no version', withOne('RollbackActionPlan/0.0.9-success.json'), 'never released'],
    ['one of another name', withOne('RollbackActionPlan/success.json'), 'is no name'],
    ['a scenario added', { ...next, scenarios: [...next.scenarios, 'Other x'] }, 'is missing'],
    [
      'a released program altered',
      { ...next, programs: { ...next.programs, '0.1.0': 'any' } },
      'is not what was',
    ],
  ])('%s', (_, changed, sentence) => {
    expect(problemsOf(changed)).toEqual([expect.stringContaining(sentence)]);
  });
});

/** The table host by host: order, wrapping, alignment, marks. */
import { hostTable } from '../../src/demo/table.js';
import { maintained, snapshot } from './snapshots.js';

test('before, after and now beside each other, servers in the order of their numbers', () => {
  expect(hostTable(snapshot(), maintained(), snapshot())).toEqual([
    'host                before the plan  after the plan     now',
    '---------  -------  ---------------  -----------------  -----------',
    'compute-1  servers  vm-2* vm-10      vm-2*              vm-2* vm-10',
    '           service  enabled, up      disabled, up       enabled, up',
    '                                     why',
    '           node     power on         power on           power on',
    '---------  -------  ---------------  -----------------  -----------',
    'compute-2  servers  vm-3(ERROR)      vm-3(ERROR) vm-10  vm-3(ERROR)',
    '           service  enabled, up      enabled, up        enabled, up',
    '           node     power on         power on           power on',
    '* SHUTOFF',
  ]);
});

test('cells are marked by how they stand to the state before', () => {
  const marks: string[] = [];
  const now = snapshot();
  now.nodes['n-2'] = { name: 'compute-2', powerState: 'power off' };
  hostTable(snapshot(), maintained(), now, (text, mark) => {
    if (mark !== 'plain' && text.trim() !== '') marks.push(`${mark} ${text.trim()}`);
    return text;
  });
  expect(marks).toEqual([
    'changed vm-2*',
    'restored vm-2* vm-10',
    'changed disabled, up',
    'restored enabled, up',
    'changed why',
    'changed vm-3(ERROR) vm-10',
    'restored vm-3(ERROR)',
    'different power off',
  ]);
});

test('many servers wrap and still fit 80 columns', () => {
  const cloud = snapshot();
  for (let number = 11; number < 31; number += 1) {
    const name = `vm-${number}`;
    cloud.servers[name] = { name, host: 'compute-1', status: 'ACTIVE', flavor: 'm1' };
  }
  const lines = hostTable(cloud, cloud, cloud);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  const text = lines.join('\n');
  for (let number = 11; number < 31; number += 1) {
    expect(text.split(`vm-${number}`)).toHaveLength(4);
  }
});

test('a host without a node, and one that is gone', () => {
  const now = snapshot();
  delete now.services['compute-2'];
  delete now.nodes['n-2'];
  delete now.servers['s-3'];
  const lines = hostTable(snapshot(), snapshot(), now);
  expect(lines.slice(-4, -1).map((line) => line.split(/\s{2,}/).at(-1))).toEqual(['-', '-', '-']);
});

/** What a cloud is too old for is said, never left out without a word. */
import { compareMicroversions, older } from '../../src/openstack/microversion.js';
import { isUnsupported } from '../../src/openstack/errors.js';
import { startStubCloud, type StubCloud } from './stub-cloud.js';

let stub: StubCloud;
afterEach(() => stub?.close());

test('2.90 is newer than 2.9', () => {
  expect(compareMicroversions('2.90', '2.9')).toBeGreaterThan(0);
  expect(compareMicroversions('1.80', '2.1')).toBeLessThan(0);
  expect(older('2.9', '2.90')).toBe('2.9');
});

test('never more than is known, never more for hypervisors than does no harm', async () => {
  stub = await startStubCloud({ novaMaximum: '2.999', ironicMaximum: '1.999' });
  stub.handle = ({ path }) =>
    path.includes('hypervisors')
      ? { status: 200, body: { hypervisors: [] } }
      : { status: 200, body: { services: [] } };
  const cloud = stub.connect();
  await cloud.compute.listServices({});
  expect(stub.received.at(-1)?.headers['openstack-api-version']).toBe('compute 2.90');
  await cloud.compute.listHypervisors();
  expect(stub.received.at(-1)?.headers['openstack-api-version']).toBe('compute 2.87');
  expect(await cloud.limitations()).toEqual([]);
});

test('an older cloud is spoken to in its own newest, and its gaps are told', async () => {
  stub = await startStubCloud({ novaMaximum: '2.79' });
  stub.handle = () => ({ status: 200, body: { migrations: [] } });
  const cloud = stub.connect();
  await cloud.compute.listMigrations({});
  expect(stub.received.at(-1)?.headers['openstack-api-version']).toBe('compute 2.79');
  expect(await cloud.limitations()).toEqual([
    expect.stringMatching(/userId is null.*needs 2\.80/u),
    expect.stringMatching(/details are null.*needs 2\.84/u),
  ]);
});

test('too old: an error that names what is needed and what is there', async () => {
  stub = await startStubCloud({ novaMaximum: '2.53', ironicMaximum: '1.38' });
  const cloud = stub.connect();
  const { compute, baremetal } = cloud;
  const cold: unknown = await compute.coldMigrate('s', 'h').catch((error: unknown) => error);
  expect(isUnsupported(cold)).toBe(true);
  expect((cold as Error).message).toMatch(/coldMigrateToHost.*2\.56.*newest is 2\.53/u);
  await expect(compute.listMigrations({})).rejects.toThrow('2.59');
  await expect(baremetal.getNode('n')).rejects.toThrow(/1\.42.*newest is 1\.38/u);
  expect(await cloud.limitations()).toContainEqual(expect.stringContaining('1.42'));
  expect(
    stub.received.filter(({ method, path }) => method === 'POST' && path.includes('action')),
  ).toEqual([]);
});

test('what was too old is asked for its version again: it may have been upgraded', async () => {
  stub = await startStubCloud({ novaMaximum: '2.53' });
  const { compute } = stub.connect();
  for (let i = 0; i < 2; i++) await expect(compute.listMigrations({})).rejects.toThrow('2.59');
  expect(stub.received.filter(({ path }) => path === '/compute/v2.1/')).toHaveLength(2);
});

test('a failed version read is not remembered', async () => {
  stub = await startStubCloud({ novaMaximum: 'soon' });
  const { compute } = stub.connect();
  for (let i = 0; i < 2; i++) {
    await expect(compute.listServices({})).rejects.toThrow('version.version');
  }
  expect(stub.received.filter(({ path }) => path === '/compute/v2.1/')).toHaveLength(2);
});

/** The embedded Temporal on a real CLI: one per database, durable, joined by whoever comes second. */
import { Client, Connection } from '@temporalio/client';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import {
  type DevServer,
  DevServerError,
  startDevServer,
} from '../../src/temporal-server/dev-server.js';
import { temporalCli } from '../support/temporal.js';
import { Scene } from './scene.js';

let scene: Scene;
let servers: DevServer[];
beforeEach(() => {
  scene = new Scene();
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  scene.remove();
});

async function start(more: Partial<Parameters<typeof startDevServer>[0]> = {}): Promise<DevServer> {
  const server = await startDevServer({
    cliPath: () => Promise.resolve(temporalCli()),
    dbFile: scene.path('data/temporal.db'),
    namespace: 'default',
    // As it would be for a client elsewhere: none of it may reach the server.
    env: { ...process.env, TEMPORAL_ADDRESS: '192.0.2.1:7233', TEMPORAL_API_KEY: 'key' },
    say: scene.say,
    ...more,
  });
  servers.push(server);
  return server;
}

async function withClient<T>(server: DevServer, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: server.address });
  try {
    return await use(new Client({ connection, namespace: server.namespace }));
  } finally {
    await connection.close();
  }
}

test('it starts with Web UI, retention and search attributes, and keeps what it knows', async () => {
  const first = await start({ searchAttributes: { Plan: 'Keyword' }, retentionDays: 8 });
  expect(first.owned).toBe(true);
  expect((await fetch(first.uiUrl)).status).toBe(200);
  await withClient(first, async (client) => {
    const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(8 * 86_400);
    const found = await client.connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    expect(Object.keys(found.customAttributes ?? {})).toContain('Plan');
    await client.workflow.start('nothing', { taskQueue: 'nobody', workflowId: 'kept' });
  });
  await first.stop();
  expect(await first.exited).toMatch(/^it ended with exit code 0/);
  expect(existsSync(scene.path('data/temporal.db.lock'))).toBe(false);

  const second = await start({ searchAttributes: { Plan: 'Keyword' } });
  const status = await withClient(second, (client) => client.workflow.getHandle('kept').describe());
  expect(status.status.name).toBe('RUNNING');
});

test('its files can be read by their owner alone', async () => {
  await start();
  const files = readdirSync(scene.path('data')).filter((name) => /^temporal\.db(-|$)/.test(name));
  // Writes ahead: one wait for the disk each (server-settings.ts).
  expect(files).toEqual(expect.arrayContaining(['temporal.db', 'temporal.db-wal']));
  const modes = files.map((name) => statSync(scene.path(`data/${name}`)).mode & 0o777);
  expect(modes.map((mode) => mode.toString(8))).toEqual(files.map(() => '600'));
});

test('a database from before the write-ahead log is gone on with; what is answered is on the disk', async () => {
  const beside = () => readdirSync(scene.path('data')).filter((name) => name.endsWith('-wal'));
  const without = `n=$#
while [ $n -gt 0 ]; do
  a=$1; shift; n=$((n-1))
  if [ "$a" = --sqlite-pragma ]; then shift; n=$((n-1)); else set -- "$@" "$a"; fi
done`;
  const before = scene.program('bin/before', `${without}\nexec '${temporalCli()}' "$@"`);
  const first = await start({ cliPath: () => Promise.resolve(before) });
  expect(beside()).toEqual([]);
  const kept = { taskQueue: 'nobody', workflowId: 'kept' };
  await withClient(first, (client) => client.workflow.start('nothing', kept));
  await first.stop();

  const told = `echo "$@" > '${scene.path('told')}'`;
  const now = scene.program('bin/now', `${told}\nexec '${temporalCli()}' "$@"`);
  const second = await start({ cliPath: () => Promise.resolve(now) });
  expect(beside()).toEqual(['temporal.db-wal']);
  expect(scene.read('told')).toContain('synchronous=FULL');
  const status = await withClient(second, (client) => client.workflow.getHandle('kept').describe());
  expect(status.status.name).toBe('RUNNING');
});

test('whoever comes second joins, asks for no CLI, and does not end it', async () => {
  const [one, two] = await Promise.all([start(), start()]);
  const [owner, guest] = one.owned ? [one, two] : [two, one];
  expect([owner.owned, guest.owned]).toEqual([true, false]);
  expect(guest.address).toBe(owner.address);
  expect(scene.said.filter((line) => line.includes('joined'))).toHaveLength(1);
  await guest.stop();

  const other = await start({
    namespace: 'of-another',
    cliPath: () => Promise.reject(new Error('asked for the CLI')),
  });
  expect(other.owned).toBe(false);
  await withClient(other, (client) =>
    client.workflow.start('nothing', { taskQueue: 'nobody', workflowId: 'in-another' }),
  );
});

test("servers on other databases do not get in each other's way", async () => {
  const [one, two] = await Promise.all([start(), start({ dbFile: scene.path('other.db') })]);
  expect([one.owned, two.owned]).toEqual([true, true]);
  expect(one.address).not.toBe(two.address);
  expect(one.uiUrl).not.toBe(two.uiUrl);
});

test('a database that is none, or a port that is taken, is told in one sentence, and the lock is free again', async () => {
  mkdirSync(scene.path('folder.db'));
  const attempt = start({ dbFile: scene.path('folder.db') });
  await expect(attempt).rejects.toBeInstanceOf(DevServerError);
  await expect(attempt).rejects.toThrow(
    /^Temporal could not be started on .*folder\.db: .*Set TEMPORAL_ADDRESS/s,
  );
  expect(existsSync(scene.path('folder.db.lock'))).toBe(false);

  const { address } = await start();
  const port = Number(address.split(':')[1]);
  // The other server answers at that port, and must not be taken for ours.
  await expect(start({ dbFile: scene.path('b.db'), port })).rejects.toThrow(
    /could not be started on .*b\.db: .*address already in use/,
  );
});

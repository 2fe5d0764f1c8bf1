/** What the bare side asks for again is what the rollback asked for, and as much of it. */
import {
  lotsOf,
  mustHaveAsManyRows,
  type Recorded,
  rowsIn,
  wholeSecond,
} from '../../bench/lib/lots.js';

const AT = Date.parse('2026-01-02T03:05:05.250Z');
const SERVERS = [
  { id: 'a', away: 'compute-1' },
  { id: 'b', away: 'compute-2' },
];

const listing = (path: string, rows: number | null): Recorded => ({
  method: 'GET',
  path,
  at: AT,
  rows,
});
const moving = (id: string): Recorded => ({
  method: 'POST',
  path: `/compute/v2.1/servers/${id}/action`,
  at: AT,
  rows: null,
});
const again = (path: string, rows: number | null) =>
  lotsOf({ requests: [listing(path, rows)], servers: SERVERS.slice(0, 1) })[0]?.[0];

test('all in their order, dealt out evenly; a migration moves its own server away', () => {
  const requests = [listing('/x', 1), moving('b'), moving('a'), listing('/y?host=h', null)];
  expect(lotsOf({ requests, servers: SERVERS })).toEqual([
    [{ method: 'GET', path: '/x' }, expect.objectContaining({ path: moving('b').path })],
    [expect.objectContaining({ path: moving('a').path }), { method: 'GET', path: '/y?host=h' }],
  ]);
  expect(lotsOf({ requests, servers: SERVERS }).flat()[1]?.body).toEqual({
    'os-migrateLive': { host: 'compute-2', block_migration: 'auto' },
  });
});

test('a migration of another server is none that can be made again', () => {
  expect(() => lotsOf({ requests: [moving('c')], servers: SERVERS })).toThrow(
    'asked for POST /compute/v2.1/servers/c/action',
  );
});

test('what changed since then: as long ago, as many as there were', () => {
  const since = encodeURIComponent('2026-01-02T03:04:05.000Z');
  expect(again(`/m?changes-since=${since}&limit=1000`, 17)).toEqual({
    method: 'GET',
    path: '/m?limit=17',
    lookBackMs: 60_250,
  });
  // As Watcher and Nova write it.
  expect(again('/m?changes-since=2026-01-02T03:04:05&limit=9', 3)?.lookBackMs).toBe(60_250);
});

test('what changed until then: the latest, as many as there were', () => {
  const times = 'changes-since=2026-01-02T03:04:05Z&changes-before=2026-01-02T03:04:45Z';
  expect(again(`/s?all_tenants=1&${times}&sort_key=updated_at&limit=60`, 20)).toEqual({
    method: 'GET',
    path: '/s?all_tenants=1&sort_key=updated_at&limit=20',
    lookBackMs: 60_250,
  });
});

test('a further page: as many as it had, from the first on', () => {
  expect(again('/m?limit=1000&marker=u', 480)?.path).toBe('/m?limit=480');
  expect(again('/m?marker=u', 480)?.path).toBe('/m?limit=480');
});

test('never none, which would be all; never more than were asked for', () => {
  expect(again('/m?limit=1000&marker=u', 0)?.path).toBe('/m?limit=1');
  expect(again('/m?limit=5&marker=u', 6)?.path).toBe('/m?limit=5');
});

test('how many there were is not guessed', () => {
  expect(() => again('/m?limit=5&marker=u', null)).toThrow('got no listing from GET /m?limit=5');
});

test('whole seconds look back no shorter', () => {
  expect(wholeSecond(AT)).toBe('2026-01-02T03:05:05.000Z');
  expect(wholeSecond(AT - 250)).toBe('2026-01-02T03:05:05.000Z');
  expect(wholeSecond(AT - 251)).toBe('2026-01-02T03:05:04.000Z');
});

test('both sides are told of as many records, a tenth more or less', () => {
  expect(rowsIn([{ rows: 3 }, { rows: null }, { rows: 0 }, { rows: 4 }])).toBe(7);
  for (const bare of [90, 100, 110])
    expect(() => mustHaveAsManyRows({ rollback: 100, bare })).not.toThrow();
  for (const bare of [0, 89, 111])
    expect(() => mustHaveAsManyRows({ rollback: 100, bare })).toThrow(`"bare":${bare}}`);
  expect(() => mustHaveAsManyRows({ rollback: 0, bare: 0 })).toThrow('records');
});

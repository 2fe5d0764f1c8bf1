/** From which time on the records of a server may hold something that the layout has not seen. */
import { at, laidOut, migrate, record, server } from './facts-builder.js';

const since = (given: Parameters<typeof laidOut>[0]): (string | null | undefined)[] =>
  laidOut(given).map(({ work }) =>
    work !== null && work.kind === 'live_migrate' ? work.since : undefined,
  );

const actions = [migrate('vm-1', 'a', 'b'), migrate('vm-2', 'a', 'b')];
const servers = [server('vm-1', 'b'), server('vm-2', 'b')];

it('is the latest change of any record: what was closed before was seen', () => {
  const migrations = [
    record(1, 'vm-1', 'a', 'b', { updatedAt: at(60) }),
    record(2, 'vm-2', 'a', 'b', { updatedAt: at(90) }),
  ];
  expect(since({ actions, servers, migrations })).toEqual([at(90), at(90)]);
});

it('is the last change of its own record where that is still open', () => {
  const migrations = [
    record(1, 'vm-1', 'a', 'b', { updatedAt: at(60) }),
    record(2, 'vm-2', 'a', 'b', { updatedAt: at(90) }),
    record(3, 'vm-1', 'b', 'b', { status: 'running', createdAt: at(70), updatedAt: at(75) }),
  ];
  expect(since({ actions, servers, migrations })).toContain(at(75));
});

it('is not known where there are no records', () => {
  expect(since({ actions, servers, migrations: [] })).toEqual([null, null]);
});

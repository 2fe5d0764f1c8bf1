/**
 * The simulated cloud against the recordings of a real one: the recorded request in the recorded situation gets the
 * same status, the same headers (those that clients use) and a body of the same shape; a refusal the same words.
 */
import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { readRecording, recordingNames } from '../support/recordings.js';
import type { Recording } from '../support/recordings.js';
import { Caller, passwordBody } from './caller.js';
import type { Reply } from './caller.js';
import { setScene, SITUATIONS } from './scene.js';
import { shapeOf, valuesOf, withInnerJson } from './shape.js';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const REQUEST_ID = /req-[0-9a-f-]{36}/;

/** Compared by value, after addresses are replaced. */
const SAME_VALUE = [
  'openstack-api-version',
  'x-openstack-nova-api-version',
  'openstack-api-minimum-version',
  'openstack-api-maximum-version',
  'x-openstack-ironic-api-minimum-version',
  'x-openstack-ironic-api-maximum-version',
  'x-openstack-ironic-api-version',
  'www-authenticate',
  'allow',
  'vary',
  'location',
  'content-type',
];
/** Compared by whether they are there. */
const SAME_PRESENCE = [
  'x-openstack-request-id',
  'x-compute-request-id',
  'openstack-request-id',
  'x-subject-token',
];

/** Members of which the values are compared too, not only the types. */
const SAME_WORDS = [
  'status',
  'state',
  'OS-EXT-STS:vm_state',
  'OS-EXT-STS:task_state',
  'OS-EXT-STS:power_state',
  'host_status',
  'migration_type',
  'action',
  'message',
  'result',
  'details',
  'disabled_reason',
  'forced_down',
  'power_state',
  'target_power_state',
  'action_type',
  'strategy_name',
  'description',
];
/** Differences that docs/fake-vs-real.md lists and explains. */
const OTHER_WORDS: Record<string, string[]> = { 'watcher-root': ['description'] };

let cloud: SimulatedCloud;
let caller: Caller;

beforeEach(async () => {
  cloud = await startSimulatedCloud({
    times: { conductor: 0, liveMigration: 3, coldMigration: 3 },
  });
  caller = new Caller(cloud);
});
afterEach(() => cloud.close());

test('every recording has a situation, and every situation a recording', () => {
  expect(Object.keys(SITUATIONS).toSorted()).toEqual(recordingNames());
});

test.each(recordingNames())('%s', async (name) => {
  const recording = readRecording(name);
  const id = await SITUATIONS[name]?.(setScene(cloud, caller));
  const sent = await send(recording, id);

  expect(sent.status).toBe(recording.status);
  for (const header of SAME_VALUE)
    expect([header, sent.headers.get(header)]).toEqual([
      header,
      expectedHeader(recording, header, id),
    ]);
  for (const header of SAME_PRESENCE)
    expect([header, sent.headers.has(header)]).toEqual([header, header in recording.headers]);
  expect(shapeOf(sent.json)).toEqual(shapeOf(recording.json));
  const words = SAME_WORDS.filter((word) => OTHER_WORDS[name]?.includes(word) !== true);
  expect(valuesOf(sent.json, words)).toEqual(valuesOf(inOurWords(recording, id), words));
  if (recording.status >= 400)
    expect(withoutRequestIds(withInnerJson(sent.json))).toEqual(
      withoutRequestIds(withInnerJson(inOurWords(recording, id))),
    );
});

/** Placement says it in the body too. */
function withoutRequestIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null).replaceAll(/req-[0-9a-f-]{36}/g, 'req-…'));
}

async function send(recording: Recording, id: string | undefined): Promise<Reply> {
  const { method, path, headers } = recording.request;
  const own: Record<string, string> = { ...headers };
  if (own['x-subject-token'] === '(a token of the caller)')
    own['x-subject-token'] = await caller.token();
  const body =
    recording.name === 'keystone-token'
      ? passwordBody(cloud)
      : (recording.request.body ?? undefined);
  const prefix = `/${recording.service}`;
  return caller.raw(method, prefix + inOurIds(path, id), {
    headers: own,
    body,
    ...tokenOf(recording),
  });
}

/** By default the admin's. */
function tokenOf({ name, status }: Recording): { token?: string | null } {
  if (status === 401 || name === 'keystone-token') return { token: null };
  // Recorded with a token of no role.
  if (status === 403) return { token: cloud.issueToken({ userName: 'eve', roles: [] }) };
  return {};
}

/** The recorded text with the simulated cloud's ids. */
function inOurIds(text: string, id: string | undefined): string {
  if (id === undefined) return text;
  const [first = '', request = ''] = id.split(' ');
  return text
    .replace(/(?<=\/migrations\/)\d+/, (number) => (/^\d+$/.test(request) ? request : number))
    .replace(REQUEST_ID, () => request)
    .replace(UUID, (uuid) => (request === uuid ? uuid : first));
}

function inOurWords(recording: Recording, id: string | undefined): unknown {
  return recording.json === undefined ? undefined : JSON.parse(inOurIds(recording.text, id));
}

function expectedHeader(recording: Recording, name: string, id: string | undefined): string | null {
  const value = recording.headers[name];
  if (value === undefined) return null;
  const keystone = 'http://127.0.0.1:15000/v3';
  return inOurIds(value, id)
    .replace(keystone, cloud.authUrl)
    .replace(recording.origin, `${caller.base}/${recording.service}`);
}

/** A rollback of which Temporal keeps nothing that it can read, and the endpoint by which its Web UI can. */
import { temporal as protos } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { type CodecPart, startCodecPart } from '../../src/service/codec-part.js';
import { compressionCodec } from '../../src/temporal/payload-codec.js';
import { encryptionCodec, parseKeys } from '../../src/temporal/encryption-codec.js';
import { startTemporal } from '../support/temporal.js';
import { maintenanceScene, type Scene } from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

const KEYS = parseKeys(`today ${randomBytes(32).toString('base64')}`);
const WEB = 'http://127.0.0.1:8233';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let scene: Scene;
let codec: CodecPart;

beforeAll(async () => {
  temporal = await startTemporal();
  service = await startServiceForTest({ temporal: temporal.address, keys: KEYS });
  codec = await startCodecPart(0, [compressionCodec, encryptionCodec(KEYS)], `${WEB}/x`);
  scene = await maintenanceScene(service.sim);
});
afterAll(async () => {
  await codec.stop();
  await service.close();
  await temporal.teardown();
});

interface Asked {
  body: unknown;
  headers?: Record<string, string>;
  method?: string;
}

/** Not fetch: it does not let a page's headers be imitated. */
function ask(
  path: string,
  { body, headers = {}, method = 'POST' }: Asked,
): Promise<{ status: number; text: string; allowed: unknown }> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = request(
      new URL(path, codec.url),
      {
        method,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
          ...headers,
        },
      },
      (answer) => {
        let said = '';
        answer.setEncoding('utf8').on('data', (part: string) => (said += part));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            text: said,
            allowed: answer.headers['access-control-allow-origin'],
          }),
        );
      },
    );
    asked.once('error', reject);
    asked.end(text);
  });
}

test('no name of the cloud and of the caller is in its history; the endpoint shows them', async () => {
  const result = await service.rollBack(scene.plan);
  expect(result).toMatchObject({ state: 'SUCCEEDED', restored: true });
  const handle = temporal.client.workflow.getHandle(`rollback-${scene.plan}`);
  const { events } = await handle.fetchHistory();
  const kept = (events ?? []).map((event) =>
    Buffer.from(protos.api.history.v1.HistoryEvent.encode(event).finish()).toString('latin1'),
  );
  expect(kept.length).toBeGreaterThan(30);
  for (const name of ['compute-1', 'idle-1', 'vm-1', 'anna', scene.servers[0] ?? '-']) {
    // Not the beginning of something longer: a worker's queue is named after its machine (`…@vm-1f0…` on one called vm).
    const alone = new RegExp(`${name}(?![0-9a-z])`);
    expect({ name, in: kept.filter((event) => alone.test(event)).length }).toEqual({
      name,
      in: 0,
    });
  }
  const end = events?.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads ?? [];
  const payloads = end.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value).toString('base64'),
      ]),
    ),
    data: Buffer.from(data ?? []).toString('base64'),
  }));
  const decoded = await ask('/decode', { body: { payloads }, headers: { origin: WEB } });
  expect(decoded).toMatchObject({ status: 200, allowed: WEB });
  const shown = JSON.parse(decoded.text) as { payloads: { data: string }[] };
  expect(JSON.parse(Buffer.from(shown.payloads[0]?.data ?? '', 'base64').toString())).toMatchObject(
    {
      action_plan_uuid: scene.plan,
      state: 'SUCCEEDED',
    },
  );
  const again = await ask('/encode', { body: shown });
  expect(again.status).toBe(200);
  expect(again.text).not.toContain(shown.payloads[0]?.data);
});

test.each<[string, string, Asked, number]>([
  [
    'a page of another origin',
    '/decode',
    { body: { payloads: [] }, headers: { origin: 'http://evil.example' } },
    403,
  ],
  [
    'another name that leads here',
    '/decode',
    { body: { payloads: [] }, headers: { host: 'evil.example' } },
    403,
  ],
  ['another path', '/', { body: {} }, 404],
  ['another method', '/decode', { body: {}, method: 'PUT' }, 405],
  ['another shape', '/decode', { body: { payloads: 'x' } }, 400],
  [
    'a payload of a key that is not known',
    '/decode',
    {
      body: {
        payloads: [
          { metadata: { encoding: Buffer.from('binary/encrypted').toString('base64') }, data: '' },
        ],
      },
    },
    400,
  ],
])('%s is refused', async (_, path, asked, status) => {
  const answer = await ask(path, asked);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text)).toEqual({ error: expect.any(String) as string });
});

test('the preflight of the Web UI is answered, that of another page is not', async () => {
  const ours = await ask('/decode', { body: '', method: 'OPTIONS', headers: { origin: WEB } });
  expect(ours).toMatchObject({ status: 204, allowed: WEB });
  const other = await ask('/decode', {
    body: '',
    method: 'OPTIONS',
    headers: { origin: 'http://x' },
  });
  expect(other).toMatchObject({ status: 403, allowed: undefined });
});

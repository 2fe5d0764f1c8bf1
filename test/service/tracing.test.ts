/** One id finds a request everywhere: in the service's log, in the result, and in every call that it made to OpenStack. */
import { createLogger } from '../../src/log.js';
import type { PreviewResult } from '../../src/domain/preview.js';
import type { RollbackResult } from '../../src/domain/result.js';
import { startTemporal } from '../support/temporal.js';
import { maintenanceScene } from './scene.js';
import { startServiceForTest } from './service.js';

const ID = 'req-0f0e0d0c-0b0a-4908-8706-050403020100';
const HEADERS = { 'X-OpenStack-Request-ID': ID };
const CHANGES = /^(POST|PUT) \/(compute|baremetal)/;

test("a caller's X-OpenStack-Request-ID goes to Nova, Ironic and Watcher, and into the log", async () => {
  const temporal = await startTemporal();
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as (typeof lines)[number]);
  const log = createLogger({ level: 'info', format: 'json', destination: { write } });
  const service = await startServiceForTest({ temporal: temporal.address, log });
  try {
    const { sim } = service;
    const { plan } = await maintenanceScene(sim);
    const path = `/v1/action_plans/${plan}/rollback`;
    const seen = () =>
      sim.requests.map(({ method, route, globalRequestId }) => ({
        call: `${method} ${route}`,
        id: globalRequestId,
      }));
    const before = seen().length;

    const preview = await service.call<PreviewResult>('GET', `${path}/preview`, {
      headers: HEADERS,
    });
    expect(preview.status).toBe(200);
    const read = seen()
      .slice(before)
      .filter(({ call }) => !call.includes(' /identity'));
    const reads = ['/infra-optim/v1/actions/detail', '/compute/v2.1/os-services', '/placement/'];
    for (const route of reads) {
      expect(read.map(({ call }) => call)).toContainEqual(expect.stringContaining(route));
    }
    expect(read.filter(({ id }) => id !== ID)).toEqual([]);

    const { status, body, headers } = await service.call<RollbackResult>('POST', path, {
      headers: HEADERS,
    });
    expect([status, body.state, body.requested_by.request_id]).toEqual([200, 'SUCCEEDED', ID]);
    const changes = seen().filter(({ call }) => CHANGES.test(call));
    const kinds = new Set(changes.map(({ call }) => call));
    expect([...kinds].toSorted()).toEqual([
      'POST /compute/v2.1/servers/{id}/action',
      'PUT /baremetal/v1/nodes/{id}/states/power',
      'PUT /compute/v2.1/os-services/{id}',
    ]);
    expect(changes.filter(({ id }) => id !== ID)).toEqual([]);

    // The service's own id is another one, and the log line has both.
    const own = headers.get('X-OpenStack-Request-ID');
    expect(own).toMatch(/^req-/);
    expect(own).not.toBe(ID);
    const line = lines.find((one) => one['request_id'] === own && one['msg'] === 'request');
    expect(line).toMatchObject({ global_request_id: ID, action_plan_uuid: plan, status: 200 });
  } finally {
    await service.close();
    await temporal.teardown();
  }
}, 60_000);

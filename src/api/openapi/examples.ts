/** Examples of the OpenAPI document. Tests send the requests and hold the answers to the schemas. */
export const EXAMPLE_PLAN = 'e3c4c6d6-714d-4954-93b2-e509bb425191';
export const EXAMPLE_ACTION = '0f1d4c2a-6b7e-4a55-9d3c-1a2b3c4d5e6f';

const compensation = {
  action_uuid: EXAMPLE_ACTION,
  action_type: 'migrate',
  kind: 'live_migrate',
  resource_type: 'server',
  resource_id: '5b9a2b1e-6d2f-4f6c-9d0a-7e8f9a0b1c2d',
  resource_name: 'vm-1',
  before: { host: 'compute-1' },
  after: { host: 'compute-2' },
  now: { host: 'compute-1', status: 'ACTIVE' },
  state: 'SUCCEEDED',
  reason: null,
  parents: [],
  attempts: 1,
  started_at: '2026-11-24T02:20:01.000Z',
  finished_at: '2026-11-24T02:20:06.000Z',
  evidence: { nova_request_id: 'req-4d3c2b1a-0f1e-4a5b-8c9d-0e1f2a3b4c5d' },
};

export const EXAMPLE_RESULT = {
  action_plan_uuid: EXAMPLE_PLAN,
  uuid: '11111111-2222-4333-8444-555555555555',
  state: 'SUCCEEDED',
  restored: true,
  dry_run: false,
  truncated: false,
  created_at: '2026-11-24T02:20:00.000Z',
  updated_at: '2026-11-24T02:20:07.000Z',
  options: {
    max_age: 3600,
    on_drift: 'keep',
    hosts: 'restore',
    allow_cold: false,
    abort_stuck: false,
    max_failures: 10,
    actions: null,
  },
  requested_by: {
    user_id: '9f8e7d6c5b4a39281706f5e4d3c2b1a0',
    user_name: 'anna',
    project_id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    request_id: 'req-7c6b5a49-3827-4165-9403-f2e1d0c9b8a7',
  },
  counts: { SUCCEEDED: 1 },
  failure: null,
  compensations: [compensation],
  history: [
    {
      time: '2026-11-24T02:20:00.500Z',
      action_uuid: null,
      event: 'accepted',
      message: 'Plan ended 2026-11-24T02:10:00Z, SUCCEEDED.',
    },
  ],
  workflow: {
    id: `rollback-${EXAMPLE_PLAN}`,
    run_id: '11111111-2222-4333-8444-555555555555',
    namespace: 'default',
    web_url: null,
  },
  links: [
    { rel: 'self', href: `http://127.0.0.1:9323/v1/action_plans/${EXAMPLE_PLAN}/rollback` },
    { rel: 'bookmark', href: `http://127.0.0.1:9323/action_plans/${EXAMPLE_PLAN}/rollback` },
  ],
};

export const EXAMPLE_PREVIEW = {
  ...EXAMPLE_RESULT,
  state: 'PENDING',
  restored: false,
  dry_run: true,
  counts: { PENDING: 1 },
  compensations: [
    {
      ...compensation,
      state: 'PENDING',
      now: { host: 'compute-2', status: 'ACTIVE' },
      attempts: 0,
      started_at: null,
      finished_at: null,
      evidence: {},
    },
  ],
  history: [],
  preview: {
    order: [EXAMPLE_ACTION],
    hosts: [
      {
        host: 'compute-1',
        status: 'enabled',
        state: 'up',
        disabled_reason: null,
        servers: 0,
        room: { vcpus_free: 12, memory_mb_free: 24_576, disk_gb_free: 180 },
        incoming: 1,
        message: null,
      },
    ],
    audits: [],
    newer_plans: [],
    needs: {},
    warnings: [],
  },
};

export const EXAMPLE_LOGIN = { user: 'anna', password: 'her own password', project: 'admin' };

export const EXAMPLE_TOKEN = {
  token: 'the token, for X-Auth-Token',
  expires_at: '2026-11-24T03:20:00.000000Z',
  user_name: 'anna',
  project_id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  roles: ['admin'],
};

export const EXAMPLE_STOP = {
  stopped: true,
  reason: 'storage maintenance until 14:00',
  by: 'anna',
  since: '2026-11-24T02:20:00.000Z',
};

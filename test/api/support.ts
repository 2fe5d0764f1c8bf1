/** A real HTTP server of the API with fakes behind it, and small helpers to talk to it. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { ApiCloud, ApiDeps } from '../../src/api/deps.js';
import { ApiError } from '../../src/api/errors.js';
import type { ControlCall, ControlVerb, RollbackList, Rollbacks } from '../../src/api/rollbacks.js';
import { startApiServer } from '../../src/api/server.js';
import type { ApiServer, Certificate } from '../../src/api/server.js';
import type { Preview, PreviewResult } from '../../src/domain/preview.js';
import type { RollbackResult } from '../../src/domain/result.js';
import type { StopSwitch } from '../../src/domain/stop-switch.js';
import { createLogger } from '../../src/log.js';
import { createMetrics } from '../../src/metrics.js';
import { OpenStackHttpError } from '../../src/openstack/errors.js';
import type { IssuedToken, LoginCredentials, TokenInfo } from '../../src/openstack/cloud.js';
import type { RollbackRequest } from '../../activities/types.js';
import type { CompensationsPage } from '../../workflows/messages.js';

export const PLAN = 'e3c4c6d6-714d-4954-93b2-e509bb425191';
export const PATH = `/v1/action_plans/${PLAN}/rollback`;
export const ADMIN_TOKEN = 'gAAAAABadmin-token-of-the-test-0123456789';

export function rollbackResult(state: RollbackResult['state'] = 'SUCCEEDED'): RollbackResult {
  return {
    action_plan_uuid: PLAN,
    uuid: '11111111-2222-4333-8444-555555555555',
    state,
    restored: state === 'SUCCEEDED',
    dry_run: false,
    truncated: false,
    created_at: '2026-11-24T02:20:00Z',
    updated_at: '2026-11-24T02:20:07Z',
    options: {
      max_age: 3600,
      on_drift: 'keep',
      hosts: 'restore',
      allow_cold: false,
      abort_stuck: false,
      max_failures: 10,
      actions: null,
    },
    requested_by: { user_id: null, user_name: null, project_id: null, request_id: null },
    counts: { SUCCEEDED: 4 },
    failure: null,
    compensations: [],
    history: [],
    workflow: { id: `rollback-${PLAN}`, run_id: 'run', namespace: 'default', web_url: null },
    links: [],
  };
}

export function tokenInfo(fields: Partial<TokenInfo> = {}): TokenInfo {
  return {
    userId: 'user-1',
    userName: 'ada',
    projectId: 'project-1',
    roles: ['member', 'Admin'],
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    ...fields,
  };
}

const ADMINS = ['admin', 'administrator'];
export const EVERYTHING_FOR_ADMINS = {
  read: ADMINS,
  preview: ADMINS,
  start: ADMINS,
  control: ADMINS,
  admin: ADMINS,
};

export const NO_PREVIEW: Preview = {
  order: [],
  hosts: [],
  audits: [],
  newer_plans: [],
  needs: {},
  warnings: [],
};

/** A Rollbacks whose answers a test sets, and that keeps what it was asked. */
export class FakeRollbacks implements Rollbacks {
  asked: { plan: string; request: RollbackRequest; complete: unknown; brief: boolean }[] = [];
  waits: { timeoutMs: number; signal: AbortSignal }[] = [];
  listed: unknown[] = [];
  pages: unknown[] = [];
  accepted: RollbackResult | Error = rollbackResult();
  ended: (timeoutMs: number, signal: AbortSignal) => Promise<RollbackResult> = () =>
    Promise.resolve(rollbackResult());
  current: RollbackResult | Error | null = rollbackResult();
  page: CompensationsPage | null = { total: 0, offset: 0, compensations: [] };
  rows: RollbackList | Error = { rollbacks: [], next: null };
  readiness = { temporal: true, worker: true, message: null as string | null };

  controlled: unknown[] = [];
  previewed: { plan: string; request: RollbackRequest }[] = [];
  control(plan: string, verb: ControlVerb, request: ControlCall): Promise<RollbackResult> {
    this.controlled.push({ plan, verb, ...request });
    return valueOrThrow(this.accepted);
  }
  async preview(plan: string, request: RollbackRequest): Promise<PreviewResult> {
    this.previewed.push({ plan, request });
    const result = await valueOrThrow(this.accepted);
    return { ...result, state: 'PENDING', dry_run: true, preview: NO_PREVIEW };
  }
  stop: StopSwitch = { stopped: false, reason: null, by: null, since: null };
  stopSwitch(): Promise<StopSwitch> {
    return Promise.resolve(this.stop);
  }
  setStopSwitch(change: Omit<StopSwitch, 'since'>): Promise<StopSwitch> {
    this.stop = { ...change, since: '2026-11-24T02:20:00Z' };
    return Promise.resolve(this.stop);
  }

  request(
    plan: string,
    request: RollbackRequest,
    complete: unknown,
    brief = false,
  ): Promise<RollbackResult> {
    this.asked.push({ plan, request, complete, brief });
    return valueOrThrow(this.accepted);
  }
  waitForEnd(_plan: string, timeoutMs: number, signal: AbortSignal): Promise<RollbackResult> {
    this.waits.push({ timeoutMs, signal });
    return this.ended(timeoutMs, signal);
  }
  get(): Promise<RollbackResult | null> {
    return valueOrThrow(this.current);
  }
  compensations(plan: string, page: object): Promise<CompensationsPage | null> {
    this.pages.push({ plan, ...page });
    return Promise.resolve(this.page);
  }
  list(page: object): Promise<RollbackList> {
    this.listed.push(page);
    return valueOrThrow(this.rows);
  }
  ready(): Promise<typeof this.readiness> {
    return Promise.resolve(this.readiness);
  }
}

function valueOrThrow<T>(value: T | Error): Promise<T> {
  return value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
}

/** A Keystone that knows ADMIN_TOKEN and "member", and a Nova and Watcher that are well. */
export function fakeCloud() {
  const validated: string[] = [];
  const cloud = {
    identity: {
      authUrl: 'http://127.0.0.1:15000/v3',
      ownUserId: (): Promise<string> => Promise.resolve('service-user'),
      validateToken: (token: string): Promise<TokenInfo | null> => {
        validated.push(token);
        if (token === ADMIN_TOKEN) return Promise.resolve(tokenInfo());
        return Promise.resolve(token === 'member' ? tokenInfo({ roles: ['member'] }) : null);
      },
      logIn: ({ userName, password }: LoginCredentials): Promise<IssuedToken | null> => {
        if (userName !== 'anna' || password !== 'right') return Promise.resolve(null);
        return Promise.resolve({ ...tokenInfo(), value: ADMIN_TOKEN });
      },
    },
    compute: { listServices: () => Promise.resolve([]) },
    optimizer: {
      getActionPlan: () =>
        Promise.reject(
          new OpenStackHttpError({
            service: 'infra-optim',
            method: 'GET',
            path: '/v1/action_plans/0',
            status: 404,
            serviceMessage: null,
            requestId: null,
            retryAfterSeconds: null,
          }),
        ),
    },
  } satisfies ApiCloud;
  return { cloud, validated };
}

export interface Door {
  server: ApiServer;
  rollbacks: FakeRollbacks;
  cloud: ReturnType<typeof fakeCloud>['cloud'];
  validated: string[];
  logs: Record<string, unknown>[];
  metrics: ApiDeps['metrics'];
  call(path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface CallOptions {
  method?: string;
  /** null: no token. */
  token?: string | null;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The JSON body. */
  json: Record<string, unknown>;
  /** faultstring of Watcher's error body; null where it is no such body. */
  fault: string | null;
}

export async function openDoor(
  config: Partial<ApiDeps['config']> = {},
  more: Partial<Omit<ApiDeps, 'rollbacks' | 'cloud' | 'config' | 'closing'>> = {},
  limits: Parameters<typeof startApiServer>[1] = {},
  certificate: Certificate | null = null,
): Promise<Door> {
  const rollbacks = new FakeRollbacks();
  const { cloud, validated } = fakeCloud();
  const logs: Record<string, unknown>[] = [];
  const write = (line: string): void => void logs.push(JSON.parse(line) as Record<string, unknown>);
  const metrics = createMetrics({ processMetrics: false });
  const server = await startApiServer(
    {
      rollbacks,
      cloud,
      metrics,
      config: {
        host: '127.0.0.1',
        port: 0,
        auth: 'keystone',
        maxAge: 3600,
        maxAgeCeiling: 604_800,
        acceptTimeout: 30,
        roles: EVERYTHING_FOR_ADMINS,
        serviceRoles: ['service'],
        eventStreams: 3,
        rateLimit: 0,
        ...config,
      },
      log: createLogger({ level: 'debug', format: 'json', destination: { write } }),
      ...more,
    },
    limits,
    certificate,
  );
  return {
    server,
    rollbacks,
    cloud,
    validated,
    logs,
    metrics,
    call: (path, options) => call(`${server.url}${path}`, options),
    close: () => server.close(2000),
  };
}

async function call(url: string, options: CallOptions = {}): Promise<Answer> {
  const { method = 'GET', token = ADMIN_TOKEN, headers = {}, body, signal } = options;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== null && { 'X-Auth-Token': token }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body }),
    ...(signal && { signal }),
  });
  const text = await response.text();
  const json = isJson(response) && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {};
  return {
    status: response.status,
    headers: response.headers,
    text,
    json,
    fault: faultOf(json),
  };
}

function isJson(response: Response): boolean {
  return response.headers.get('content-type') === 'application/json';
}

function faultOf(json: Record<string, unknown>): string | null {
  if (typeof json.error_message !== 'string') return null;
  const fault = JSON.parse(json.error_message) as Record<string, unknown>;
  expect(Object.keys(fault)).toEqual(['faultcode', 'faultstring', 'debuginfo']);
  return String(fault.faultstring);
}

/** Sends bytes as they are; resolves with all that came back when the server closes, or after the time. */
export function sendRaw(port: number, text: string | Buffer, timeoutMs = 3000): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('error', (error) => (received === '' ? reject(error) : undefined));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
  });
}

/** Waits until something is so; fails after two seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 2000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('It did not become so within two seconds.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The answer in a recording of a real service: status, headers, body. */
export function recorded(name: string): Omit<Answer, 'text' | 'fault'> {
  const file = readFileSync(`test/fixtures/openstack/${name}.http`, 'utf8');
  const answer = file.slice(file.indexOf('HTTP/1.1 ')).trimEnd();
  const [head = '', body = ''] = answer.split(/\r?\n\r?\n/, 2);
  const [first = '', ...lines] = head.split(/\r?\n/);
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  return {
    status: Number(first.split(' ')[1]),
    headers,
    json: JSON.parse(body) as Record<string, unknown>,
  };
}

export { ApiError };

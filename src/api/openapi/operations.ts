/**
 * Every operation of the REST API, for the OpenAPI document: a test keeps it in step with the routes. The schemas are the
 * ones that validate.
 */
import type { z } from 'zod';
import type { FailureType } from '../../domain/failures.js';
import type { Operation } from '../policy.js';
import { loginSchema } from '../routes/login.js';
import * as answers from '../schemas/answers.js';
import * as requests from '../schemas/requests.js';
import * as examples from './examples.js';

export interface OperationEntry {
  method: 'get' | 'post' | 'put';
  path: string;
  id: string;
  summary: string;
  description?: string;
  /** The role setting that it needs; "token": any good token; null: open to all. */
  policy: Operation | 'token' | null;
  query?: z.ZodObject;
  body?: { schema: z.ZodObject; required: boolean; example?: unknown };
  /** null: an answer without a body that is described by the content type alone. */
  answer: { status: number; schema: z.ZodType | null; type: string; example?: unknown };
  /** Other good answers: 204, 304. */
  also?: Record<number, string>;
  headers?: ('Prefer' | 'If-None-Match' | 'Last-Event-ID')[];
  failures: FailureType[];
}

const JSON_TYPE = 'application/json';
const ROLLBACK = '/v1/action_plans/{uuid}/rollback';
const NOT_MODIFIED = { 304: 'As If-None-Match says, it has not changed.' };
const FROM_TEMPORAL: FailureType[] = ['TemporalUnreachable', 'NoWorker'];
const REFUSALS: FailureType[] = [
  'InvalidRequest',
  'ActionPlanNotFound',
  'PlanNotFinished',
  'PlanNeverStarted',
  'PlanTooOld',
  'PlanTooLarge',
  'OtherPlanOngoing',
  'DriftFound',
  'RequestExpired',
  'UnsupportedMediaType',
  ...FROM_TEMPORAL,
];

export function operations(maxAgeCeiling: number): OperationEntry[] {
  return [...ofRollback(maxAgeCeiling), ...ofControl(), ...ofAll(), ...ofService()];
}

function ofRollback(maxAgeCeiling: number): OperationEntry[] {
  const result = {
    status: 200,
    schema: answers.resultSchema,
    type: JSON_TYPE,
    example: examples.EXAMPLE_RESULT,
  };
  return [
    {
      method: 'post',
      path: ROLLBACK,
      id: 'rollBackActionPlan',
      summary: 'Roll an action plan back',
      description:
        'Restores the state that the plan found. Waits for the end for 30 s, or as Prefer says; what still runs then goes on and is read with GET. Asking again with the same options joins what runs.',
      policy: 'start',
      body: {
        schema: requests.rollbackBodySchema(maxAgeCeiling),
        required: false,
        example: { on_drift: 'keep' },
      },
      answer: { ...result, schema: answers.resultOrPreviewSchema },
      headers: ['Prefer'],
      failures: [...REFUSALS, 'OptionsDiffer', 'RollbacksStopped'],
    },
    {
      method: 'get',
      path: ROLLBACK,
      id: 'getRollback',
      summary: 'The rollback of an action plan so far',
      policy: 'read',
      query: requests.noQuerySchema,
      answer: result,
      also: NOT_MODIFIED,
      headers: ['If-None-Match'],
      failures: ['InvalidRequest', 'NoRollback', ...FROM_TEMPORAL],
    },
    {
      method: 'get',
      path: `${ROLLBACK}/preview`,
      id: 'previewRollback',
      summary: 'What a rollback would do',
      description: 'Reads and decides as a rollback does, and touches nothing.',
      policy: 'preview',
      query: requests.previewQuerySchema(maxAgeCeiling),
      answer: {
        status: 200,
        schema: answers.previewSchema,
        type: JSON_TYPE,
        example: examples.EXAMPLE_PREVIEW,
      },
      failures: REFUSALS,
    },
    {
      method: 'get',
      path: `${ROLLBACK}/compensations`,
      id: 'listCompensations',
      summary: 'All compensations of a rollback, a page at a time',
      policy: 'read',
      query: requests.pageQuerySchema,
      answer: { status: 200, schema: answers.compensationsPageSchema, type: JSON_TYPE },
      also: NOT_MODIFIED,
      headers: ['If-None-Match'],
      failures: ['InvalidRequest', 'NoRollback', ...FROM_TEMPORAL],
    },
    {
      method: 'get',
      path: `${ROLLBACK}/events`,
      id: 'watchRollback',
      summary: 'A rollback as it goes, as server-sent events',
      description:
        'Events: "result" (the whole result: first, after a gap, when the state changes), "compensation" (one that changed), "history" (one new entry), "end" (the whole result; the stream closes). A comment every 15 s keeps the connection.',
      policy: 'read',
      query: requests.noQuerySchema,
      answer: { status: 200, schema: null, type: 'text/event-stream' },
      also: { 204: 'The rollback has ended and Last-Event-ID is that of its end.' },
      headers: ['Last-Event-ID'],
      failures: ['InvalidRequest', 'NoRollback', 'TooManyStreams', ...FROM_TEMPORAL],
    },
  ];
}

const CONTROL: Record<string, [id: string, summary: string, ofOne: boolean]> = {
  pause: ['pauseRollback', 'Start nothing new; what is in flight is let finish', false],
  resume: ['resumeRollback', 'Let a paused rollback go on', false],
  cancel: ['cancelRollback', 'End a rollback; what is in flight is let finish', false],
  retry: ['retryCompensation', 'Take a FAILED or NOT_ATTEMPTED compensation up again', true],
  skip: ['skipCompensation', 'Leave a PENDING compensation alone for good', true],
};

function ofControl(): OperationEntry[] {
  return Object.entries(CONTROL).map(([verb, [id, summary, ofOne]]) => ({
    method: 'post',
    path: `${ROLLBACK}/${verb}`,
    id,
    summary,
    policy: 'control',
    body: ofOne
      ? {
          schema: requests.controlOneBodySchema,
          required: true,
          example: { action_uuid: examples.EXAMPLE_ACTION },
        }
      : { schema: requests.controlBodySchema, required: false },
    answer: { status: 200, schema: answers.resultSchema, type: JSON_TYPE },
    failures: [
      'InvalidRequest',
      'NoRollback',
      'NotControllable',
      'UnsupportedMediaType',
      ...FROM_TEMPORAL,
    ],
  }));
}

function ofAll(): OperationEntry[] {
  const stop = {
    status: 200,
    schema: answers.stopSwitchSchema,
    type: JSON_TYPE,
    example: examples.EXAMPLE_STOP,
  };
  return [
    {
      method: 'get',
      path: '/v1/rollbacks',
      id: 'listRollbacks',
      summary: 'All rollbacks, newest first',
      policy: 'read',
      query: requests.listQuerySchema,
      answer: { status: 200, schema: answers.listSchema, type: JSON_TYPE },
      also: NOT_MODIFIED,
      headers: ['If-None-Match'],
      failures: ['InvalidRequest', ...FROM_TEMPORAL],
    },
    {
      method: 'get',
      path: '/v1/rollbacks/stop',
      id: 'getStopSwitch',
      summary: 'Whether all rollbacks are stopped',
      policy: 'read',
      query: requests.noQuerySchema,
      answer: stop,
      also: NOT_MODIFIED,
      headers: ['If-None-Match'],
      failures: ['InvalidRequest', ...FROM_TEMPORAL],
    },
    {
      method: 'put',
      path: '/v1/rollbacks/stop',
      id: 'setStopSwitch',
      summary: 'Stop all rollbacks, or let them go on',
      description:
        'While they are stopped, new rollbacks are refused (409) and running ones start nothing new: they are PAUSED, and go on by themselves afterwards.',
      policy: 'admin',
      body: {
        schema: requests.stopBodySchema,
        required: true,
        example: { stopped: false },
      },
      answer: stop,
      failures: ['InvalidRequest', 'UnsupportedMediaType', ...FROM_TEMPORAL],
    },
  ];
}

function ofService(): OperationEntry[] {
  return [
    {
      method: 'post',
      path: '/v1/auth/tokens',
      id: 'logIn',
      summary: 'A Keystone token for a user name and password, for the page at /ui/',
      policy: null,
      body: { schema: loginSchema, required: true, example: examples.EXAMPLE_LOGIN },
      answer: {
        status: 201,
        schema: answers.loginAnswerSchema,
        type: JSON_TYPE,
        example: examples.EXAMPLE_TOKEN,
      },
      failures: ['InvalidRequest', 'LoginRefused', 'TooManyLogins', 'UnsupportedMediaType'],
    },
    {
      method: 'get',
      path: '/healthz',
      id: 'isAlive',
      summary: 'Whether the process is alive',
      policy: null,
      answer: { status: 200, schema: answers.healthSchema, type: JSON_TYPE, example: { ok: true } },
      failures: [],
    },
    {
      method: 'get',
      path: '/readyz',
      id: 'isReady',
      summary: 'Whether a rollback could be accepted now',
      description: '503 with the same body where it could not.',
      policy: null,
      answer: { status: 200, schema: answers.readinessSchema, type: JSON_TYPE },
      failures: [],
    },
    {
      method: 'get',
      path: '/metrics',
      id: 'getMetrics',
      summary: 'Prometheus metrics',
      policy: null,
      answer: { status: 200, schema: null, type: 'text/plain' },
      failures: [],
    },
  ];
}

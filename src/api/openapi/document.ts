/** The OpenAPI 3.1 document, made from the table of operations and the schemas that validate. Pure. */
import { z } from 'zod';
import { FAILURES, type FailureType } from '../../domain/failures.js';
import { MAX_VERSION } from '../microversion.js';
import * as answers from '../schemas/answers.js';
import { EXAMPLE_PLAN } from './examples.js';
import { type OperationEntry, operations } from './operations.js';

export interface OpenApiDocument {
  openapi: string;
  info: Record<string, unknown>;
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, unknown> } & Record<string, unknown>;
  [more: string]: unknown;
}

const NAMED: Record<string, z.ZodType> = {
  RollbackResult: answers.resultSchema,
  PreviewResult: answers.previewSchema,
  Compensation: answers.compensationSchema,
  HistoryEntry: answers.historyEntrySchema,
  CompensationsPage: answers.compensationsPageSchema,
  RollbackList: answers.listSchema,
  StopSwitch: answers.stopSwitchSchema,
  Fault: answers.faultSchema,
  Unauthorized: answers.unauthorizedSchema,
  Readiness: answers.readinessSchema,
};

/** Any request may be answered so. */
const ALWAYS: FailureType[] = ['MethodNotAllowed', 'UriTooLong', 'InternalError'];
/** They answer however often they are asked. */
const PROBES = ['/healthz', '/readyz', '/metrics'];
const WITH_TOKEN: FailureType[] = [
  'Unauthorized',
  'NotAcceptable',
  'OpenStackUnreachable',
  'OpenStackUnauthorized',
];

export function openApiDocument(options: {
  version: string;
  maxAgeCeiling: number;
  /** False where nobody is asked for a token (ROLLBACK_AUTH=none). */
  withTokens: boolean;
}): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const entry of operations(options.maxAgeCeiling)) {
    if (entry.id === 'logIn' && !options.withTokens) continue;
    const path = (paths[entry.path] ??= {});
    path[entry.method] = operationObject(entry, options.withTokens);
    if (entry.path.includes('{uuid}')) path['parameters'] = [PLAN_PARAMETER];
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Watcher rollback API',
      version: options.version,
      summary: 'Restores the state that an action plan of OpenStack Watcher found.',
      description: `In Watcher's own manner: its error body, its microversions (1.0 to ${MAX_VERSION}), its links. Every answer has X-OpenStack-Request-ID; a request's own (req-<uuid>) is handed on to Nova and into the logs.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        token: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Auth-Token',
          description: 'A Keystone token.',
        },
      },
    },
  };
}

const PLAN_PARAMETER = {
  name: 'uuid',
  in: 'path',
  required: true,
  description: 'UUID of the action plan.',
  schema: { type: 'string', format: 'uuid' },
  example: EXAMPLE_PLAN,
};

const HEADERS = {
  Prefer: {
    description:
      'wait=N: wait for the end up to N seconds (at most 300). respond-async: answer at acceptance.',
    example: 'respond-async',
  },
  'If-None-Match': { description: 'The ETag of an earlier answer.', example: '"abc"' },
  'Last-Event-ID': { description: 'Number of the last event that was seen.', example: '0' },
};

function operationObject(entry: OperationEntry, withTokens: boolean): Record<string, unknown> {
  const { answer, body } = entry;
  const role =
    entry.policy === null || entry.policy === 'token' || !withTokens
      ? ''
      : ` Needs a role of ROLLBACK_ROLES_${entry.policy.toUpperCase()}.`;
  return {
    operationId: entry.id,
    summary: entry.summary,
    description: `${entry.description ?? `${entry.summary}.`}${role}`,
    ...(entry.policy !== null && withTokens && { security: [{ token: [] }] }),
    parameters: [...queryParameters(entry.query), ...headerParameters(entry.headers ?? [])],
    ...(body && {
      requestBody: {
        required: body.required,
        content: {
          'application/json': {
            schema: schemaOf(body.schema),
            ...(body.example !== undefined && { example: body.example }),
          },
        },
      },
    }),
    responses: {
      [answer.status]: {
        description: 'As asked.',
        headers: headersOf(entry),
        content: {
          [answer.type]: {
            schema: answer.schema === null ? { type: 'string' } : reference(answer.schema),
            ...(answer.example !== undefined && { example: answer.example }),
          },
        },
      },
      ...Object.fromEntries(
        Object.entries(entry.also ?? {}).map(([status, description]) => [status, { description }]),
      ),
      ...refusals(entry, withTokens),
    },
  };
}

const TEXT = { type: 'string' };
function headersOf(entry: OperationEntry): Record<string, unknown> {
  return {
    'X-OpenStack-Request-ID': { schema: TEXT, description: "This request's own id." },
    ...(entry.also?.[304] !== undefined && {
      ETag: { schema: TEXT, description: 'For If-None-Match.' },
    }),
    ...(entry.policy !== null &&
      entry.answer.type === 'application/json' && {
        Link: { schema: TEXT, description: 'As of RFC 8288.' },
      }),
    ...(entry.headers?.includes('Prefer') === true && {
      'Preference-Applied': { schema: TEXT, description: 'What of Prefer was heeded.' },
    }),
  };
}

/** By status: what it means, from the one list of failures. */
function refusals(entry: OperationEntry, withTokens: boolean): Record<string, unknown> {
  const asksForToken = entry.policy !== null && withTokens;
  const types = [
    ...entry.failures,
    ...ALWAYS,
    ...(PROBES.includes(entry.path) ? [] : ['TooManyRequests' as const]),
    ...(entry.policy === null ? [] : asksForToken ? WITH_TOKEN : ['NotAcceptable' as const]),
    ...(asksForToken && entry.policy !== 'token' ? ['Forbidden' as const] : []),
  ];
  const byStatus = new Map<number, Set<FailureType>>();
  for (const type of types) {
    const { status } = FAILURES[type];
    if (status !== null) byStatus.set(status, (byStatus.get(status) ?? new Set()).add(type));
  }
  if (entry.id === 'isReady') byStatus.set(503, new Set());
  return Object.fromEntries(
    [...byStatus].map(([status, failures]) => [status, refusal(entry, status, [...failures])]),
  );
}

function refusal(entry: OperationEntry, status: number, types: FailureType[]): unknown {
  const schema =
    entry.id === 'isReady' && status === 503
      ? answers.readinessSchema
      : status === 401
        ? answers.unauthorizedSchema
        : answers.faultSchema;
  const meanings = types.map((type) => `${type}: ${FAILURES[type].meaning}`);
  return {
    description: meanings.join('\n\n') || 'Not ready; each part says what is wrong.',
    content: { 'application/json': { schema: reference(schema) } },
  };
}

function queryParameters(query: z.ZodObject | undefined): unknown[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...json } = schemaOf(schema);
    const type = json['type'];
    const list = type === 'array' || Array.isArray(json['anyOf']);
    return {
      name,
      in: 'query',
      required: false,
      ...(typeof description === 'string' && { description }),
      // A list in a query is never null: leaving it out is how one says "all".
      schema: list ? arrayIn(json) : json,
      ...(list && { style: 'form', explode: false }),
    };
  });
}

function arrayIn(json: Record<string, unknown>): unknown {
  const options: unknown = json['anyOf'];
  if (!Array.isArray(options)) return json;
  const found: unknown = options.find(
    (option: unknown) => typeof option === 'object' && option !== null && 'items' in option,
  );
  return found ?? json;
}

function headerParameters(names: readonly (keyof typeof HEADERS)[]): unknown[] {
  return names.map((name) => ({
    name,
    in: 'header',
    required: false,
    ...HEADERS[name],
    schema: { type: 'string' },
  }));
}

function namedSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'input',
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, without(schema, ['$schema', '$id'])]),
  );
}

function reference(schema: z.ZodType): unknown {
  if (schema instanceof z.ZodUnion) return { anyOf: schema.options.map(referenceOf) };
  return referenceOf(schema);
}

function referenceOf(schema: z.core.$ZodType): unknown {
  const name = Object.entries(NAMED).find(([, one]) => one === schema)?.[0];
  return name === undefined ? schemaOf(schema) : { $ref: `#/components/schemas/${name}` };
}

function schemaOf(schema: z.core.$ZodType): Record<string, unknown> {
  return without(z.toJSONSchema(schema, { io: 'input' }), ['$schema']);
}

function without(schema: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name)));
}

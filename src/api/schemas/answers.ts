/**
 * What this service answers, as zod schemas: the OpenAPI document is made from them, and tests hold real answers to them.
 * The types of src/domain are the contract; the assertions at the end keep the two in step.
 */
import { z } from 'zod';
import { DRIFT_POLICIES, HOST_POLICIES } from '../../domain/options.js';
import type { PreviewResult } from '../../domain/preview.js';
import { COMPENSATION_KINDS, type RollbackResult } from '../../domain/result.js';
import { OUTCOMES, ROLLBACK_STATES } from '../../domain/states.js';
import type { StopSwitch } from '../../domain/stop-switch.js';
import type { RollbackSummary } from '../rollbacks.js';

const time = z.string().describe('ISO 8601, in UTC.');
const uuid = z.string();
const text = z.string().nullable();

export const linkSchema = z.strictObject({ rel: z.enum(['self', 'bookmark']), href: z.string() });

const resourceStateSchema = z
  .strictObject({
    host: z.exactOptional(text).describe('Compute service host of a server.'),
    status: z.exactOptional(text).describe("A server's or a compute service's status."),
    disabled_reason: z.exactOptional(text),
    power_state: z.exactOptional(text).describe('"power on" or "power off".'),
    flavor: z.exactOptional(text),
    inferred: z
      .exactOptional(z.boolean())
      .describe('True: concluded from the action alone, recorded by nobody.'),
    since: z.exactOptional(z.string()),
  })
  .describe('Only the properties that the action concerns.');

export const compensationSchema = z.strictObject({
  action_uuid: uuid,
  action_type: z.string(),
  kind: z.enum(COMPENSATION_KINDS).nullable().describe('What is or would be done; null: nothing.'),
  resource_type: z.enum(['server', 'compute_service', 'node', 'volume']).nullable(),
  resource_id: text,
  resource_name: text,
  before: resourceStateSchema.nullable().describe('What the action found.'),
  after: resourceStateSchema.nullable().describe('What the action made.'),
  now: resourceStateSchema.nullable().describe('The live state, as last read.'),
  state: z.enum(OUTCOMES),
  reason: text.describe('Why it is so.'),
  parents: z.array(uuid).describe('Actions whose compensations this one waits for.'),
  attempts: z.int().min(0),
  started_at: text,
  finished_at: text,
  evidence: z.strictObject({
    nova_request_id: z.exactOptional(z.string()),
    migration_uuid: z.exactOptional(z.string()),
    proof_migration_uuid: z.exactOptional(z.string()),
    action_plan_uuid: z.exactOptional(z.string()),
  }),
});

export const historyEntrySchema = z.strictObject({
  time,
  action_uuid: text,
  event: z.string().describe('accepted, started, succeeded, failed, …'),
  message: z.string(),
});

const countsSchema = z
  .strictObject({
    PENDING: z.exactOptional(z.int()),
    ONGOING: z.exactOptional(z.int()),
    SUCCEEDED: z.exactOptional(z.int()),
    SKIPPED: z.exactOptional(z.int()),
    KEPT: z.exactOptional(z.int()),
    NOT_REVERSIBLE: z.exactOptional(z.int()),
    FAILED: z.exactOptional(z.int()),
    NOT_ATTEMPTED: z.exactOptional(z.int()),
  })
  .describe('Compensations by outcome.');

const resultFields = {
  action_plan_uuid: uuid,
  uuid: uuid.describe('Of this rollback: the first run id of its workflow.'),
  state: z.enum(ROLLBACK_STATES),
  restored: z.boolean(),
  dry_run: z.boolean(),
  truncated: z.boolean().describe('True: …/compensations has them all.'),
  created_at: time,
  updated_at: time,
  options: z.strictObject({
    max_age: z.number(),
    on_drift: z.enum(DRIFT_POLICIES),
    hosts: z.enum(HOST_POLICIES),
    allow_cold: z.boolean(),
    abort_stuck: z
      .exactOptional(z.boolean())
      .describe('Absent: no (accepted by a version that did not know it).'),
    max_failures: z.int(),
    actions: z.array(uuid).nullable(),
  }),
  requested_by: z.strictObject({
    user_id: text,
    user_name: text,
    project_id: text,
    request_id: text,
  }),
  counts: countsSchema,
  failure: z.strictObject({ type: z.string(), message: z.string() }).nullable(),
  compensations: z.array(compensationSchema),
  history: z.array(historyEntrySchema),
  workflow: z.strictObject({
    id: z.string(),
    run_id: z.string(),
    namespace: z.string(),
    web_url: text,
  }),
  links: z.array(linkSchema),
};
export const resultSchema = z.strictObject(resultFields);

const roomSchema = z.strictObject({
  vcpus_free: z.number(),
  memory_mb_free: z.number(),
  disk_gb_free: z.number(),
});
export const previewSchema = z.strictObject({
  ...resultFields,
  preview: z.strictObject({
    order: z.array(uuid).describe('Actions with work, in the order in which they would begin.'),
    hosts: z.array(
      z.strictObject({
        host: z.string(),
        status: z.enum(['enabled', 'disabled']),
        state: z.enum(['up', 'down']),
        disabled_reason: text,
        servers: z.int().describe('Servers of the plan that are on it now.'),
        room: roomSchema.nullable().describe('By Placement; null: not known.'),
        incoming: z.int(),
        message: text.describe('What is in the way; null: nothing.'),
      }),
    ),
    audits: z
      .array(
        z.strictObject({
          uuid,
          name: z.string(),
          goal: text,
          strategy: text,
          interval: text,
          state: z.string(),
          message: z.string(),
        }),
      )
      .describe('CONTINUOUS audits that are active and may move servers again.'),
    newer_plans: z.array(
      z.strictObject({ uuid, state: z.string(), resources: z.array(z.string()) }),
    ),
    needs: z
      .record(z.string(), z.array(uuid))
      .describe('By chosen action: actions that were not chosen and that it would wait for.'),
    warnings: z.array(z.string()),
  }),
});

/** POST …/rollback: the second with dry_run. */
export const resultOrPreviewSchema = z.union([resultSchema, previewSchema]);

export const compensationsPageSchema = z.strictObject({
  compensations: z.array(compensationSchema),
  total: z.int(),
  offset: z.int(),
  next: z.exactOptional(z.string()).describe('Address of the next page; absent on the last one.'),
});

export const listSchema = z.strictObject({
  rollbacks: z.array(
    z.strictObject({
      action_plan_uuid: uuid,
      uuid,
      state: z.enum(ROLLBACK_STATES),
      created_at: time,
      updated_at: time,
      counts: countsSchema,
      links: z.array(linkSchema),
    }),
  ),
  next: z.exactOptional(z.string()).describe('Address of the next page; absent on the last one.'),
});

export const stopSwitchSchema = z.strictObject({
  stopped: z.boolean(),
  reason: text,
  by: text,
  since: text,
});

/** Watcher's error body: the text is itself JSON with faultcode, faultstring and debuginfo. */
export const faultSchema = z.strictObject({ error_message: z.string() });
/** keystonemiddleware's. */
export const unauthorizedSchema = z.strictObject({
  error: z.strictObject({ code: z.literal(401), title: z.string(), message: z.string() }),
});

const checkSchema = z.strictObject({ ok: z.boolean(), message: text });
export const readinessSchema = z.strictObject({
  ready: z.boolean(),
  temporal: checkSchema,
  worker: checkSchema,
  openstack: checkSchema,
});

export const healthSchema = z.strictObject({ ok: z.literal(true) });
export const loginAnswerSchema = z.strictObject({
  token: z.string(),
  expires_at: z.string(),
  user_name: z.string(),
  project_id: text,
  roles: z.array(z.string()),
});

/** Compiles only where schema and type say the same. */
type Same<A, B> = [A, B] extends [B, A] ? true : never;
export const IN_STEP: [
  Same<RollbackResult, z.output<typeof resultSchema>>,
  Same<PreviewResult, z.output<typeof previewSchema>>,
  Same<StopSwitch, z.output<typeof stopSwitchSchema>>,
  Same<RollbackSummary, z.output<typeof listSchema>['rollbacks'][number]>,
] = [true, true, true, true];

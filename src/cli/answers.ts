/**
 * What the command reads of the service's answers. Fields that it does not know are kept, so that `--json` shows all that
 * the service said; words are plain text, so that an older command reads a newer service's.
 */
import { z } from 'zod';

/** What is left out is null: then no reader has to tell the two apart. */
const text = z.string().nullable().default(null);

const resourceStateSchema = z.looseObject({
  host: text,
  status: text,
  disabled_reason: text,
  power_state: text,
  flavor: text,
});
export type ResourceStateAnswer = z.output<typeof resourceStateSchema>;

export const compensationSchema = z.looseObject({
  action_uuid: z.string(),
  action_type: z.string(),
  kind: text,
  resource_type: text,
  resource_id: text,
  resource_name: text,
  before: resourceStateSchema.nullable().default(null),
  after: resourceStateSchema.nullable().default(null),
  now: resourceStateSchema.nullable().default(null),
  state: z.string(),
  reason: text,
  started_at: text,
  finished_at: text,
});
export type CompensationAnswer = z.output<typeof compensationSchema>;

export const historySchema = z.looseObject({ time: z.string(), message: z.string() });
const countsSchema = z.record(z.string(), z.number());

export const resultSchema = z.looseObject({
  action_plan_uuid: z.string(),
  uuid: z.string(),
  state: z.string(),
  truncated: z.boolean().default(false),
  created_at: z.string(),
  updated_at: z.string(),
  counts: countsSchema,
  failure: z.looseObject({ type: z.string(), message: z.string() }).nullable().default(null),
  compensations: z.array(compensationSchema),
  history: z.array(historySchema).default([]),
  workflow: z.looseObject({ id: z.string(), web_url: text }),
});
export type ResultAnswer = z.output<typeof resultSchema>;

export const compensationsPageSchema = z.looseObject({
  compensations: z.array(compensationSchema),
  total: z.number(),
});

export const listSchema = z.looseObject({
  rollbacks: z.array(
    z.looseObject({
      action_plan_uuid: z.string(),
      state: z.string(),
      created_at: z.string(),
      updated_at: z.string(),
      counts: countsSchema,
    }),
  ),
  next: text,
});
export type ListAnswer = z.output<typeof listSchema>;

const hostSchema = z.looseObject({
  host: z.string(),
  status: z.string(),
  state: z.string(),
  disabled_reason: text,
  servers: z.number(),
  incoming: z.number(),
  room: z
    .looseObject({ vcpus_free: z.number(), memory_mb_free: z.number(), disk_gb_free: z.number() })
    .nullable()
    .default(null),
  message: text,
});
const auditSchema = z.looseObject({ name: z.string(), message: z.string() });
const newerPlanSchema = z.looseObject({
  uuid: z.string(),
  state: z.string(),
  resources: z.array(z.string()),
});

export const previewSchema = resultSchema.extend({
  preview: z.looseObject({
    order: z.array(z.string()),
    hosts: z.array(hostSchema),
    audits: z.array(auditSchema),
    newer_plans: z.array(newerPlanSchema),
    needs: z.record(z.string(), z.array(z.string())),
    warnings: z.array(z.string()),
  }),
});
export type PreviewAnswer = z.output<typeof previewSchema>;

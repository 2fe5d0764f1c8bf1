/** From Watcher's answers to the types of cloud.ts. Unknown fields are ignored. */
import { z } from 'zod';
import type { WatcherAction, WatcherActionPlan, WatcherAudit } from '../cloud.js';
import { optionalTimeSchema, timeSchema } from '../times.js';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

export const actionPlanSchema = z
  .object({
    uuid: z.string(),
    state: z.string(),
    strategy_name: text,
    audit_uuid: text,
    created_at: timeSchema,
    updated_at: optionalTimeSchema,
  })
  .transform((plan): WatcherActionPlan => ({
    uuid: plan.uuid,
    state: plan.state,
    strategyName: plan.strategy_name,
    auditUuid: plan.audit_uuid,
    createdAt: plan.created_at,
    updatedAt: plan.updated_at,
  }));

const actionSchema = z
  .object({
    uuid: z.string(),
    action_plan_uuid: z.string(),
    action_type: z.string(),
    state: z.string(),
    input_parameters: z.record(z.string(), z.unknown()).nullish(),
    parents: z.array(z.string()).nullish(),
    created_at: timeSchema,
    updated_at: optionalTimeSchema,
  })
  .transform((action): WatcherAction => ({
    uuid: action.uuid,
    planUuid: action.action_plan_uuid,
    type: action.action_type,
    state: action.state,
    parameters: action.input_parameters ?? {},
    parents: action.parents ?? [],
    createdAt: action.created_at,
    updatedAt: action.updated_at,
  }));

const auditSchema = z
  .object({
    uuid: z.string(),
    name: text,
    audit_type: z.string(),
    state: z.string(),
    goal_name: text,
    strategy_name: text,
    interval: z.union([z.string(), z.number().transform(String)]).nullish(),
  })
  .transform((audit): WatcherAudit => ({
    uuid: audit.uuid,
    name: audit.name ?? audit.uuid,
    type: audit.audit_type,
    state: audit.state,
    goalName: audit.goal_name,
    strategyName: audit.strategy_name,
    interval: audit.interval ?? null,
  }));

const next = z.string().nullish();
export const actionPlansSchema = z.object({ action_plans: z.array(actionPlanSchema), next });
export const actionsSchema = z.object({ actions: z.array(actionSchema), next });
export const auditsSchema = z.object({ audits: z.array(auditSchema), next });

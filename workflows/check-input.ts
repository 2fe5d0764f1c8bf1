/**
 * What reaches the workflow from outside may be anything: `temporal workflow start` and `update` check nothing. A plain error
 * here would fail the workflow task for ever, so every shape is looked at first, and refused in a sentence. What the values
 * must be is checked by the readActionPlan activity.
 */
import { ApplicationFailure } from '@temporalio/workflow';
import type { RollbackRequest } from '../activities/types.js';
import { isUuid, workflowIdOf } from '../src/domain/workflow-id.js';
import type { ControlRequest, RollbackInput } from './messages.js';

const DIRECT_START: RollbackRequest = {
  options: {},
  requested_by: { user_id: null, user_name: null, project_id: null, request_id: null },
  requested_at: null,
  accept_by: null,
  previous_run_id: null,
};

/** Throws InvalidRequest. `workflowId` is the id that this workflow runs under: there is one rollback per plan. */
export function checkedInput(
  input: unknown,
  workflowId: string,
): { planUuid: string; request: RollbackRequest; carried: RollbackInput['carried'] } {
  if (!isObject(input)) throw invalid('The input must be {"action_plan_uuid": "<uuid>"}.');
  const { action_plan_uuid: planUuid, request, carried } = input as Partial<RollbackInput>;
  if (typeof planUuid !== 'string' || !isUuid(planUuid)) {
    throw invalid('"action_plan_uuid" must be the UUID of an action plan.');
  }
  if (workflowId !== workflowIdOf(planUuid)) {
    throw invalid(
      `The workflow id must be ${workflowIdOf(planUuid)}: there is one rollback per plan.`,
    );
  }
  return { planUuid, request: checkedRequest(request ?? {}), carried };
}

/** The request with everything that it leaves out. Throws InvalidRequest. */
export function checkedRequest(request: unknown): RollbackRequest {
  if (!isObject(request)) throw invalid('The request must be an object.');
  const given = request as Partial<RollbackRequest>;
  const { options = {}, requested_by: by = {} } = given;
  if (!isObject(options)) throw invalid('"options" must be an object.');
  if (!isObject(by)) throw invalid('"requested_by" must be an object.');
  for (const name of ['requested_at', 'accept_by'] as const) {
    const time = given[name] ?? null;
    if (time !== null && (typeof time !== 'string' || Number.isNaN(Date.parse(time)))) {
      throw invalid(`"${name}" must be a time as in ISO 8601.`);
    }
  }
  return {
    ...DIRECT_START,
    ...given,
    options,
    requested_by: { ...DIRECT_START.requested_by, ...by },
  };
}

/** Throws InvalidRequest. */
export function checkedControl(request: unknown): ControlRequest {
  if (request === undefined || request === null) return { by: null };
  if (!isObject(request)) throw invalid('The input must be an object, e.g. {"by": "me"}.');
  const { by = null, action_uuid: action } = request as Partial<ControlRequest>;
  if (by !== null && typeof by !== 'string') throw invalid('"by" must be a name.');
  if (action === undefined) return { by };
  if (typeof action !== 'string') throw invalid('"action_uuid" must be the UUID of an action.');
  return { by, action_uuid: action };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'InvalidRequest');
}

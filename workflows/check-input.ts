/**
 * What reaches the workflow from outside may be anything: `temporal workflow start` and `update` check nothing. A plain error
 * here would fail the workflow task for ever, so every shape is looked at first, and refused in a sentence. What the values
 * must be is checked by the readActionPlan activity.
 */
import { ApplicationFailure } from '@temporalio/workflow';
import type { RollbackRequest } from '../activities/types.js';
import { type CloudId, isCloudId } from '../src/domain/cloud-id.js';
import type { Part } from '../src/domain/parts.js';
import type { StopSwitch } from '../src/domain/stop-switch.js';
import { isUuid, workflowIdOf } from '../src/domain/workflow-id.js';
import type { ControlRequest, RollbackInput } from './messages.js';
import { STOP_SWITCH_ID } from './stop-messages.js';

const DIRECT_START: RollbackRequest = {
  options: {},
  requested_by: { user_id: null, user_name: null, project_id: null, request_id: null },
  requested_at: null,
  accept_by: null,
  previous_run_id: null,
};

/** How this workflow came to run. */
export interface Run {
  workflowId: string;
  /** Set where an earlier run continued as this one. */
  continuedFromExecutionRunId?: string;
  /** Over 1: Temporal itself began this run again, with the input of the first. */
  attempt?: number;
  /** Likewise where the start named one. */
  cronSchedule?: string;
}

interface Checked {
  planUuid: string;
  request: RollbackRequest;
  carried: RollbackInput['carried'];
  cloud: CloudId | undefined;
  quickly: boolean;
}

/** Throws InvalidRequest. The id that this workflow runs under is looked at too: there is one rollback per plan. */
export function checkedInput(input: unknown, run: Run): Checked {
  const checked = checkedPlan(input);
  const { planUuid, carried } = checked;
  if (run.workflowId !== workflowIdOf(planUuid)) {
    throw invalid(
      `The workflow id must be ${workflowIdOf(planUuid)}: there is one rollback per plan.`,
    );
  }
  if (carried === undefined || carried === null) return { ...checked, carried: undefined };
  if (isHandedOn(run)) return checked;
  throw invalid('"carried" is what a rollback hands on to its own next run; leave it out.');
}

/** By a run of this rollback, and not by whoever started the first one with a schedule or a retry policy. */
function isHandedOn({ continuedFromExecutionRunId, attempt = 1, cronSchedule }: Run): boolean {
  return continuedFromExecutionRunId !== undefined && attempt === 1 && cronSchedule === undefined;
}

/** The plan and the request of any input. Throws InvalidRequest. */
export function checkedPlan(input: unknown): Checked {
  if (!isObject(input)) throw invalid('The input must be {"action_plan_uuid": "<uuid>"}.');
  const given = input as Partial<RollbackInput>;
  const { action_plan_uuid: planUuid, request, carried, cloud, quickly } = given;
  if (typeof planUuid !== 'string' || !isUuid(planUuid)) {
    throw invalid('"action_plan_uuid" must be the UUID of an action plan.');
  }
  return {
    planUuid,
    request: checkedRequest(request ?? {}),
    carried,
    cloud: checkedCloud(cloud),
    quickly: quickly === true,
  };
}

/** undefined: the worker's own. Throws InvalidRequest. */
export function checkedCloud(cloud: unknown): CloudId | undefined {
  if (cloud === undefined || cloud === null) return undefined;
  if (isCloudId(cloud)) return cloud;
  throw invalid('"cloud" must be {"auth_url", "region", "service_ids"}, or be left out.');
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

/** A signal cannot be refused, only passed over. */
export function isPart(part: unknown): part is Part {
  if (!isObject(part)) return false;
  const { id, index, compensations }: { [name in keyof Part]?: unknown } = part;
  return typeof id === 'string' && typeof index === 'number' && Array.isArray(compensations);
}

export interface SwitchStart {
  state: StopSwitch;
  waiting: string[];
  /** Events; absent: the workflow's own bound. */
  continue_as_new_after?: number;
}

/**
 * How the stop switch begins. Without an input it is simply on: whoever has only Temporal's own command at hand can stop
 * all rollbacks with it. Throws InvalidRequest, for a switch that nobody could turn off again stops everything.
 */
export function checkedSwitchStart(input: unknown, { workflowId }: Run, time: string): SwitchStart {
  if (workflowId !== STOP_SWITCH_ID) {
    throw invalid(`The workflow id must be ${STOP_SWITCH_ID}: there is one switch.`);
  }
  if (input !== undefined && input !== null && !isObject(input)) throw invalid(SWITCH_INPUT);
  const given: { state?: unknown; waiting?: unknown; continue_as_new_after?: unknown } =
    input ?? {};
  const { state = ON, waiting = [], continue_as_new_after: after } = given;
  const checked = checkedSwitch(state);
  if (checked === null || !checked.stopped) throw invalid(SWITCH_INPUT);
  if (!Array.isArray(waiting)) throw invalid('"waiting" must be a list of workflow ids.');
  return {
    state: { ...checked, since: checked.since ?? time },
    waiting: waiting.filter((id) => isWorkflowId(id)),
    ...(typeof after === 'number' && { continue_as_new_after: after }),
  };
}

const ON = { stopped: true };
const SWITCH_INPUT =
  'The input must be {"state": {"stopped": true, "reason": "<why>", "by": "<who>"}}, or be left out.';

/** null: it is no state of the switch. A signal cannot be refused, only passed over. */
export function checkedSwitch(state: unknown): StopSwitch | null {
  if (!isObject(state)) return null;
  const { stopped, reason, by, since }: { [name in keyof StopSwitch]?: unknown } = state;
  if (typeof stopped !== 'boolean') return null;
  return { stopped, reason: text(reason), by: text(by), since: text(since) };
}

/** Temporal refuses longer ones (limit.maxIDLength). */
const ID_CHARS_MAX = 1000;

export function isWorkflowId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= ID_CHARS_MAX;
}

const SWITCH_TEXT_MAX = 255;
function text(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, SWITCH_TEXT_MAX) : null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'InvalidRequest');
}

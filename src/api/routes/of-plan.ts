/** What the routes of one plan's rollback share: the plan in the path, the request that travels, how a result is sent. */
import type { Request, Response } from 'express';
import type { RollbackRequest } from '../../../activities/types.js';
import type { RollbackOptions } from '../../domain/options.js';
import type { RollbackResult } from '../../domain/result.js';
import { sendJson, sendTagged } from '../answers.js';
import { ApiError } from '../errors.js';
import { planUuid } from '../input.js';
import { baseUrl, linkHeader, resourceLinks } from '../links.js';
import { contextOf } from '../request-context.js';

export const PLAN_PATH = '/action_plans/:plan/rollback';
/** The same as documents, logs and metrics call it. */
export const PLAN_NAME = '/v1/action_plans/{uuid}/rollback';

/** Throws ApiError InvalidRequest. */
export function planOf(req: Request, res: Response): string {
  const plan = planUuid(req.params.plan);
  contextOf(res).planUuid = plan;
  return plan;
}

export function requestOf(
  options: Partial<RollbackOptions>,
  res: Response,
  acceptTimeoutSeconds: number,
): RollbackRequest {
  const { caller, requestId, globalRequestId } = contextOf(res);
  const now = Date.now();
  return {
    options,
    requested_by: {
      user_id: caller.userId,
      user_name: caller.userName,
      project_id: caller.projectId,
      request_id: globalRequestId ?? requestId,
    },
    requested_at: new Date(now).toISOString(),
    accept_by: new Date(now + acceptTimeoutSeconds * 1000).toISOString(),
    previous_run_id: null,
  };
}

/** As the history names who asked: the user's name, else the id. */
export function callerName(res: Response): string | null {
  const { caller } = contextOf(res);
  return caller.userName ?? caller.userId;
}

export function noRollback(plan: string): ApiError {
  const path = `/v1/action_plans/${plan}/rollback`;
  return new ApiError(
    'NoRollback',
    `Action plan ${plan} has no rollback yet. POST ${path} rolls it back.`,
  );
}

/** `tagged`: the client may ask next time whether it has changed. A preview has an address of its own. */
export function sendResult(
  req: Request,
  res: Response,
  result: RollbackResult,
  { tagged = false } = {},
): void {
  contextOf(res).workflowId = result.workflow.id;
  const base = baseUrl(req);
  const rollback = `action_plans/${result.action_plan_uuid}/rollback`;
  const self = result.dry_run ? `${rollback}/preview` : rollback;
  const related = result.dry_run ? rollback : `${rollback}/compensations`;
  res.setHeader('Link', linkHeader(base, { self, related }));
  const body = { ...result, links: resourceLinks(base, self) };
  if (tagged) sendTagged(req, res, body);
  else sendJson(res, 200, body);
}

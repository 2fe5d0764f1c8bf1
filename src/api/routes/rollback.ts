/**
 * The rollback of one action plan:
 * - POST /v1/action_plans/{uuid}/rollback: ask for it; 200 with the rollback result (design.md, section 8).
 * - GET on the same path: the result so far; 404 where there is no rollback yet.
 * - GET …/rollback/compensations?limit=&offset=: all compensations, a page at a time, where the result is too
 *   large to hold them (`truncated`): {"compensations": […], "total": n, "offset": n, "next": address}. `next` is
 *   absent on the last page.
 */
import type { Request, Response, Router } from 'express';
import type { RollbackRequest } from '../../../activities/types.js';
import { completeOptions } from '../../domain/options.js';
import type { RollbackOptions } from '../../domain/options.js';
import type { RollbackResult } from '../../domain/result.js';
import { sendJson } from '../answers.js';
import { readJsonBody } from '../body.js';
import type { ApiDeps } from '../deps.js';
import { failureTypeOf } from '../error-handler.js';
import { ApiError } from '../errors.js';
import { checkQuery, limitOf, optionsReader, planUuid, wholeNumberOf } from '../input.js';
import { baseUrl, nextLink, rollbackLinks } from '../links.js';
import { parsePrefer } from '../prefer.js';
import { contextOf } from '../request-context.js';
import { waitForResult } from '../wait.js';
import { resource } from './resource.js';

const PATH = '/action_plans/:plan/rollback';

export function rollbackRoutes(router: Router, deps: ApiDeps, closing: AbortSignal): void {
  const readOptions = optionsReader(deps.config.maxAgeCeiling);

  async function post(req: Request, res: Response): Promise<void> {
    const plan = planOf(req, res);
    checkQuery(req.query, []);
    const options = readOptions(await readJsonBody(req));
    const preference = parsePrefer(req.get('prefer'));
    const accepted = await ask(plan, options, res);
    const result = await waitForResult(deps.rollbacks, accepted, preference, res, closing);
    deps.metrics.rollbackRequested(result.state);
    if (res.destroyed) return;
    if (preference.applied !== null) res.setHeader('Preference-Applied', preference.applied);
    sendResult(req, res, result);
  }

  async function ask(
    plan: string,
    options: Partial<RollbackOptions>,
    res: Response,
  ): Promise<RollbackResult> {
    const request = requestOf(options, res, deps.config.acceptTimeout);
    try {
      const complete = completeOptions(options, deps.config.maxAge);
      const result = await deps.rollbacks.request(plan, request, complete);
      contextOf(res).workflowId = result.workflow.id;
      return result;
    } catch (error) {
      deps.metrics.rollbackRequested(failureTypeOf(error));
      throw error;
    }
  }

  async function get(req: Request, res: Response): Promise<void> {
    const plan = planOf(req, res);
    checkQuery(req.query, []);
    const result = await deps.rollbacks.get(plan);
    if (result === null) throw noRollback(plan);
    sendResult(req, res, result);
  }

  async function getCompensations(req: Request, res: Response): Promise<void> {
    const plan = planOf(req, res);
    checkQuery(req.query, ['limit', 'offset']);
    const limit = limitOf(req.query);
    const offset = wholeNumberOf(req.query, 'offset') ?? 0;
    const page = await deps.rollbacks.compensations(plan, { offset, limit });
    if (page === null) throw noRollback(plan);
    const after = offset + page.compensations.length;
    const path = `action_plans/${plan}/rollback/compensations`;
    const more = page.compensations.length > 0 && after < page.total;
    sendJson(res, 200, {
      compensations: page.compensations,
      total: page.total,
      offset,
      ...(more && { next: nextLink(baseUrl(req), path, { limit, offset: after }) }),
    });
  }

  resource(router, PATH, '/v1/action_plans/{uuid}/rollback', { get, post });
  resource(router, `${PATH}/compensations`, '/v1/action_plans/{uuid}/rollback/compensations', {
    get: getCompensations,
  });
}

function planOf(req: Request, res: Response): string {
  const plan = planUuid(req.params.plan);
  contextOf(res).planUuid = plan;
  return plan;
}

function requestOf(
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

function noRollback(plan: string): ApiError {
  const path = `/v1/action_plans/${plan}/rollback`;
  return new ApiError(
    'NoRollback',
    `Action plan ${plan} has no rollback yet. POST ${path} rolls it back.`,
  );
}

function sendResult(req: Request, res: Response, result: RollbackResult): void {
  contextOf(res).workflowId = result.workflow.id;
  const links = rollbackLinks(baseUrl(req), result.action_plan_uuid);
  sendJson(res, 200, { ...result, links });
}

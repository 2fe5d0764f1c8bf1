/**
 * The rollback of one action plan:
 * - POST /v1/action_plans/{uuid}/rollback: ask for it; 200 with the rollback result (design.md, section 8). With
 *   "dry_run": true only what would be done, as GET …/rollback/preview says it.
 * - GET on the same path: the result so far; 404 where there is no rollback yet.
 * - GET …/rollback/compensations?limit=&offset=: all compensations, a page at a time, where the result is too
 *   large to hold them (`truncated`): {"compensations": […], "total": n, "offset": n, "next": address}. `next` is
 *   absent on the last page.
 */
import type { Request, Response, Router } from 'express';
import { completeOptions } from '../../domain/options.js';
import type { RollbackOptions } from '../../domain/options.js';
import { isBrief, type RollbackResult } from '../../domain/result.js';
import { sendTagged } from '../answers.js';
import { readJsonBody } from '../body.js';
import type { ApiDeps } from '../deps.js';
import { failureTypeOf } from '../error-handler.js';
import { limitOf, readBody, readQuery } from '../input.js';
import { baseUrl, linkHeader, nextLink } from '../links.js';
import { demand } from '../policy.js';
import { parsePrefer } from '../prefer.js';
import { contextOf } from '../request-context.js';
import {
  noQuerySchema,
  pageQuerySchema,
  previewQuerySchema,
  rollbackBodySchema,
} from '../schemas/requests.js';
import { waitForResult } from '../wait.js';
import { noRollback, PLAN_NAME, PLAN_PATH, planOf, requestOf, sendResult } from './of-plan.js';
import { resource } from './resource.js';

export function rollbackRoutes(router: Router, deps: ApiDeps, closing: AbortSignal): void {
  const { roles, maxAge, maxAgeCeiling, acceptTimeout } = deps.config;
  const bodySchema = rollbackBodySchema(maxAgeCeiling);
  const previewSchema = previewQuerySchema(maxAgeCeiling);

  async function post(req: Request, res: Response): Promise<void> {
    demand(res, roles, 'start', 'preview');
    const plan = planOf(req, res);
    readQuery(req.query, noQuerySchema);
    const { dry_run: dryRun = false, ...given } = readBody(
      await readJsonBody(req),
      bodySchema,
      'rollback',
    );
    const options = withoutRepeats(given);
    demand(res, roles, dryRun ? 'preview' : 'start');
    if (dryRun) {
      await sendPreview(req, res, plan, options);
      return;
    }
    const preference = parsePrefer(req.get('prefer'));
    const accepted = await ask(plan, options, { res, brief: preference.waitSeconds > 0 });
    const waited = await waitForResult(deps.rollbacks, accepted, preference, res, closing);
    const result = isBrief(waited) && !res.destroyed ? await whole(waited, res) : waited;
    deps.metrics.rollbackRequested(result.state);
    if (res.destroyed) return;
    if (preference.applied !== null) res.setHeader('Preference-Applied', preference.applied);
    sendResult(req, res, result);
  }

  /** Where it could not be waited for. What is left out, and said to be, can still be asked for. */
  async function whole(brief: RollbackResult, res: Response): Promise<RollbackResult> {
    try {
      return (await deps.rollbacks.get(brief.action_plan_uuid)) ?? brief;
    } catch (error) {
      contextOf(res).log.warn({ err: error }, 'could not read the whole rollback');
      return brief;
    }
  }

  async function ask(
    plan: string,
    options: Partial<RollbackOptions>,
    { res, brief }: { res: Response; brief: boolean },
  ): Promise<RollbackResult> {
    const request = requestOf(options, res, acceptTimeout);
    try {
      const complete = completeOptions(options, maxAge);
      const result = await deps.rollbacks.request(plan, request, complete, brief);
      contextOf(res).workflowId = result.workflow.id;
      return result;
    } catch (error) {
      deps.metrics.rollbackRequested(failureTypeOf(error));
      throw error;
    }
  }

  async function getPreview(req: Request, res: Response): Promise<void> {
    demand(res, roles, 'preview');
    const plan = planOf(req, res);
    const options = withoutRepeats(readQuery(req.query, previewSchema));
    await sendPreview(req, res, plan, options);
  }

  async function sendPreview(
    req: Request,
    res: Response,
    plan: string,
    options: Partial<RollbackOptions>,
  ): Promise<void> {
    const preview = await deps.rollbacks.preview(plan, requestOf(options, res, acceptTimeout));
    if (!res.destroyed) sendResult(req, res, preview);
  }

  async function get(req: Request, res: Response): Promise<void> {
    demand(res, roles, 'read');
    const plan = planOf(req, res);
    readQuery(req.query, noQuerySchema);
    const result = await deps.rollbacks.get(plan);
    if (result === null) throw noRollback(plan);
    sendResult(req, res, result, { tagged: true });
  }

  async function getCompensations(req: Request, res: Response): Promise<void> {
    demand(res, roles, 'read');
    const plan = planOf(req, res);
    const query = readQuery(req.query, pageQuerySchema);
    const limit = limitOf(query);
    const offset = query.offset ?? 0;
    const page = await deps.rollbacks.compensations(plan, { offset, limit });
    if (page === null) throw noRollback(plan);
    const after = offset + page.compensations.length;
    const path = `action_plans/${plan}/rollback/compensations`;
    const more = page.compensations.length > 0 && after < page.total;
    const base = baseUrl(req);
    const rollback = `action_plans/${plan}/rollback`;
    res.setHeader(
      'Link',
      linkHeader(base, {
        collection: rollback,
        ...(more && { next: `${path}?limit=${limit}&offset=${after}` }),
      }),
    );
    sendTagged(req, res, {
      compensations: page.compensations,
      total: page.total,
      offset,
      ...(more && { next: nextLink(base, path, { limit, offset: after }) }),
    });
  }

  resource(router, PLAN_PATH, PLAN_NAME, { get, post });
  resource(router, `${PLAN_PATH}/preview`, `${PLAN_NAME}/preview`, { get: getPreview });
  resource(router, `${PLAN_PATH}/compensations`, `${PLAN_NAME}/compensations`, {
    get: getCompensations,
  });
}

/** An action that is named twice is meant once. */
function withoutRepeats(options: Partial<RollbackOptions>): Partial<RollbackOptions> {
  const { actions } = options;
  return actions === undefined || actions === null
    ? options
    : { ...options, actions: [...new Set(actions)] };
}

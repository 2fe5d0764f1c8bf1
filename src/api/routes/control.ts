/**
 * Control of a running rollback: POST …/rollback/{pause|resume|cancel|retry|skip} → 200 with the result right after.
 * retry and skip are about one compensation: {"action_uuid": uuid}. 404 where there is no rollback, 409 where the
 * rollback or the compensation is not in a state for it.
 */
import type { Request, Response, Router } from 'express';
import { readJsonBody } from '../body.js';
import type { ApiDeps } from '../deps.js';
import { readBody, readQuery } from '../input.js';
import { demand } from '../policy.js';
import { contextOf } from '../request-context.js';
import { CONTROL_VERBS, type ControlVerb } from '../rollbacks.js';
import { controlBodySchema, controlOneBodySchema, noQuerySchema } from '../schemas/requests.js';
import { callerName, PLAN_NAME, PLAN_PATH, planOf, sendResult } from './of-plan.js';
import { resource } from './resource.js';

export function controlRoutes(router: Router, deps: ApiDeps): void {
  const handlerOf = (verb: ControlVerb) =>
    async function post(req: Request, res: Response): Promise<void> {
      demand(res, deps.config.roles, 'control');
      const plan = planOf(req, res);
      readQuery(req.query, noQuerySchema);
      const body = await readJsonBody(req);
      const ofOne = verb === 'retry' || verb === 'skip';
      const action = ofOne
        ? readBody(body, controlOneBodySchema, verb)
        : readBody(body, controlBodySchema, verb);
      const call = { by: callerName(res), ...action };
      const result = await deps.rollbacks.control(plan, verb, call);
      contextOf(res).log.info({ action_plan_uuid: plan, verb, ...call }, 'control');
      sendResult(req, res, result);
    };
  for (const verb of CONTROL_VERBS) {
    resource(router, `${PLAN_PATH}/${verb}`, `${PLAN_NAME}/${verb}`, { post: handlerOf(verb) });
  }
}

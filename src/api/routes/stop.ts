/**
 * The stop switch over all rollbacks: GET /v1/rollbacks/stop says whether it is on; PUT sets it:
 * {"stopped": true, "reason": "…"}. While it is on, new rollbacks are refused and running ones start nothing new.
 */
import type { Request, Response, Router } from 'express';
import { sendJson, sendTagged } from '../answers.js';
import { readJsonBody } from '../body.js';
import type { ApiDeps } from '../deps.js';
import { readBody, readQuery } from '../input.js';
import { baseUrl, linkHeader } from '../links.js';
import { demand } from '../policy.js';
import { contextOf } from '../request-context.js';
import { noQuerySchema, stopBodySchema } from '../schemas/requests.js';
import { callerName } from './of-plan.js';
import { resource } from './resource.js';

export function stopRoutes(router: Router, deps: ApiDeps): void {
  async function get(req: Request, res: Response): Promise<void> {
    demand(res, deps.config.roles, 'read');
    readQuery(req.query, noQuerySchema);
    const stop = await deps.rollbacks.stopSwitch();
    res.setHeader('Link', linkHeader(baseUrl(req), { self: 'rollbacks/stop' }));
    sendTagged(req, res, stop);
  }

  async function put(req: Request, res: Response): Promise<void> {
    demand(res, deps.config.roles, 'admin');
    readQuery(req.query, noQuerySchema);
    const { stopped, reason = null } = readBody(await readJsonBody(req), stopBodySchema, 'stop');
    const by = callerName(res);
    const stop = await deps.rollbacks.setStopSwitch({ stopped, reason, by });
    contextOf(res).log.warn({ stopped, reason, by }, 'stop switch over all rollbacks');
    res.setHeader('Link', linkHeader(baseUrl(req), { self: 'rollbacks/stop' }));
    sendJson(res, 200, stop);
  }

  resource(router, '/rollbacks/stop', '/v1/rollbacks/stop', { get, put });
}

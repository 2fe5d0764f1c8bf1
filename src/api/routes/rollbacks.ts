/**
 * GET /v1/rollbacks?limit=&marker=&state=: all rollbacks, newest first, in pages as Watcher's collections:
 * {"rollbacks": […], "next": address}; `next` is absent on the last page. limit: 1 to 1,000 (the default); state:
 * one of the rollback states.
 */
import type { Request, Response, Router } from 'express';
import { sendTagged } from '../answers.js';
import type { ApiDeps } from '../deps.js';
import { limitOf, readQuery } from '../input.js';
import { baseUrl, linkHeader, nextLink, rollbackLinks } from '../links.js';
import { demand } from '../policy.js';
import { listQuerySchema } from '../schemas/requests.js';
import { resource } from './resource.js';

export function rollbacksRoutes(router: Router, deps: ApiDeps): void {
  async function get(req: Request, res: Response): Promise<void> {
    demand(res, deps.config.roles, 'read');
    const query = readQuery(req.query, listQuerySchema);
    const limit = limitOf(query);
    const { marker = null, state = null } = query;
    const filter = state === null ? {} : { state };
    const page = await deps.rollbacks.list({ limit, marker, ...filter });
    const base = baseUrl(req);
    const next =
      page.next === null ? null : nextLink(base, 'rollbacks', { state, limit, marker: page.next });
    const relations = next === null ? {} : { next: next.slice(`${base}/v1/`.length) };
    res.setHeader('Link', linkHeader(base, relations));
    sendTagged(req, res, {
      rollbacks: page.rollbacks.map((row) => ({
        ...row,
        links: rollbackLinks(base, row.action_plan_uuid),
      })),
      ...(next !== null && { next }),
    });
  }

  resource(router, '/rollbacks', '/v1/rollbacks', { get });
}

/**
 * GET /v1/rollbacks?limit=&marker=&state=: all rollbacks, newest first, in pages as Watcher's collections:
 * {"rollbacks": […], "next": address}; `next` is absent on the last page. limit: 1 to 1,000 (the default); state:
 * one of the rollback states.
 */
import type { Request, Response, Router } from 'express';
import { ROLLBACK_STATES } from '../../domain/states.js';
import { sendJson } from '../answers.js';
import type { ApiDeps } from '../deps.js';
import { checkQuery, limitOf, markerOf, wordOf } from '../input.js';
import { baseUrl, nextLink, rollbackLinks } from '../links.js';
import { resource } from './resource.js';

export function rollbacksRoutes(router: Router, deps: ApiDeps): void {
  async function get(req: Request, res: Response): Promise<void> {
    checkQuery(req.query, ['limit', 'marker', 'state']);
    const limit = limitOf(req.query);
    const marker = markerOf(req.query);
    const state = wordOf(req.query, 'state', ROLLBACK_STATES);
    const filter = state === null ? {} : { state };
    const page = await deps.rollbacks.list({ limit, marker, ...filter });
    const base = baseUrl(req);
    sendJson(res, 200, {
      rollbacks: page.rollbacks.map((row) => ({
        ...row,
        links: rollbackLinks(base, row.action_plan_uuid),
      })),
      ...(page.next !== null && {
        next: nextLink(base, 'rollbacks', { state, limit, marker: page.next }),
      }),
    });
  }

  resource(router, '/rollbacks', '/v1/rollbacks', { get });
}

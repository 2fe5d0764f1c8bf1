/**
 * The version documents: GET / (open to all) and GET /v1/ (as everything below /v1). Shape of Watcher's:
 * watcher/api/controllers/root.py and v1/__init__.py.
 */
import type { Request, Response, Router } from 'express';
import { sendJson } from '../answers.js';
import { baseUrl, resourceLinks } from '../links.js';
import { MAX_VERSION, MIN_VERSION } from '../microversion.js';
import { resource } from './resource.js';

export function rootRoutes(router: Router): void {
  resource(router, '/', '/', {
    get(req: Request, res: Response) {
      const version = {
        id: 'v1',
        status: 'CURRENT',
        max_version: MAX_VERSION,
        min_version: MIN_VERSION,
        links: [{ href: `${baseUrl(req)}/v1/`, rel: 'self' }],
      };
      sendJson(res, 200, {
        name: 'Watcher rollback API',
        description: 'Restores the state that an action plan of OpenStack Watcher found.',
        versions: [version],
        default_version: version,
      });
    },
  });
}

export function v1Routes(router: Router): void {
  resource(router, '/', '/v1/', {
    get(req: Request, res: Response) {
      const base = baseUrl(req);
      sendJson(res, 200, {
        id: 'v1',
        media_types: [
          { base: 'application/json', type: 'application/vnd.openstack.watcher.v1+json' },
        ],
        rollbacks: resourceLinks(base, 'rollbacks'),
        links: [{ href: `${base}/v1/`, rel: 'self' }],
      });
    },
  });
}

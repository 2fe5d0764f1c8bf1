/**
 * The REST API as an Express application: which parts come in which order. It must not listen (server.ts does) and
 * must not know Temporal (rollbacks.ts is what it sees of it).
 */
import express from 'express';
import type { Express, Router } from 'express';
import { authenticate } from './authenticate.js';
import type { ApiDeps } from './deps.js';
import { errorHandler } from './error-handler.js';
import { ApiError } from './errors.js';
import { inTurns } from './in-turns.js';
import { microversion } from './microversion.js';
import { refuseLongUrls } from './long-urls.js';
import { proxyToWatcher, refuseLoops } from './proxy.js';
import { requestContext } from './request-context.js';
import { RateLimiter } from './rate-limit.js';
import { LOGIN_PATH, loginRoutes } from './routes/login.js';
import { controlRoutes } from './routes/control.js';
import { docsRoutes } from './routes/docs.js';
import { eventRoutes } from './routes/events.js';
import { operationsRoutes } from './routes/operations.js';
import { rollbackRoutes } from './routes/rollback.js';
import { rollbacksRoutes } from './routes/rollbacks.js';
import { stopRoutes } from './routes/stop.js';
import { uiRoutes } from './routes/ui.js';
import { rootRoutes, v1Routes } from './routes/versions.js';

/** What is open to all and costs something. */
const OPEN_PATHS = ['/docs', '/v1/openapi.json', '/ui', LOGIN_PATH];
/** How long their answers take is what supervisors go by. */
const PROBES = ['/healthz', '/readyz', '/metrics'];

export function createApp(deps: ApiDeps): Express {
  const closing = deps.closing ?? new AbortController().signal;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  // A proxy on the same machine may say how the caller reached it; links are made from that.
  app.set('trust proxy', 'loopback');

  app.use(inTurns(PROBES));
  app.use(requestContext(deps, closing), refuseLongUrls(), refuseLoops());
  const limiter = new RateLimiter(deps.config.rateLimit);
  const open = newRouter();
  // The version documents are Watcher's where it is reached through here.
  if (deps.proxy === undefined) rootRoutes(open);
  operationsRoutes(open, deps);
  // Not the probes above, and not what goes on to Watcher: that is Watcher's to limit.
  open.use(OPEN_PATHS, limiter.byAddress());
  docsRoutes(open, deps);
  if (deps.ui !== undefined) uiRoutes(open, deps.ui);
  // Where nobody is asked for a token, nobody needs one.
  if (deps.config.auth !== 'none') loginRoutes(open, deps);
  app.use(open);
  if (deps.proxy !== undefined) app.use(proxyToWatcher(deps.proxy, closing));

  // As in Watcher: first who calls, then the microversion, then whether there is such a path.
  // In turns again: all who came with one token go on when Keystone has answered once.
  app.use(authenticate(deps, limiter), inTurns([]), microversion());
  const resources = newRouter();
  rollbackRoutes(resources, deps, closing);
  controlRoutes(resources, deps);
  eventRoutes(resources, deps, closing);
  rollbacksRoutes(resources, deps);
  stopRoutes(resources, deps);
  const v1 = newRouter();
  v1Routes(v1);
  app.use('/v1', v1, resources);
  // Without a version in the path: v1, which is what "bookmark" links rely on (watcher/api/controllers/root.py).
  app.use(resources);

  app.use(() => {
    throw new ApiError('NotFound', 'The resource could not be found.');
  });
  app.use(errorHandler(deps.cloud.identity.authUrl));
  return app;
}

function newRouter(): Router {
  return express.Router({ caseSensitive: true });
}

/**
 * What is known of one request while it is served: its ids, the caller, and what its log line and metrics say.
 * The middleware here must come first: it sets the headers that every answer has, also every error.
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { OperationRoles } from '../config.js';
import type { FailureType } from '../domain/failures.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';

export interface Caller {
  userId: string | null;
  userName: string | null;
  projectId: string | null;
}

type Operation = keyof OperationRoles;

export interface RequestContext {
  /** This service's own "req-<uuid>", as in the answer's X-OpenStack-Request-ID. */
  readonly requestId: string;
  /** The caller's X-OpenStack-Request-ID where it is one (oslo.middleware's global request id). */
  readonly globalRequestId: string | null;
  readonly log: Logger;
  readonly startedAtMs: number;
  /** Pattern of the route that serves it; "unmatched" until one does. */
  route: string;
  caller: Caller;
  /** What the caller may do; null: everything (ROLLBACK_AUTH=none). Nothing until the caller is known. */
  operations: ReadonlySet<Operation> | null;
  /** Asks once more, for answers that go on for long. Absent where nobody is asked. */
  isStillAllowed?: (operation: Operation) => Promise<boolean>;
  planUuid?: string;
  workflowId?: string;
  /** Why it was refused. */
  failure?: FailureType;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
/** As oslo.middleware's request_id.py accepts a global id. */
const GLOBAL_REQUEST_ID = new RegExp(`^req-${UUID}$`, 'i');

const contexts = new WeakMap<Response, RequestContext>();

export function contextOf(res: Response): RequestContext {
  const context = contexts.get(res);
  if (context === undefined) throw new Error('The request-context middleware did not run.');
  return context;
}

export function requestContext(
  deps: { log: Logger; metrics: Metrics },
  closing: AbortSignal,
): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const context = createContext(req, deps.log);
    contexts.set(res, context);
    res.setHeader('X-OpenStack-Request-ID', context.requestId);
    res.setHeader('Cache-Control', 'no-store');
    if (closing.aborted) res.setHeader('Connection', 'close');
    res.once('close', () => recordEnd(req, res, context, deps.metrics));
    next();
  };
}

function createContext(req: Request, log: Logger): RequestContext {
  const requestId = `req-${randomUUID()}`;
  const given = req.get('x-openstack-request-id') ?? '';
  const globalRequestId = GLOBAL_REQUEST_ID.test(given) ? given : null;
  const ids = {
    request_id: requestId,
    ...(globalRequestId && { global_request_id: globalRequestId }),
  };
  return {
    requestId,
    globalRequestId,
    log: log.child(ids),
    startedAtMs: performance.now(),
    route: 'unmatched',
    caller: { userId: null, userName: null, projectId: null },
    operations: new Set(),
  };
}

/** nginx's word for "the client went away before the answer". */
const CLIENT_GONE = 499;

function recordEnd(req: Request, res: Response, context: RequestContext, metrics: Metrics): void {
  const status = res.writableFinished ? res.statusCode : CLIENT_GONE;
  const durationMs = performance.now() - context.startedAtMs;
  metrics.httpRequest(context.route, req.method, status, durationMs / 1000);
  const line = {
    method: req.method,
    route: context.route,
    path: req.originalUrl.slice(0, 300),
    status,
    duration_ms: Math.round(durationMs * 10) / 10,
    ...(context.planUuid !== undefined && { action_plan_uuid: context.planUuid }),
    ...(context.workflowId !== undefined && { workflow_id: context.workflowId }),
    ...(context.failure !== undefined && { failure: context.failure }),
    ...(context.caller.userId !== null && { user_id: context.caller.userId }),
    peer: req.socket.remoteAddress,
  };
  // Probes and scrapes come every few seconds and say nothing while they are well.
  if (context.route.startsWith('/v1') || context.route === 'unmatched' || status >= 500) {
    context.log.info(line, 'request');
  } else {
    context.log.debug(line, 'request');
  }
}

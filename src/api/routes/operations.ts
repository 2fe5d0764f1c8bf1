/** What operators' machines ask, without a token: /healthz (alive), /readyz (able to work), /metrics (Prometheus). */
import type { Request, Response, Router } from 'express';
import { sendJson } from '../answers.js';
import type { ApiDeps } from '../deps.js';
import { within } from '../../within.js';
import { readinessChecker } from '../readiness.js';
import { contextOf } from '../request-context.js';
import { resource } from './resource.js';

export function operationsRoutes(router: Router, deps: ApiDeps): void {
  const readiness = readinessChecker(deps.rollbacks, deps.cloud);

  resource(router, '/healthz', '/healthz', {
    get: (_req, res) => sendJson(res, 200, { ok: true }),
  });

  /** 200 where all is well, else 503: {"ready", "temporal", "worker", "openstack"}, each {"ok", "message"}. */
  async function getReady(_req: Request, res: Response): Promise<void> {
    const report = await readiness();
    if (!report.ready) res.setHeader('Retry-After', 5);
    sendJson(res, report.ready ? 200 : 503, report);
  }
  resource(router, '/readyz', '/readyz', { get: getReady });

  async function getMetrics(_req: Request, res: Response): Promise<void> {
    const own = await deps.metrics.text();
    const sdk = await sdkText(res);
    res.setHeader('Content-Type', deps.metrics.contentType);
    res.end(own.trimEnd() + '\n' + sdk);
  }

  async function sdkText(res: Response): Promise<string> {
    try {
      return deps.sdkMetrics === undefined ? '' : await within(deps.sdkMetrics(), 2000);
    } catch (error) {
      // Our own numbers are worth having without the SDK's.
      contextOf(res).log.warn({ err: error }, "the SDK's metrics cannot be read");
      return '';
    }
  }
  resource(router, '/metrics', '/metrics', { get: getMetrics });
}

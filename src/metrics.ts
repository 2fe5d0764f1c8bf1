/** The service's own Prometheus metrics. It must not know HTTP routing or Temporal; callers name the labels. */
import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export interface Metrics {
  /** Prometheus text of everything registered here. */
  text(): Promise<string>;
  readonly contentType: string;
  /** For other parts that count something of their own. */
  readonly registry: Registry;
  /** `route` is the pattern of the route, never the path itself: paths would make labels without end. */
  httpRequest(route: string, method: string, status: number, durationSeconds: number): void;
  /** `outcome`: the rollback's state in the answer, or the failure type of the refusal. */
  rollbackRequested(outcome: string): void;
  tokenValidated(outcome: 'cached' | 'accepted' | 'refused' | 'unavailable'): void;
}

/** `processMetrics` adds Node's own (memory, CPU, event loop). */
export function createMetrics(options: { processMetrics: boolean }): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'watcher_rollback_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer; a POST may wait for its rollback.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 5, 10, 30, 60, 120, 300],
    registers: [registry],
  });
  const rollbacks = new Counter({
    name: 'watcher_rollback_requests_total',
    help: "Rollbacks asked for, by the rollback's state in the answer or the type of the refusal.",
    labelNames: ['outcome'],
    registers: [registry],
  });
  const tokens = new Counter({
    name: 'watcher_rollback_token_validations_total',
    help: 'Checks of callers’ tokens: from the cache, accepted or refused by Keystone, or Keystone was away.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    registry,
    httpRequest(route, method, status, durationSeconds) {
      requests.observe({ route, method, status: String(status) }, durationSeconds);
    },
    rollbackRequested: (outcome) => rollbacks.inc({ outcome }),
    tokenValidated: (outcome) => tokens.inc({ outcome }),
  };
}

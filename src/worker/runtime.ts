/**
 * Temporal's native runtime, once per process and before any worker: its logs go to our logger, its metrics to Prometheus.
 * Signals stay ours, so that API and worker are drained together.
 */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createServer } from 'node:net';
import type { Logger } from '../log.js';

export interface RuntimeOptions {
  log: Logger;
  /** Where the SDK serves its own /metrics; port 0: any free one. */
  metricsHost: string;
  metricsPort: number;
}

export interface InstalledRuntime {
  metricsUrl: string;
  /** The SDK's Prometheus text. */
  sdkMetrics(): Promise<string>;
  /** For where no worker came to be, whose end would have ended it; a process does not end before its runtime. */
  shutdown(): Promise<void>;
}

const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const;
const SCRAPE_TIMEOUT_MS = 2_000;

export async function installRuntime(options: RuntimeOptions): Promise<InstalledRuntime> {
  const port =
    options.metricsPort === 0 ? await freePort(options.metricsHost) : options.metricsPort;
  const host = options.metricsHost.includes(':') ? `[${options.metricsHost}]` : options.metricsHost;
  const logger = new DefaultLogger('INFO', (entry) => {
    const { error, ...sdk } = entry.meta ?? {};
    options.log[LEVELS[entry.level]](
      { sdk, ...(error === undefined ? {} : { err: error }) },
      entry.message,
    );
  });
  const runtime = Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'WARN' } },
      metrics: { prometheus: { bindAddress: `${host}:${port}`, countersTotalSuffix: true } },
    },
  });
  const metricsUrl = `http://${host}:${port}/metrics`;
  return {
    metricsUrl,
    async sdkMetrics() {
      const answer = await fetch(metricsUrl, { signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS) });
      return await answer.text();
    },
    shutdown: () => runtime.shutdown(),
  };
}

/** The SDK does not tell which port it got, so it is given one that was free a moment ago. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/**
 * The global request id of whatever is being done now: every call to OpenStack made within carries it as
 * X-OpenStack-Request-ID, so that one id finds a rollback's traces in all logs. Knows neither callers nor services.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** As oslo.middleware's request_id.py takes one from a caller; anything else it ignores. */
const GLOBAL_REQUEST_ID = /^req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu;

const current = new AsyncLocalStorage<string>();

/** An id that OpenStack would not take is left out. */
export function withGlobalRequestId<T>(id: string | null | undefined, body: () => T): T {
  return id !== null && id !== undefined && GLOBAL_REQUEST_ID.test(id)
    ? current.run(id, body)
    : body();
}

export function currentGlobalRequestId(): string | undefined {
  return current.getStore();
}

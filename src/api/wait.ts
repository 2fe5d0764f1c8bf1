/**
 * How a POST waits for the end of its rollback: until it ends, the caller's time is over, the caller goes away, or
 * the server closes. The rollback itself goes on in every case.
 */
import { performance } from 'node:perf_hooks';
import type { Response } from 'express';
import { FAILURES } from '../domain/failures.js';
import type { RollbackResult } from '../domain/result.js';
import type { RollbackState } from '../domain/states.js';
import { ApiError } from './errors.js';
import type { Preference } from './prefer.js';
import { contextOf } from './request-context.js';
import type { Rollbacks } from './rollbacks.js';

const RUNNING: readonly RollbackState[] = ['PENDING', 'ONGOING', 'PAUSED'];

/** The time is counted from the begin of the request, so that acceptance does not come on top of it. */
export async function waitForResult(
  rollbacks: Pick<Rollbacks, 'waitForEnd'>,
  accepted: RollbackResult,
  preference: Preference,
  res: Response,
  closing: AbortSignal,
): Promise<RollbackResult> {
  const spentMs = performance.now() - contextOf(res).startedAtMs;
  const leftMs = Math.floor(preference.waitSeconds * 1000 - spentMs);
  const over = closing.aborted || res.destroyed;
  if (!RUNNING.includes(accepted.state) || leftMs <= 0 || over) return accepted;

  const clientGone = new AbortController();
  const onClose = (): void => clientGone.abort();
  res.once('close', onClose);
  const signal = AbortSignal.any([clientGone.signal, closing]);
  try {
    return await rollbacks.waitForEnd(accepted.action_plan_uuid, leftMs, signal);
  } catch (error) {
    if (!signal.aborted && !isOutage(error)) throw error;
    // It was accepted and goes on: an error would make the caller believe that it does not.
    if (!signal.aborted) contextOf(res).log.warn({ err: error }, 'could not wait for the rollback');
    return accepted;
  } finally {
    res.off('close', onClose);
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof ApiError && FAILURES[error.type].status === 503;
}

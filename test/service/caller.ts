/** A caller of the REST API over HTTP, as any other: asks, waits, reads the sentence of a refusal. */
import type { RollbackResult } from '../../src/domain/result.js';
import { isRollbackState } from '../../src/domain/states.js';

export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  body: T;
  /** The sentence of a refusal; empty where the answer is none. */
  fault: string;
}

const RUNNING = ['PENDING', 'ONGOING', 'PAUSED'];
/** A worker that was killed is noticed within ten seconds or so (its sticky queue); twice that on a busy machine. */
const END_WITHIN_MS = 30_000;
const PAUSE_MS = 30;

export class RollbackCaller {
  constructor(
    private readonly base: string,
    private readonly token: string | null,
  ) {}

  /** Any call; a body is sent as JSON. */
  async call<T = unknown>(
    method: string,
    path: string,
    options: { body?: unknown; prefer?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> {
    const headers = new Headers(options.headers);
    if (this.token !== null) headers.set('X-Auth-Token', this.token);
    if (options.prefer !== undefined) headers.set('Prefer', options.prefer);
    if (options.body !== undefined) headers.set('Content-Type', 'application/json');
    const answer = await fetch(`${this.base}${path}`, {
      method,
      headers,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await answer.text();
    const json = answer.headers.get('Content-Type')?.includes('json') === true;
    const body: unknown = json ? JSON.parse(text) : text;
    return {
      status: answer.status,
      headers: answer.headers,
      body: body as T,
      fault: faultOf(body),
    };
  }

  post(
    plan: string,
    options: { body?: unknown; prefer?: string } = {},
  ): Promise<Answer<RollbackResult>> {
    return this.call('POST', pathOf(plan), options);
  }

  get(plan: string): Promise<Answer<RollbackResult>> {
    return this.call('GET', pathOf(plan));
  }

  /** POST and wait for the end, as the API's default has it. */
  async rollBack(plan: string, body?: unknown): Promise<RollbackResult> {
    const answer = await this.post(plan, body === undefined ? {} : { body });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.fault}`);
    return answer.body;
  }

  /** Reads until the rollback has ended. 503 is what Retry-After is for. */
  async ended(plan: string): Promise<RollbackResult> {
    let last = 'nothing';
    for (const until = Date.now() + END_WITHIN_MS; Date.now() < until; await pause(PAUSE_MS)) {
      const answer = await this.get(plan);
      if (answer.status === 200 && isRollbackState(answer.body.state)) {
        if (!RUNNING.includes(answer.body.state)) return answer.body;
        last = JSON.stringify(answer.body.counts);
      } else if (answer.status !== 503) {
        throw new Error(`GET answered ${answer.status}: ${answer.fault}`);
      } else last = answer.fault;
    }
    throw new Error(`the rollback did not end in time; last seen: ${last}`);
  }
}

function pathOf(plan: string): string {
  return `/v1/action_plans/${plan}/rollback`;
}

/** Watcher's errors are JSON in a string of JSON. */
function faultOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('error_message' in body)) return '';
  const { error_message: inner } = body;
  const fault: unknown = typeof inner === 'string' ? JSON.parse(inner) : inner;
  if (typeof fault !== 'object' || fault === null || !('faultstring' in fault)) return '';
  return String(fault.faultstring);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Polls a condition; a test waits for what it needs, never for a time. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  withinMs = 10_000,
): Promise<T> {
  for (const until = Date.now() + withinMs; Date.now() < until; await pause(PAUSE_MS)) {
    const found = await look();
    if (found !== null && found !== false) return found;
  }
  throw new Error(`not so in time: ${what}`);
}

/**
 * One request to undici's dispatcher and its whole answer, without the streams and promises that undici's `request` makes for each:
 * they cost this process as much as all the rest of a small exchange. It must not know what an answer means.
 */
import type { Agent, Dispatcher } from 'undici';

export interface Call {
  url: URL;
  method: Dispatcher.HttpMethod;
  headers: Record<string, string>;
  body: string | null;
}

export interface Limits {
  /** The caller's, which may live for long: nothing is left on it. */
  signal: AbortSignal | undefined;
  /** The whole exchange, waiting for a free connection included. */
  totalMs: number;
  /** Bytes of a body with that status. */
  maxBytes: (status: number) => number;
}

export interface WholeAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** null: it is larger than allowed, and the connection was given up. */
  body: string | null;
}

/** Nothing is known of the answer, and the connection was given up. */
export class OutOfTime extends Error {
  constructor(ms: number) {
    super(`no whole answer within ${ms} ms`);
  }
}

/** Rejects with the signal's own reason, OutOfTime, or what undici says. */
export function wholeAnswer(agent: Agent, call: Call, limits: Limits): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    limits.signal?.throwIfAborted();
    const exchange = new Exchange(limits, resolve, reject);
    const { url, method, headers, body } = call;
    const path = url.pathname + url.search;
    agent.dispatch({ origin: url.origin, path, method, headers, body }, exchange);
  });
}

/** A piece may be a single byte, and is an object that keeps what came with it: so many are joined to one. */
const PIECES_MAX = 1024;

class Exchange implements Dispatcher.DispatchHandler {
  private control: Dispatcher.DispatchController | null = null;
  private status = 0;
  private headers: WholeAnswer['headers'] = {};
  private parts: Buffer[] = [];
  /** Not joined yet. */
  private pieces: Buffer[] = [];
  private size = 0;
  /** Why nobody waits for it any more. */
  private stopped: Error | null = null;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly limits: Limits,
    private readonly resolve: (answer: WholeAnswer) => void,
    private readonly reject: (reason: unknown) => void,
  ) {
    const { signal, totalMs } = limits;
    this.timer = setTimeout(() => this.giveUp(new OutOfTime(totalMs)), totalMs);
    signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Also for one that nobody waits for any more once there is a connection. */
  onRequestStart(control: Dispatcher.DispatchController): void {
    // undici may send what it takes for unsent again. With one request at a time on a connection it never does; a change of the
    // cloud must not be asked for twice unseen.
    const again = this.control === null ? null : new Error('the request was begun anew');
    this.control = control;
    const why = this.stopped ?? again;
    if (why !== null) control.abort(why);
  }

  /** Also for a hint that comes before the answer (102, 103): the last one counts. */
  onResponseStart(
    _control: Dispatcher.DispatchController,
    status: number,
    headers: WholeAnswer['headers'],
  ): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_control: Dispatcher.DispatchController, part: Buffer): void {
    this.size += part.length;
    this.pieces.push(part);
    if (this.pieces.length === PIECES_MAX) {
      this.parts.push(Buffer.concat(this.pieces));
      this.pieces = [];
    }
    if (this.size <= this.limits.maxBytes(this.status)) return;
    this.answer(null);
    this.stop(new Error('The answer is too large'));
  }

  onResponseEnd(): void {
    this.answer(Buffer.concat([...this.parts, ...this.pieces]).toString('utf8'));
  }

  onResponseError(_control: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  private readonly onAbort = (): void => {
    this.fail(this.limits.signal?.reason);
    this.stop(new Error('The caller has given up'));
  };

  private giveUp(why: Error): void {
    this.fail(why);
    this.stop(why);
  }

  private fail(reason: unknown): void {
    this.over();
    this.reject(reason);
  }

  private answer(body: string | null): void {
    this.over();
    this.resolve({ status: this.status, headers: this.headers, body });
  }

  private stop(why: Error): void {
    this.stopped = why;
    this.parts = [];
    this.pieces = [];
    this.control?.abort(why);
  }

  private over(): void {
    clearTimeout(this.timer);
    this.limits.signal?.removeEventListener('abort', this.onAbort);
  }
}

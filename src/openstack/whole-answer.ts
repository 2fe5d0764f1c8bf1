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

/** Rejects with the signal's own reason, an Error that says how long it has waited, or undici's. */
export function wholeAnswer(agent: Agent, call: Call, limits: Limits): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    const exchange = new Exchange(limits, resolve, reject);
    const { url, method, headers, body } = call;
    const path = url.pathname + url.search;
    agent.dispatch({ origin: url.origin, path, method, headers, body }, exchange);
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  private control: Dispatcher.DispatchController | null = null;
  private status = 0;
  private headers: WholeAnswer['headers'] = {};
  private parts: Buffer[] = [];
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
    this.timer = setTimeout(
      () => this.giveUp(new Error(`no whole answer within ${totalMs} ms`)),
      totalMs,
    );
    signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Also for one that has waited for a connection in vain, and for a second try of undici's on a connection that was closed. */
  onRequestStart(control: Dispatcher.DispatchController): void {
    this.control = control;
    if (this.stopped !== null) control.abort(this.stopped);
  }

  /** For "100 Continue" and its like as well: the last one counts. */
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
    this.parts.push(part);
    if (this.size <= this.limits.maxBytes(this.status)) return;
    this.answer(null);
    this.stop(new Error('The answer is too large'));
  }

  onResponseEnd(): void {
    const [first, ...others] = this.parts;
    const whole = others.length === 0 ? first : Buffer.concat(this.parts);
    this.answer(whole?.toString('utf8') ?? '');
  }

  onResponseError(_control: Dispatcher.DispatchController, error: Error): void {
    this.over();
    this.reject(error);
  }

  private readonly onAbort = (): void => {
    const reason: unknown = this.limits.signal?.reason;
    this.over();
    this.reject(reason);
    this.stop(new Error('The caller has given up'));
  };

  private giveUp(why: Error): void {
    this.over();
    this.reject(why);
    this.stop(why);
  }

  private answer(body: string | null): void {
    this.over();
    this.resolve({ status: this.status, headers: this.headers, body });
  }

  private stop(why: Error): void {
    this.stopped = why;
    this.parts = [];
    this.control?.abort(why);
  }

  private over(): void {
    clearTimeout(this.timer);
    this.limits.signal?.removeEventListener('abort', this.onAbort);
  }
}

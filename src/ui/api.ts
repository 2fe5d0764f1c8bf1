/**
 * Calls the REST API with the operator's token, which lives here and nowhere else: no storage, no cookie, no address.
 * What comes back that is no success is a Problem with the API's own sentence.
 */
import type { PreviewResult } from '../domain/preview.js';
import type { CompensationResult, Link, RollbackResult } from '../domain/result.js';
import type { StopSwitch } from '../domain/stop-switch.js';
import type { Counts, RollbackState } from '../domain/states.js';
import { sentenceOf } from './problem-text.js';

export interface Row {
  action_plan_uuid: string;
  uuid: string;
  state: RollbackState;
  created_at: string;
  updated_at: string;
  counts: Counts;
  links: Link[];
}

export interface Login {
  user: string;
  password: string;
  user_domain: string;
  project?: string;
  project_domain: string;
}

/** A call that did not succeed; `message` is what the operator is to read. `status` 0: no answer at all. */
export class Problem extends Error {
  override readonly name = 'Problem';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const NO_ANSWER =
  'The rollback service cannot be reached. Check that it runs and that the network is there, then try again.';
/** What of a truncated result is read at most, a page at a time. */
const PAGES_MAX = 20;
const PAGE = 1000;

export class Api {
  private token: string | null = null;
  /** Called at an answer of 401: the token is not (or no longer) good. */
  onUnauthorized: (sentence: string) => void = () => undefined;

  /** null: calls are made without a token, as where the service asks for none. */
  useToken(token: string | null): void {
    this.token = token;
  }

  headers(): Record<string, string> {
    return this.token === null ? {} : { 'X-Auth-Token': this.token };
  }

  async logIn(login: Login): Promise<void> {
    const { token } = await this.call<{ token: string }>('POST', 'auth/tokens', { body: login });
    this.token = token;
  }

  list(marker: string | null, state: string): Promise<{ rollbacks: Row[]; next?: string }> {
    const query = new URLSearchParams({ limit: '25' });
    if (marker !== null) query.set('marker', marker);
    if (state !== '') query.set('state', state);
    return this.call('GET', `rollbacks?${query.toString()}`);
  }

  get(plan: string): Promise<RollbackResult> {
    return this.call('GET', planPath(plan));
  }

  /** All compensations of a result that is cut short. */
  async compensations(plan: string): Promise<CompensationResult[]> {
    const all: CompensationResult[] = [];
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = `limit=${PAGE}&offset=${all.length}`;
      const { compensations, total } = await this.call<{
        compensations: CompensationResult[];
        total: number;
      }>('GET', `${planPath(plan)}/compensations?${query}`);
      all.push(...compensations);
      if (compensations.length === 0 || all.length >= total) break;
    }
    return all;
  }

  preview(plan: string, options: URLSearchParams): Promise<PreviewResult> {
    return this.call('GET', `${planPath(plan)}/preview?${options.toString()}`);
  }

  /** Answers as soon as it is accepted. */
  start(plan: string, options: Record<string, unknown>): Promise<RollbackResult> {
    return this.call('POST', planPath(plan), { body: options, prefer: 'respond-async' });
  }

  control(plan: string, verb: string, action: string | null): Promise<RollbackResult> {
    const body = action === null ? undefined : { action_uuid: action };
    return this.call('POST', `${planPath(plan)}/${verb}`, { body });
  }

  stopSwitch(): Promise<StopSwitch> {
    return this.call('GET', 'rollbacks/stop');
  }

  private async call<T>(
    method: string,
    path: string,
    options: { body?: unknown; prefer?: string } = {},
  ): Promise<T> {
    const { body, prefer } = options;
    const headers: Record<string, string> = { Accept: 'application/json', ...this.headers() };
    if (prefer !== undefined) headers['Prefer'] = prefer;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(`/v1/${path}`, {
        method,
        headers,
        // Nothing of this is for a browser's store.
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await answer.text();
    } catch {
      throw new Problem(0, NO_ANSWER);
    }
    if (!answer.ok) throw this.problem(answer.status, text, path);
    // The service's own answers: their shapes are those of src/domain, with which this page is compiled.
    const value: T = JSON.parse(text);
    return value;
  }

  /** Also for an event stream that was refused. */
  problem(status: number, text: string, path = ''): Problem {
    const sentence = sentenceOf(status, text);
    if (status === 401 && !path.startsWith('auth/')) this.onUnauthorized(sentence);
    return new Problem(status, sentence);
  }
}

export function planPath(plan: string): string {
  return `action_plans/${encodeURIComponent(plan)}/rollback`;
}

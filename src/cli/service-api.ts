/** The calls of the REST API that the commands make, with their answers checked. Throws Problem, or a signal's reason. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { z } from 'zod';
import {
  type CompensationAnswer,
  compensationsPageSchema,
  type ListAnswer,
  listSchema,
  type PreviewAnswer,
  previewSchema,
  type ResultAnswer,
  resultSchema,
} from './answers.js';
import type { Entrance } from './entrance.js';
import { type Call, call, callForJson, notOurs, silence } from './http.js';
import { Problem } from './problem.js';

export type ControlVerb = 'cancel' | 'pause' | 'resume' | 'retry' | 'skip';
/** The body of a POST …/rollback, as the API documents it. */
export type RequestOptions = Readonly<Record<string, unknown>>;

/** Compensations per page, and pages at most: more than a rollback may have. */
const PAGE = 1000;
const PAGES_MAX = 1000;
const NO_CONTENT = 204;

export class ServiceApi {
  constructor(private readonly entrance: Entrance) {}

  get url(): string {
    return this.entrance.url;
  }

  /** Answers at acceptance. */
  start(plan: string, options: RequestOptions, signal?: AbortSignal): Promise<ResultAnswer> {
    return this.ask(resultSchema, {
      method: 'POST',
      path: pathOf(plan),
      headers: { prefer: 'respond-async' },
      json: options,
      ...within(signal),
    });
  }

  result(plan: string, signal?: AbortSignal): Promise<ResultAnswer> {
    return this.ask(resultSchema, { method: 'GET', path: pathOf(plan), ...within(signal) });
  }

  preview(plan: string, query: Readonly<Record<string, string>>): Promise<PreviewAnswer> {
    return this.ask(previewSchema, { method: 'GET', path: `${pathOf(plan)}/preview`, query });
  }

  control(plan: string, verb: ControlVerb, action: string | null): Promise<ResultAnswer> {
    const json = action === null ? {} : { json: { action_uuid: action } };
    return this.ask(resultSchema, { method: 'POST', path: `${pathOf(plan)}/${verb}`, ...json });
  }

  list(query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<ListAnswer> {
    return this.ask(listSchema, { method: 'GET', path: '/v1/rollbacks', query, ...within(signal) });
  }

  /** All of them, where the result is too large to hold them. */
  async compensations(plan: string): Promise<CompensationAnswer[]> {
    const all: CompensationAnswer[] = [];
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const answer = await this.ask(compensationsPageSchema, {
        method: 'GET',
        path: `${pathOf(plan)}/compensations`,
        query: { limit: String(PAGE), offset: String(all.length) },
      });
      all.push(...answer.compensations);
      if (answer.compensations.length === 0 || all.length >= answer.total) break;
    }
    return all;
  }

  /** Server-sent events until the service closes the stream; heartbeats are left out. */
  async *events(
    plan: string,
    lastEventId: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<EventSourceMessage> {
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
    };
    const it: Call = { method: 'GET', path: `${pathOf(plan)}/events`, headers, signal };
    const answer = await call(this.entrance, it);
    // Nothing more is to come after what was seen last.
    if (answer.statusCode === NO_CONTENT) return;
    const type = String(answer.headers['content-type'] ?? '');
    if (!type.startsWith('text/event-stream')) {
      await answer.body.dump();
      throw notOurs(this.entrance, `${it.path} is no event stream`);
    }
    const arrived: EventSourceMessage[] = [];
    const parser = createParser({ onEvent: (event) => arrived.push(event) });
    const decoder = new TextDecoder();
    try {
      for await (const piece of answer.body) {
        parser.feed(decoder.decode(Buffer.from(piece), { stream: true }));
        yield* arrived.splice(0);
      }
    } catch (error) {
      throw silence(this.entrance, it, error);
    } finally {
      answer.body.destroy();
    }
  }

  private async ask<T>(schema: z.ZodType<T>, it: Call): Promise<T> {
    let document: unknown;
    try {
      document = await callForJson(this.entrance, it);
    } catch (error) {
      throw this.explained(error, it);
    }
    const parsed = schema.safeParse(document);
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    throw notOurs(this.entrance, `its answer to ${it.method} ${it.path} lacks "${where}"`);
  }

  /** Watcher itself knows no rollbacks: the sentence of its 404 would send people the wrong way. */
  private explained(error: unknown, { path }: Call): unknown {
    if (!(error instanceof Problem) || !this.entrance.mayBeWatcher) return error;
    const unknownPath = error.status === 404 && path === '/v1/rollbacks';
    if (!unknownPath && error.status !== 405) return error;
    return new Problem(
      `The catalog's infra-optim at ${this.entrance.url} is Watcher, not the rollback service: set ROLLBACK_URL, or register infra-optim-rollback in Keystone.`,
      { type: 'ServiceNotFound', exit: 'usage', status: error.status },
      error,
    );
  }
}

function pathOf(plan: string): string {
  return `/v1/action_plans/${encodeURIComponent(plan)}/rollback`;
}

function within(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

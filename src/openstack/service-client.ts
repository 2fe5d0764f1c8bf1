/**
 * What the clients of the services share: typed calls below one service's root. It must not know any service's
 * resources. Every call is one exchange (and one more after a 401), every answer is checked with zod.
 */
import type { z } from 'zod';
import type { CallOptions } from './cloud.js';
import type { CatalogService } from './catalog.js';
import type { HttpAnswer, HttpRequest } from './http.js';
import { parseAnswer } from './parse-answer.js';
import type { Session } from './session.js';

export interface ServiceCall {
  method: HttpRequest['method'];
  /** Below the service's versioned root, with a leading slash; ids already encoded. */
  path: string;
  query?: Record<string, string | undefined>;
  headers?: Record<string, string>;
  json?: unknown;
  accept: readonly number[];
}

export class ServiceClient {
  constructor(
    private readonly session: Session,
    readonly service: CatalogService,
    /** From the catalog's address to the versioned root, without a trailing slash. */
    private readonly rootOf: (base: string) => string,
  ) {}

  /** For calls whose answer has no body. */
  async send(call: ServiceCall, options: CallOptions | undefined): Promise<HttpAnswer> {
    return (await this.exchange(call, options)).answer;
  }

  async json<S extends z.ZodType>(
    call: ServiceCall,
    schema: S,
    options: CallOptions | undefined,
  ): Promise<z.output<S>> {
    const { answer, url } = await this.exchange(call, options);
    return parseAnswer({ service: this.service, method: call.method, url }, answer, schema);
  }

  private async exchange(
    call: ServiceCall,
    options: CallOptions | undefined,
  ): Promise<{ answer: HttpAnswer; url: URL }> {
    let url = new URL('http://unknown.invalid');
    const answer = await this.session.request(
      {
        service: this.service,
        method: call.method,
        accept: call.accept,
        ...(call.json === undefined ? {} : { json: call.json }),
        ...(call.headers === undefined ? {} : { headers: call.headers }),
        url: (base) => (url = urlOf(this.rootOf(base), call)),
      },
      options,
    );
    return { answer, url };
  }
}

function urlOf(root: string, call: ServiceCall): URL {
  const url = new URL(root + call.path);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/** An id for a path: nothing in it can leave its segment. */
export function segment(id: string): string {
  // encodeURIComponent leaves dots alone, and "." and ".." would be resolved away.
  if (id === '.' || id === '..' || id === '') return '%00';
  return encodeURIComponent(id);
}

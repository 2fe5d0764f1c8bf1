/**
 * The HTTP port of the simulated cloud: finds service and route, checks the token, hits requests with faults, counts
 * them. Knows nothing of what the services do.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault, SimulatedRequest } from '../types.js';
import { newRequestId } from '../state.js';
import { Faults } from './faults.js';
import { HttpProblem, rowsOf } from './messages.js';
import type { Answer, ServiceRequest } from './messages.js';
import { Router } from './router.js';
import type { Service } from './service.js';

/** Who a token belongs to; null where it is not accepted. */
export type TokenCheck = (
  token: string | undefined,
) => { userId: string; projectId: string; roles: string[] } | null;

const MOST_BODY_BYTES = 1_000_000;
const MOST_REQUESTS = 10_000;

interface Mounted {
  service: Service;
  router: Router;
}

export class CloudServer {
  readonly faults = new Faults();
  readonly counts = new Map<string, number>();
  readonly #http: HttpServer;
  readonly #delays = new Set<NodeJS.Timeout>();
  readonly #checkToken: TokenCheck;
  #mounted: Mounted[] = [];

  constructor(checkToken: TokenCheck) {
    this.#checkToken = checkToken;
    this.#http = createServer((incoming, response) => {
      this.#take(incoming, response).catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'text/plain' });
        response.end(String(error));
      });
    });
    this.#http.keepAliveTimeout = 30_000;
  }

  mount(services: Service[]): void {
    this.#mounted = services.map((service) => ({ service, router: new Router(service.routes) }));
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, '127.0.0.1', resolve);
    });
  }

  get url(): string {
    const address: AddressInfo | string | null = this.#http.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `http://127.0.0.1:${String(address.port)}`;
  }

  async close(): Promise<void> {
    for (const delay of this.#delays) clearTimeout(delay);
    if (!this.#http.listening) return;
    await new Promise<void>((resolve) => {
      this.#http.close(() => {
        resolve();
      });
      this.#http.closeAllConnections();
    });
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', this.url);
    const method = incoming.method ?? 'GET';
    const raw = await readBody(incoming);
    const found = this.#mounted.find(
      ({ service }) =>
        url.pathname === service.prefix || url.pathname.startsWith(`${service.prefix}/`),
    );
    if (!found) {
      this.#count(`${method} (unknown)`);
      send(response, method, { status: 404, body: { message: `nothing at ${url.pathname}` } });
      return;
    }
    const body = parseJson(raw);
    const path = url.pathname.slice(found.service.prefix.length);
    const below = path.startsWith(found.service.endpointPath)
      ? path.slice(found.service.endpointPath.length)
      : path;
    const effect = this.faults.take(found.service.name, method, below, body.value);
    const request = { method, path, query: url.searchParams, headers: incoming.headers };
    const answer = (): Answer => this.#answer(found, { ...request, body });
    await this.#respond(incoming, response, effect, answer);
  }

  async #respond(
    incoming: IncomingMessage,
    response: ServerResponse,
    effect: Fault['effect'] | undefined,
    answer: () => Answer,
  ): Promise<void> {
    const method = incoming.method ?? 'GET';
    switch (effect?.kind) {
      case undefined:
        send(response, method, answer());
        return;
      case 'status':
        send(response, method, {
          status: effect.status,
          headers: effect.headers ?? {},
          body: effect.body ?? '',
        });
        return;
      case 'delay':
        await this.#pause(effect.ms);
        if (!response.destroyed) send(response, method, answer());
        return;
      case 'reset':
        if (effect.when === 'after') answer();
        incoming.socket.resetAndDestroy();
        return;
      case 'hang':
        // Never answered: the socket stays open until the client or close() ends it.
        return;
      case 'truncate':
        sendHalf(response, answer());
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#delays.delete(timer);
        resolve();
      }, ms);
      this.#delays.add(timer);
    });
  }

  #answer(
    { service, router }: Mounted,
    request: Pick<ServiceRequest, 'method' | 'path' | 'query' | 'headers'> & { body: ParsedBody },
  ): Answer {
    const requestId = newRequestId();
    const idHeaders = service.requestIdHeaders(requestId);
    const found = router.find(request.method, request.path);
    const template =
      found === null ? '(unknown)' : 'route' in found ? found.route.template : found.template;
    this.#count(`${request.method} ${service.prefix}${template}`);
    const noted = this.#note(request, service.prefix, template);

    const token = request.headers['x-auth-token'];
    const who = this.#checkToken(typeof token === 'string' ? token : undefined);
    const open = found !== null && 'route' in found && found.route.open === true;
    if (!who && !open) return withHeaders(service.unauthorized(this.authUrl), idHeaders);
    if (found === null) return withHeaders(service.notFound(requestId), idHeaders);
    if ('allow' in found)
      return withHeaders(service.methodNotAllowed(found.allow, request.method), idHeaders);
    if (found.route.absent === true) return withHeaders(service.notFound(requestId), idHeaders);

    const minor = service.negotiate(request);
    if (typeof minor !== 'number') return withHeaders(minor, idHeaders);
    const headers = { ...idHeaders, ...service.headers(minor, request.path) };
    try {
      if (request.body.broken) throw new HttpProblem(400, 'The request body is not JSON');
      const root = `${this.url}${service.prefix}`;
      const answer = found.route.handle({
        ...request,
        body: request.body.value,
        params: found.params,
        minor,
        caller: { userId: '', projectId: '', roles: [], ...who, requestId },
        root,
        endpoint: `${root}${service.endpointPath}`,
      });
      noted.rows = rowsOf(answer.body);
      return withHeaders(answer, headers);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      return withHeaders(service.problem(error.status, error.message, requestId), headers);
    }
  }

  get authUrl(): string {
    return `${this.url}/identity/v3`;
  }

  /** The latest requests, oldest first. */
  readonly requests: SimulatedRequest[] = [];

  #note(
    { method, headers, path, query }: Pick<ServiceRequest, 'method' | 'headers' | 'path' | 'query'>,
    prefix: string,
    template: string,
  ): SimulatedRequest {
    const id = headers['x-openstack-request-id'];
    const noted: SimulatedRequest = {
      method,
      route: `${prefix}${template}`,
      path: `${prefix}${path}${query.size === 0 ? '' : `?${query.toString()}`}`,
      globalRequestId: typeof id === 'string' ? id : null,
      rows: null,
    };
    this.requests.push(noted);
    if (this.requests.length > MOST_REQUESTS) this.requests.shift();
    return noted;
  }

  #count(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

interface ParsedBody {
  value: unknown;
  broken: boolean;
}
function parseJson(raw: string): ParsedBody {
  if (raw === '') return { value: undefined, broken: false };
  try {
    const value: unknown = JSON.parse(raw);
    return { value, broken: false };
  } catch {
    return { value: undefined, broken: true };
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MOST_BODY_BYTES) throw new Error('the request body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function withHeaders(answer: Answer, headers: Record<string, string | string[]>): Answer {
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

function payloadOf(answer: Answer): Buffer {
  if (answer.body === undefined) return Buffer.alloc(0);
  return Buffer.from(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
}

function headersOf(answer: Answer, payload: Buffer): Record<string, string | string[]> {
  const type = payload.length > 0 ? { 'Content-Type': 'application/json' } : {};
  return { ...type, ...answer.headers, 'Content-Length': String(payload.length) };
}

function send(response: ServerResponse, method: string, answer: Answer): void {
  const payload = payloadOf(answer);
  response.writeHead(answer.status, headersOf(answer, payload));
  response.end(method === 'HEAD' ? undefined : payload);
}

function sendHalf(response: ServerResponse, answer: Answer): void {
  const payload = payloadOf(answer);
  response.writeHead(answer.status, headersOf(answer, payload));
  response.write(payload.subarray(0, Math.floor(payload.length / 2)), () => {
    response.destroy();
  });
}

/**
 * The HTTP server around the REST API: listens, cuts off clients that are too slow or send no HTTP, and closes
 * without breaking answers off. It must not know what is served.
 */
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { faultBody } from './answers.js';
import { createApp } from './app.js';
import type { ApiDeps } from './deps.js';

export interface ApiServer {
  /** "http://host:port", with the real port. */
  readonly url: string;
  readonly port: number;
  /**
   * Takes nothing new, lets requests that wait for a rollback answer with what there is, and cuts off what is
   * still there after `graceMs`. Once is enough; later calls wait for the first.
   */
  close(graceMs: number): Promise<void>;
}

/** Each bounds what one client can hold on to. */
const LIMITS = {
  headersTimeout: 10_000,
  /** For the whole request, body included; how long its answer takes is not limited by it. */
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 2000,
  maxHeaderSize: 16 * 1024,
};
/** For a client to take the rest of an answer, once all of it is said. Milliseconds. */
const TAKEN_WITHIN_MS = 60_000;
const MAX_CONNECTIONS = 5000;

export type ServerLimits = Partial<typeof LIMITS> & { takenWithinMs?: number };

/** Rejects where it cannot listen (address in use, not this machine's). */
export async function startApiServer(
  deps: Omit<ApiDeps, 'closing'>,
  { takenWithinMs = TAKEN_WITHIN_MS, ...limits }: ServerLimits = {},
): Promise<ApiServer> {
  const closing = new AbortController();
  const app = createApp({ ...deps, closing: closing.signal });
  const unused = new Set<Socket>();
  const server = createServer({ ...LIMITS, ...limits }, (req, res) => {
    unused.delete(req.socket);
    // Else its connection would stay open until keepAliveTimeout.
    res.once('finish', () => closing.signal.aborted && setImmediate(closeIdle, server));
    dropUntaken(res, takenWithinMs);
    app(req, res);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('clientError', answerClientError);
  const { port } = await listen(server, deps.config.host, deps.config.port);
  const host = deps.config.host.includes(':') ? `[${deps.config.host}]` : deps.config.host;
  let closed: Promise<void> | null = null;
  return {
    url: `http://${host}:${port}`,
    port,
    close(graceMs) {
      closing.abort();
      // Node takes a connection without any request for a busy one.
      for (const socket of unused) socket.destroy();
      closed ??= closeServer(server, graceMs);
      return closed;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no TCP address'));
      else resolve(address);
    });
  });
}

/** Node has no limit of its own here: a client that stops reading would keep its answer in memory for ever. */
function dropUntaken(res: ServerResponse, withinMs: number): void {
  res.once('prefinish', () => {
    const timer = setTimeout(() => res.destroy(), withinMs);
    timer.unref();
    res.once('close', () => clearTimeout(timer));
  });
}

function closeIdle(server: Server): void {
  server.closeIdleConnections();
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** What never became a request: Node would answer with an empty body. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, words, sentence] = clientErrorAnswer(error.code);
  const body = JSON.stringify(faultBody(status, sentence));
  const head = [
    `HTTP/1.1 ${status} ${words}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function clientErrorAnswer(code: string | undefined): [number, string, string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const limit = `${LIMITS.maxHeaderSize / 1024} KiB`;
    return [431, 'Request Header Fields Too Large', `Request headers are over ${limit}.`];
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return [408, 'Request Timeout', 'The request did not arrive in time.'];
  }
  return [400, 'Bad Request', 'What was sent is not HTTP.'];
}

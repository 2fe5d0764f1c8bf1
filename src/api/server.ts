/**
 * The HTTP server around the REST API: listens, cuts off clients that are too slow or send no HTTP, and closes
 * without breaking answers off. It must not know what is served.
 */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { faultBody } from './answers.js';
import { createApp } from './app.js';
import type { ApiDeps } from './deps.js';

export interface ApiServer {
  /** "http://host:port" or "https://host:port", with the real port. */
  readonly url: string;
  readonly port: number;
  /** For connections that are made from now on. Only where it was started with a certificate. */
  renew(certificate: Certificate): void;
  /**
   * Takes nothing new, lets requests that wait for a rollback answer with what there is, and cuts off what is
   * still there after `graceMs`. Once is enough; later calls wait for the first.
   */
  close(graceMs: number): Promise<void>;
}

/** As PEM, the whole chain. */
export interface Certificate {
  cert: string;
  key: string;
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
const TLS = { minVersion: 'TLSv1.2', handshakeTimeout: 10_000 } as const;

export type ServerLimits = Partial<typeof LIMITS> & {
  takenWithinMs?: number;
  handshakeTimeout?: number;
};

/** With a certificate it speaks https alone. Rejects where it cannot listen (address in use, not this machine's). */
export async function startApiServer(
  deps: Omit<ApiDeps, 'closing'>,
  { takenWithinMs = TAKEN_WITHIN_MS, ...limits }: ServerLimits = {},
  certificate: Certificate | null = null,
): Promise<ApiServer> {
  const closing = new AbortController();
  const app = createApp({ ...deps, closing: closing.signal });
  const unused = new Map<string, Socket>();
  const serve: RequestListener = (req, res) => {
    unused.delete(endsOf(req.socket));
    // Else its connection would stay open until keepAliveTimeout.
    res.once('finish', () => closing.signal.aborted && setImmediate(closeIdle, server));
    dropUntaken(res, takenWithinMs);
    app(req, res);
  };
  const options = { ...LIMITS, ...limits };
  const tls = certificate && createTlsServer({ ...TLS, ...options, ...certificate }, serve);
  const server = tls ?? createServer(options, serve);
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => watchUnused(unused, socket));
  if (tls === null) server.on('clientError', answerClientError);
  else answerOverTls(tls);
  const { port } = await listen(server, deps.config.host, deps.config.port);
  const host = deps.config.host.includes(':') ? `[${deps.config.host}]` : deps.config.host;
  let closed: Promise<void> | null = null;
  return {
    url: `${tls === null ? 'http' : 'https'}://${host}:${port}`,
    port,
    renew: (next) => tls?.setSecureContext({ ...TLS, ...next }),
    close(graceMs) {
      closing.abort();
      // Node takes a connection without any request for a busy one, and knows none that has not shaken hands.
      for (const socket of unused.values()) socket.destroy();
      closed ??= closeServer(server, graceMs);
      return closed;
    },
  };
}

/** One connection has two sockets where it is encrypted: they have the same ends. */
function endsOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}

function watchUnused(unused: Map<string, Socket>, socket: Socket): void {
  const ends = endsOf(socket);
  unused.set(ends, socket);
  socket.once('close', () => {
    if (unused.get(ends) === socket) unused.delete(ends);
  });
}

/** Where no hands were shaken there is nothing to answer with. */
function answerOverTls(server: TlsServer): void {
  const secured = new WeakSet<Duplex>();
  server.on('secureConnection', (socket: TLSSocket) => secured.add(socket));
  server.on('clientError', (error, socket) => {
    if (secured.has(socket)) answerClientError(error, socket);
    else socket.destroy();
  });
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
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
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

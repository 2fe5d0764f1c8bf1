/**
 * Temporal's remote codec protocol: POST /decode and /encode of {"payloads": […]}, by which the Web UI and the temporal command
 * show payloads that are compressed or encrypted. Whoever reaches it can decrypt, so it listens on loopback alone and answers
 * no page but the Web UI's.
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { StartError } from './start-error.js';

export interface CodecPart {
  readonly url: string;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
/** A payload has at most 2 MB; a page of history has several. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;
const bytes = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));
const bodySchema = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), bytes).optional(), data: bytes.optional() }))
    .max(10_000),
});

/** `webUrl`: the Web UI's address; pages of another origin are refused. Throws StartError. */
export async function startCodecPart(
  port: number,
  codecs: readonly PayloadCodec[],
  webUrl: string | null,
): Promise<CodecPart> {
  const origin = webUrl === null ? null : new URL(webUrl).origin;
  const server = createServer((request, response) => {
    answer(request, response, codecs, origin).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      send(response, 400, { error: message });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new StartError(
          `The codec endpoint cannot listen on port ${port}: ${error.message}. Set ROLLBACK_CODEC_PORT.`,
        ),
      ),
    );
    server.listen(port, HOST, resolve);
  });
  const address = server.address();
  const real = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${HOST}:${real}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  codecs: readonly PayloadCodec[],
  origin: string | null,
): Promise<void> {
  const asking = request.headers.origin;
  // A page of another site, also one whose name was made to point here, must not read the cloud's names.
  if (!isLoopback(request.headers.host) || (asking !== undefined && asking !== origin)) {
    send(response, 403, { error: `Only ${origin ?? 'programs on this machine'} may ask.` });
    return;
  }
  if (asking !== undefined) {
    response.setHeader('Access-Control-Allow-Origin', asking);
    response.setHeader('Access-Control-Allow-Headers', 'content-type,x-namespace,authorization');
    response.setHeader('Access-Control-Allow-Methods', 'POST');
    response.setHeader('Vary', 'Origin');
  }
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  const { pathname } = new URL(request.url ?? '/', `http://${HOST}`);
  const way = pathname === '/decode' || pathname === '/encode' ? pathname : null;
  if (way === null || request.method !== 'POST') {
    send(response, way === null ? 404 : 405, { error: 'There is POST /decode and POST /encode.' });
    return;
  }
  if (Number(request.headers['content-length'] ?? BODY_BYTES_MAX + 1) > BODY_BYTES_MAX) {
    send(response, 413, {
      error: `A body has a Content-Length of at most ${BODY_BYTES_MAX} bytes.`,
    });
    return;
  }
  const body = bodySchema.safeParse(await json(request));
  if (!body.success) {
    send(response, 400, {
      error: 'The body must be {"payloads": [{"metadata": {…}, "data": "<base64>"}]}.',
    });
    return;
  }
  let payloads: Payload[] = body.data.payloads.map(({ metadata, data }) => ({
    ...(metadata === undefined ? {} : { metadata }),
    ...(data === undefined ? {} : { data }),
  }));
  for (const codec of way === '/decode' ? codecs.toReversed() : codecs) {
    payloads = await codec[way === '/decode' ? 'decode' : 'encode'](payloads);
  }
  send(response, 200, { payloads: payloads.map(toJson) });
}

function isLoopback(host: string | undefined): boolean {
  return host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
}

function toJson({ metadata, data }: Payload): unknown {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [
        name,
        Buffer.from(value).toString('base64'),
      ]),
    ),
    data: Buffer.from(data ?? []).toString('base64'),
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

import type { Connection } from '@temporalio/client';
import { once } from 'node:events';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { lazyClient, temporalProfile } from '../../src/temporal/connection.js';

/** gRPC's code for a server that cannot answer now: such a call is tried again. */
const UNAVAILABLE = '14';

let server: Http2Server;
let asked: number;
let connection: Connection;

beforeEach(async () => {
  asked = 0;
  server = createServer();
  server.on('stream', (stream) => {
    asked += 1;
    const headers = { 'content-type': 'application/grpc', 'grpc-status': UNAVAILABLE };
    stream.respond(headers, { endStream: true });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const client = lazyClient(temporalProfile({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` }));
  ({ connection } = client as unknown as { connection: Connection });
});
afterEach(() => {
  server.close();
});

test('where Temporal cannot answer, a call is tried five times', async () => {
  await expect(connection.workflowService.getSystemInfo({})).rejects.toThrow('UNAVAILABLE');
  expect(asked).toBe(5);
  await connection.close();
});

test('a call that waits for its next try ends when the connection is closed, and nothing is thrown elsewhere', async () => {
  const ends = expect(connection.workflowService.getSystemInfo({})).rejects.toThrow('UNAVAILABLE');
  await once(server, 'stream');
  // The answer has to arrive, so that the call waits.
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  await connection.close();
  await ends;
  expect(asked).toBeLessThan(5);
});

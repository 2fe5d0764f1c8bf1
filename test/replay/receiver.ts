/** A receiver of notifications that gives the same answer to all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export async function startReceiver(
  status: number,
): Promise<{ settings: Record<string, string>; close: () => void }> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const folder = mkdtempSync(join(tmpdir(), 'receiver-'));
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'no secret of anybody');
  return {
    settings: {
      ROLLBACK_WEBHOOK_URL: `http://127.0.0.1:${port}/`,
      ROLLBACK_WEBHOOK_SECRET_FILE: secret,
    },
    close() {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Ports of this machine: which is free, which answers. */
import { connect, createServer } from 'node:net';

const CONNECT_TIMEOUT_MS = 1_000;

/** The wanted port if nobody listens on it, else one that was free a moment ago. */
export async function freePort(host: string, wanted: number): Promise<number> {
  return (await tryPort(host, wanted)) ?? (await tryPort(host, 0)) ?? wanted;
}

/** null: taken. */
function tryPort(host: string, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen(port, host, () => {
      const address = probe.address();
      const got = typeof address === 'object' && address !== null ? address.port : null;
      probe.close(() => resolve(got));
    });
  });
}

/** Whether somebody listens at "host:port". */
export function answers(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(/:(?=\d+$)/);
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: CONNECT_TIMEOUT_MS });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}

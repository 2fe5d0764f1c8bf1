// The health check of the image: exit code 0 where the address answers 200. Default: the API of this container.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

const encrypted = (process.env.ROLLBACK_TLS_CERT_FILE ?? '') !== '';
const own = `${encrypted ? 'https' : 'http'}://127.0.0.1:${process.env.ROLLBACK_PORT ?? '9323'}/healthz`;
const url = process.argv[2] ?? own;
const TIMEOUT_MS = 4_000;
// Itself, by an address that no certificate is for; nothing is sent, and nothing believed but that it lives.
const unchecked = url === own ? { rejectUnauthorized: false } : {};

function failed(reason) {
  console.error(`${url}${reason}`);
  process.exitCode = 1;
}

const send = url.startsWith('https:') ? httpsRequest : httpRequest;
const asked = send(
  url,
  { ...unchecked, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) },
  (answer) => {
    if (answer.statusCode !== 200) failed(` answers ${answer.statusCode}`);
    answer.resume();
  },
);
asked.once('error', (error) => failed(`: ${error.message}`));
asked.end();

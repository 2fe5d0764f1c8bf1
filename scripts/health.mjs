// The health check of the image: exit code 0 where the address answers 200. Default: the API of this container.
const url = process.argv[2] ?? `http://127.0.0.1:${process.env.ROLLBACK_PORT ?? '9323'}/healthz`;
const TIMEOUT_MS = 4_000;

try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  process.exitCode = answer.status === 200 ? 0 : 1;
  if (process.exitCode !== 0) console.error(`${url} answers ${answer.status}`);
} catch (error) {
  console.error(`${url}: ${error.message}`);
  process.exitCode = 1;
}

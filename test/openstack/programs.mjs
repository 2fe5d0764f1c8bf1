/** Programs that users have, run as they run them: nothing in the environment but PATH and what is given. */
import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMMAND = `${ROOT}dist/src/cli/main.js`;
const LIMIT_MS = 120_000;

/** Runs to its end. @returns {Promise<{code: number | null, stdout: string, stderr: string}>} never rejects for the code. */
export function run(file, args, env) {
  return new Promise((resolve) => {
    const around = { PATH: process.env.PATH, HOME: process.env.HOME, ...env };
    const options = { cwd: ROOT, env: around, timeout: LIMIT_MS, maxBuffer: 16 * 1024 * 1024 };
    execFile(file, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr });
    });
  });
}

/** The command of this package. `json`: its stdout, null where that is no JSON document. */
export async function watcherRollback(args, env) {
  const ended = await run(process.execPath, [COMMAND, ...args], env);
  return { ...ended, json: parsed(ended.stdout) };
}
/** How a script calls it. */
export const COMMAND_LINE = `${process.execPath} ${COMMAND}`;
export const PIPELINE_SCRIPT = `${ROOT}examples/pipeline.sh`;

/** `openstack optimize …`, of the lab. Throws where it fails. @returns {Promise<string>} what it prints. */
export async function optimize(site, ...args) {
  const ended = await run(site.tools.script, ['os', 'optimize', ...args], site.env);
  if (ended.code === 0) return ended.stdout;
  throw new Error(`openstack optimize ${args.join(' ')}: ${ended.code} ${ended.stderr}`);
}
export const optimizeJson = async (site, ...args) =>
  JSON.parse(await optimize(site, ...args, '-f', 'json'));

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * One HTTP request that fetch would not send so: any Host header, HEAD, a body to the byte.
 * @returns {Promise<{status: number, headers: import('node:http').IncomingHttpHeaders, body: string}>}
 */
export function rawRequest(method, url, { headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method, headers: { ...length, ...headers } }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode,
          headers: answer.headers,
          body: Buffer.concat(pieces).toString('utf8'),
        }),
      );
    });
    sent.setTimeout(60_000, () => sent.destroy(new Error(`${method} ${url}: no answer`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

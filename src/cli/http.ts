/**
 * One call of the service: the token, one more try with a new one after a 401, and every refusal turned into a Problem
 * with the service's own sentence. It must not know which calls there are.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, request as send } from 'undici';
import { FAILURES, isFailureType, type FailureType } from '../domain/failures.js';
import { serviceMessage } from '../openstack/service-message.js';
import { certificateRemedy } from './certificates.js';
import type { Entrance } from './entrance.js';
import { exitOfAnswer } from './exit-codes.js';
import { Problem } from './problem.js';

export interface Call {
  method: 'GET' | 'POST' | 'PUT';
  /** From "/v1/…" on; its variable parts are encoded already. */
  path: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  json?: unknown;
  /** Statuses besides 2xx that are an answer and no refusal. */
  alsoAccept?: readonly number[];
  signal?: AbortSignal;
}

export type Answer = Dispatcher.ResponseData;

/** A result is bounded by 256 kB, a page of compensations by about 1 MB. */
const MAX_BYTES = 32 * 1024 * 1024;
/** The type of the one list of failures, in the answer to what was refused. */
const TYPE_HEADER = 'x-rollback-failure';
const UNAUTHORIZED = 401;
const TOO_MANY = 429;
/** The service's limit counts per minute. */
const PAUSE_MAX_S = 60;
const PAUSES_MAX = 5;

/** The answer, its body unread; only with an accepted status. Throws Problem, or the signal's reason. */
export async function call(entrance: Entrance, it: Call): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await knownCaller(entrance, it);
    const pauseMs = tries <= PAUSES_MAX ? pauseOf(answer) : null;
    if (pauseMs === null) return accepted(entrance, it, answer);
    await answer.body.dump();
    await sleep(pauseMs, undefined, it.signal === undefined ? {} : { signal: it.signal }).catch(
      () => it.signal?.throwIfAborted(),
    );
  }
}

async function knownCaller(entrance: Entrance, it: Call): Promise<Answer> {
  const token = await entrance.token(it.signal);
  const answer = await sendOnce(entrance, it, token);
  if (answer.statusCode !== UNAUTHORIZED || token === null) return answer;
  const other = await entrance.renewed(token, it.signal);
  if (other === null || other === token) return answer;
  await answer.body.dump();
  return await sendOnce(entrance, it, other);
}

/** null: nothing to wait for. What is too much has touched nothing, so it may be sent again, whatever it is. */
function pauseOf(answer: Answer): number | null {
  const type = toldType(answer);
  if (answer.statusCode !== TOO_MANY || (type !== null && type !== 'TooManyRequests')) return null;
  const after = answer.headers['retry-after'];
  if (typeof after !== 'string' || !/^\d{1,3}$/.test(after)) return null;
  return Number(after) > PAUSE_MAX_S ? null : Math.max(1, Number(after)) * 1000;
}

/** The whole document. Throws Problem, or the signal's reason. */
export async function callForJson(entrance: Entrance, it: Call): Promise<unknown> {
  const text = await textOf(entrance, it, await call(entrance, it));
  try {
    return JSON.parse(text);
  } catch {
    throw notOurs(entrance, `its answer to ${it.method} ${it.path} is not JSON`);
  }
}

/** Something answers, but not as this service does. */
export function notOurs(entrance: Entrance, why: string): Problem {
  return new Problem(
    `What answers at ${entrance.url} is not the rollback service: ${why}. Check ROLLBACK_URL or the catalog.`,
    { type: 'ServiceUnreachable', exit: 'unreachable' },
  );
}

async function sendOnce(entrance: Entrance, it: Call, token: string | null): Promise<Answer> {
  const url = new URL(entrance.url + it.path);
  for (const [name, value] of Object.entries(it.query ?? {})) url.searchParams.set(name, value);
  try {
    return await send(url, {
      dispatcher: entrance.dispatcher,
      method: it.method,
      headers: {
        accept: 'application/json',
        ...(token === null ? {} : { 'x-auth-token': token }),
        ...(it.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...it.headers,
      },
      ...(it.json === undefined ? {} : { body: JSON.stringify(it.json) }),
      ...(it.signal === undefined ? {} : { signal: it.signal }),
    });
  } catch (error) {
    throw silence(entrance, it, error);
  }
}

async function accepted(entrance: Entrance, it: Call, answer: Answer): Promise<Answer> {
  const status = answer.statusCode;
  const good = status >= 200 && status < 300;
  if (good || it.alsoAccept?.includes(status) === true) return answer;
  const said = serviceMessage(await textOf(entrance, it, answer));
  const message = said ?? `${it.method} ${it.path} answered ${status} without a sentence.`;
  const hint = status === UNAUTHORIZED && entrance.afterRefusal;
  const type = toldType(answer);
  throw new Problem(hint ? `${message} ${hint}` : message, {
    type: type ?? likelyType(status),
    exit: status < 400 ? 'unreachable' : exitOfAnswer(type, status),
    status,
  });
}

/** As the service itself says it; null where what answers is an older one, or something in between. */
function toldType({ headers }: Answer): FailureType | null {
  const header = headers[TYPE_HEADER];
  return typeof header === 'string' && isFailureType(header) ? header : null;
}

/** Where only one type has that status. A proxy's own 5xx is none of the service's. */
function likelyType(status: number): FailureType | null {
  if (status >= 500) return null;
  const ofStatus = Object.keys(FAILURES)
    .filter(isFailureType)
    .filter((type) => FAILURES[type].status === status);
  return ofStatus.length === 1 ? (ofStatus[0] ?? null) : null;
}

async function textOf(entrance: Entrance, it: Call, { body }: Answer): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of body) {
      const bytes = Buffer.from(piece);
      length += bytes.length;
      if (length > MAX_BYTES) {
        body.destroy();
        throw notOurs(entrance, `its answer to ${it.method} ${it.path} is too large`);
      }
      pieces.push(bytes);
    }
  } catch (error) {
    throw silence(entrance, it, error);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** No (whole) answer. A signal's own reason stays what it is. */
export function silence(entrance: Entrance, it: Call, error: unknown): unknown {
  if (error instanceof Problem) return error;
  if (it.signal?.aborted === true) return it.signal.reason;
  const reason = reasonOf(error);
  const remedy = certificateRemedy(error) ?? otherScheme(entrance, error);
  return new Problem(
    `The rollback service at ${entrance.url} gives no answer: ${reason}. ${remedy}`,
    { type: 'ServiceUnreachable', exit: 'unreachable' },
    error,
  );
}

/** What speaks https alone ends a connection that does not; what does not speak it has no handshake. */
function otherScheme({ url }: Entrance, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (url.startsWith('http:') && ['UND_ERR_SOCKET', 'ECONNRESET'].includes(code)) {
    return 'Check ROLLBACK_URL (is it https?) and that it runs.';
  }
  if (url.startsWith('https:') && code.startsWith('ERR_SSL')) {
    return 'Check ROLLBACK_URL (is it http?).';
  }
  return 'Check ROLLBACK_URL and that it runs.';
}

/** Node hides the one of several addresses that failed in an error without words. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join('; ');
  }
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}

/**
 * Signs a notification and POSTs it to the one address that the administrator named. It must not know what is in it.
 * Nothing but the settings decides where it goes: no redirect is followed and no proxy variable heeded. The headers are
 * those of the Standard Webhooks specification, so that receivers need not write their own check.
 */
import { createHmac } from 'node:crypto';
import { type OutgoingHttpHeaders, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { failure } from './failures.js';
import { AddressRefused, type Allowed, demandAllowed, guardedLookup } from './webhook-address.js';

export interface WebhookSettings {
  url: string;
  /** As of Allowed; absent: []. */
  allow?: readonly string[];
  /** The key itself, at least SECRET_BYTES_MIN bytes. Asked for at each delivery, so that it may be changed. */
  secret: () => Buffer;
}

export const SECRET_BYTES_MIN = 16;
const TIMEOUT_MS = 10_000;
/** "Not now" rather than "no": too early, too many, a time-out, and every 5xx. */
const PASSING_STATUSES = [408, 425, 429];

/** Text of the secret's file: "whsec_" and base64, as the specification has it, or the key as it is. */
export function secretOf(text: string): Buffer {
  const trimmed = text.trim();
  const key = trimmed.startsWith('whsec_')
    ? Buffer.from(trimmed.slice('whsec_'.length), 'base64')
    : Buffer.from(trimmed, 'utf8');
  if (key.length < SECRET_BYTES_MIN) {
    throw new Error(`it holds fewer than ${SECRET_BYTES_MIN} bytes of secret`);
  }
  return key;
}

/** "v1,<base64>": HMAC-SHA256 over id, time and body, so that none of the three can be exchanged. */
export function signature(secret: Buffer, id: string, timestamp: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64');
  return `v1,${mac}`;
}

/** Throws NotificationFailed (to be tried again) or NotificationRefused; neither has more of an answer than its status. */
export async function deliver(
  webhook: WebhookSettings,
  id: string,
  body: string,
  signal: AbortSignal,
): Promise<void> {
  const timestamp = Math.floor(Date.now() / 1000);
  const key = readSecret(webhook);
  const status = await posted(new URL(webhook.url), {
    body,
    allow: webhook.allow ?? [],
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'watcher-rollback',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature(key, id, timestamp, body),
    },
  });
  if (status >= 200 && status < 300) return;
  const passing = status >= 500 || PASSING_STATUSES.includes(status);
  const redirect = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  throw failure(
    passing ? 'NotificationFailed' : 'NotificationRefused',
    `the webhook answered ${status}${redirect}`,
  );
}

async function posted(...args: Parameters<typeof post>): Promise<number> {
  try {
    return await post(...args);
  } catch (error) {
    const type = error instanceof AddressRefused ? 'NotificationRefused' : 'NotificationFailed';
    throw failure(type, `the webhook cannot be reached: ${reasonOf(error)}`);
  }
}

/** By Node's own client, which follows no redirect, heeds no proxy variable, and lets the address be looked at. */
function post(
  url: URL,
  request: { body: string; headers: OutgoingHttpHeaders; signal: AbortSignal } & Allowed,
): Promise<number> {
  const { body, headers, signal } = request;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    demandAllowed(url, request);
    const options = {
      method: 'POST',
      headers,
      signal,
      agent: false,
      lookup: guardedLookup(request),
    };
    const sent = send(url, options, (answer) => {
      // What it says is of no use, and there may be no end to it.
      resolve(answer.statusCode ?? 0);
      answer.destroy();
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

function readSecret({ secret }: WebhookSettings): Buffer {
  try {
    return secret();
  } catch (error) {
    throw failure('NotificationFailed', `the webhook's secret cannot be read: ${reasonOf(error)}`);
  }
}

/** Node hides what became of several addresses, and why a signal was aborted, behind errors without words. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

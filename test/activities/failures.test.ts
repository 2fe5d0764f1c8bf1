/** Every kind of OpenStack error becomes the failure that the list of failures promises. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { failure, toFailure } from '../../activities/failures.js';
import {
  OpenStackBadAnswerError,
  OpenStackHttpError,
  OpenStackUnreachableError,
  OpenStackUnsupportedError,
} from '../../src/openstack/errors.js';

const LIVE = new AbortController().signal;
const http = (status: number, more: Partial<OpenStackHttpError> = {}) =>
  new OpenStackHttpError({
    service: 'compute',
    method: 'POST',
    path: '/servers/x/action',
    status,
    serviceMessage: more.serviceMessage ?? null,
    requestId: null,
    retryAfterSeconds: more.retryAfterSeconds ?? null,
  });
const call = { service: 'compute', method: 'GET', url: 'http://nova/' } as const;

it.each<[string, Error, string, boolean]>([
  ['no answer', new OpenStackUnreachableError(call, 'refused'), 'OpenStackUnreachable', false],
  ['a bad answer', new OpenStackBadAnswerError(call, 'HTML'), 'OpenStackUnreachable', false],
  ['no service', new OpenStackUnsupportedError('baremetal', 'none'), 'OpenStackRefused', true],
  ['429', http(429), 'OpenStackUnreachable', false],
  ['503', http(503), 'OpenStackUnreachable', false],
  ['400', http(400), 'OpenStackRefused', true],
  ['404', http(404), 'OpenStackRefused', true],
  ['401', http(401), 'OpenStackUnauthorized', true],
  ['403', http(403), 'OpenStackUnauthorized', true],
  ['a quota', http(403, { serviceMessage: 'Quota exceeded for ram' }), 'OpenStackRefused', true],
])('%s', (_what, error, type, nonRetryable) => {
  const failed = toFailure(error, LIVE);
  expect(failed).toBeInstanceOf(ApplicationFailure);
  expect(failed).toMatchObject({ type, nonRetryable, message: error.message });
});

it('honours Retry-After within reason', () => {
  const soon = toFailure(http(503, { retryAfterSeconds: 5 }), LIVE);
  expect(soon).toMatchObject({ nextRetryDelay: 5000 });
  const tomorrow = toFailure(http(503, { retryAfterSeconds: 86_400 }), LIVE);
  expect(tomorrow).toMatchObject({ nextRetryDelay: 300_000 });
});

it('of a cancelled activity it is always the cancellation', () => {
  const cancelled = new AbortController();
  cancelled.abort(new CancelledFailure('WORKER_SHUTDOWN'));
  expect(toFailure(new Error('AbortError'), cancelled.signal)).toBeInstanceOf(CancelledFailure);
  expect(toFailure(http(503), cancelled.signal)).toBeInstanceOf(CancelledFailure);
});

it('leaves its own failures as they are, and what nobody foresaw to the retry policy', () => {
  const own = failure('ServerGone', 'gone');
  expect(toFailure(own, LIVE)).toBe(own);
  const bug = new TypeError('x is undefined');
  expect(toFailure(bug, LIVE)).toBe(bug);
});

it.each([
  [401, true, false],
  [401, false, true],
  [403, true, true],
  [400, true, true],
])(
  '%i with the change asked for: %s, final: %s (a server must not be left half way)',
  (status, halfWay, nonRetryable) => {
    expect(toFailure(http(status), LIVE, halfWay)).toMatchObject({ nonRetryable });
  },
);

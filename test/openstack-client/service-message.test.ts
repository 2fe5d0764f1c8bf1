/** The dialects in which OpenStack says no. */
import { serviceMessage } from '../../src/openstack/service-message.js';
import { utcTime } from '../../src/openstack/times.js';

const watcher = (inner: string): string => JSON.stringify({ error_message: inner });

test.each([
  ['Nova', '{"badRequest": {"code": 400, "message": "no"}}', 'no'],
  ['Keystone', '{"error": {"code": 401, "message": "who?", "title": "Unauthorized"}}', 'who?'],
  ['Watcher', watcher('{"faultcode": "Client", "faultstring": "gone", "debuginfo": null}'), 'gone'],
  ['Ironic, unwrapped', '{"error_message": {"faultstring": "busy"}}', 'busy'],
  [
    'Nova, microversion',
    '{"errors": [{"status": 406, "detail": "too new", "title": "x"}]}',
    'too new',
  ],
  [
    'HTML in JSON',
    watcher('<html><head><title>405</title></head><body><h1>No</h1>\n&lt;b&gt;</body></html>'),
    'No: <b>',
  ],
  ['plain text', ' upstream\n is away ', 'upstream is away'],
])('%s', (_name, body, sentence) => {
  expect(serviceMessage(body)).toBe(sentence);
});

test.each(['', '{}', '{"a": {"b": 1}}', '<html></html>'])('no sentence in %j', (body) => {
  expect(serviceMessage(body)).toBeNull();
});

test('it is bounded, and so is its search', () => {
  expect(serviceMessage('x'.repeat(50_000))).toHaveLength(1000);
  let nested = '"deep"';
  for (let i = 0; i < 50; i++) nested = `{"a": ${nested}}`;
  expect(serviceMessage(nested)).toBeNull();
});

test('times', () => {
  // Not by the result alone: on a machine whose own zone is UTC, a time without a zone is read rightly by luck.
  const parse = jest.spyOn(Date, 'parse');
  utcTime('2026-11-24T02:19:04.123456');
  expect(parse).toHaveBeenCalledWith('2026-11-24T02:19:04.123Z');
  parse.mockRestore();
  expect(utcTime('2026-11-24T02:19:04.123456')).toBe('2026-11-24T02:19:04.123Z');
  expect(utcTime('2026-11-24T02:19:04+02:00')).toBe('2026-11-24T00:19:04.000Z');
  expect(utcTime('2026-11-24T02:19:04Z')).toBe('2026-11-24T02:19:04.000Z');
  expect(utcTime('yesterday')).toBeNull();
});

/** Reads the recorded exchanges of test/fixtures/openstack. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '..', 'fixtures', 'openstack');

export interface Recording {
  name: string;
  method: string;
  /** Below the origin, with the query. */
  path: string;
  requestBody: string | null;
  status: number;
  headers: Record<string, string>;
  body: string;
}

export function recordingNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.http'))
    .map((file) => file.slice(0, -'.http'.length))
    .toSorted();
}

export function readRecording(name: string): Recording {
  const text = readFileSync(join(FOLDER, `${name}.http`), 'utf8').replaceAll('\r\n', '\n');
  const [request = '', head = '', ...rest] = text.split('\n\n');
  const requestLines = request.split('\n').map((line) => line.replace(/^> /u, ''));
  const [method = '', target = ''] = (requestLines[0] ?? '').split(' ');
  const [statusLine = '', ...headerLines] = head.split('\n');
  const headers = Object.fromEntries(
    headerLines.map((line): [string, string] => {
      const at = line.indexOf(': ');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
    }),
  );
  return {
    name,
    method,
    path: target.slice(target.indexOf('/')),
    requestBody: requestLines.find((line) => line.startsWith('{')) ?? null,
    status: Number(statusLine.split(' ')[1]),
    headers,
    body: rest.join('\n\n').trim(),
  };
}

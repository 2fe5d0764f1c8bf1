/** Reads the recorded exchanges of test/fixtures/openstack. Knows nothing of what they are compared with. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '..', 'fixtures', 'openstack');

/** The service that answered, by the port that the recorded address has. */
const SERVICES = {
  '15000': 'identity',
  '18774': 'compute',
  '16385': 'baremetal',
  '19322': 'infra-optim',
  '18778': 'placement',
} as const;
export type RecordedService = (typeof SERVICES)[keyof typeof SERVICES];

export interface Recording {
  name: string;
  service: RecordedService;
  /** Scheme, host and port of the recorded service. */
  origin: string;
  request: {
    method: string;
    /** Below the origin, with the query. */
    path: string;
    headers: Record<string, string>;
    body: unknown;
  };
  status: number;
  /** Lower-case names; a header that came more than once is joined with ", ", as fetch does. */
  headers: Record<string, string>;
  text: string;
  /** undefined where the answer has no JSON body. */
  json: unknown;
}

export function recordingNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.http'))
    .map((file) => file.slice(0, -'.http'.length))
    .toSorted();
}

export function readRecording(name: string): Recording {
  const text = readFileSync(join(FOLDER, `${name}.http`), 'utf8').replaceAll('\r\n', '\n');
  const [requestText = '', head = '', ...rest] = text.split('\n\n');
  const [first = '', ...others] = requestText.split('\n').map((line) => line.slice('> '.length));
  const [method = '', target = ''] = first.split(' ');
  const slash = target.indexOf('/');
  const port = target.slice(target.indexOf(':') + 1, slash);
  const body = others.find((line) => line.startsWith('{'));
  const [statusLine = '', ...headerLines] = head.split('\n');
  const answer = rest.join('\n\n').trim();
  return {
    name,
    service: serviceOf(port, name),
    origin: `http://${target.slice(0, slash)}`,
    request: {
      method,
      path: target.slice(slash),
      headers: headersOf(others.filter((line) => line !== body && line.includes(': '))),
      body: body === undefined ? undefined : JSON.parse(body),
    },
    status: Number(statusLine.split(' ')[1]),
    headers: headersOf(headerLines),
    text: answer,
    json: answer.startsWith('{') ? JSON.parse(answer) : undefined,
  };
}

function serviceOf(port: string, name: string): RecordedService {
  const known = Object.entries(SERVICES).find(([candidate]) => candidate === port);
  if (!known) throw new Error(`${name}: no service has port ${port}`);
  return known[1];
}

function headersOf(lines: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf(': ');
    const key = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 2);
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return headers;
}

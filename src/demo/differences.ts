/** What is not as it was, in sentences: the demo's verdict. Pure. */
import type { CloudSnapshot } from '../simulated-cloud/types.js';

type Fields = Readonly<Record<string, string | null>>;
type Entries = Readonly<Record<string, Fields>>;

/** Empty exactly where the two are equal. */
export function differences(before: CloudSnapshot, now: CloudSnapshot): string[] {
  return [
    ...ofEntries('server', before.servers, now.servers),
    ...ofEntries('nova-compute of', before.services, now.services),
    ...ofEntries('node', before.nodes, now.nodes),
  ];
}

function ofEntries(what: string, before: Entries, now: Entries): string[] {
  return union(before, now).flatMap((id) => {
    const was = before[id];
    const is = now[id];
    const name = `${what} ${is?.['name'] ?? was?.['name'] ?? id}`;
    if (was === undefined) return [`${name} was not there before.`];
    if (is === undefined) return [`${name} is gone.`];
    return union(was, is)
      .filter((field) => was[field] !== is[field])
      .map((field) => `${name}: ${field} was ${said(was[field])}, is ${said(is[field])}.`);
  });
}

function union(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

function said(value: string | null | undefined): string {
  return value ?? 'none';
}

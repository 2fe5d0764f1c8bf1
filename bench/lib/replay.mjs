// The requests that a rollback has made of the simulated cloud, to be made again by bare activities: the same routes in the same
// order, without any decision.

/** The cloud keeps its latest 10,000. */
const LOOK_MS = 50;

/** From now until `end`, which gives them; without the identity service's, which are a handful in all. */
export function recording(cloud) {
  const all = [];
  let last = cloud.requests.at(-1);
  const take = () => {
    const from = last === undefined ? 0 : cloud.requests.lastIndexOf(last) + 1;
    if (last !== undefined && from === 0)
      throw new Error('requests came faster than they were read');
    for (const request of cloud.requests.slice(from)) all.push(request);
    last = cloud.requests.at(-1);
  };
  const timer = setInterval(take, LOOK_MS);
  return {
    startedAt: Date.now(),
    end() {
      clearInterval(timer);
      take();
      return all.filter(({ route }) => !route.startsWith('/identity'));
    },
  };
}

/**
 * As many lots as there are servers. A listing of what changed since then asks for what changed since now; a migration moves the
 * server away again.
 */
export function lotsOf({ requests, recordedAt, servers }) {
  const later = Date.now() - recordedAt;
  const away = new Map(servers.map((server) => [server.id, server.away]));
  const all = requests.map(({ method, path }) => {
    if (method === 'GET') return { method, path: shifted(path, later) };
    const id = /\/servers\/([^/]+)\/action$/.exec(path)?.[1];
    const host = away.get(id);
    if (host === undefined) throw new Error(`a rollback of migrations asked for ${method} ${path}`);
    return { method, path, body: { 'os-migrateLive': { host, block_migration: 'auto' } } };
  });
  const each = all.length / servers.length;
  return servers.map((_, index) =>
    all.slice(Math.round(index * each), Math.round((index + 1) * each)),
  );
}

function shifted(path, laterMs) {
  const url = new URL(path, 'http://cloud');
  const since = url.searchParams.get('changes-since');
  // What the plan changed then has changed again by now: as many are asked for as they are.
  url.searchParams.delete('changes-before');
  // The next page of a listing begins after a record that this one may not have: asked for as a short page of its own.
  if (url.searchParams.has('marker')) {
    url.searchParams.delete('marker');
    url.searchParams.set('limit', '1');
  }
  if (since === null) return `${url.pathname}${url.search}`;
  const zoned = /Z|[+-]\d\d:?\d\d$/.test(since) ? since : `${since}Z`;
  url.searchParams.set('changes-since', new Date(Date.parse(zoned) + laterMs).toISOString());
  return `${url.pathname}${url.search}`;
}

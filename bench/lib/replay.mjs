// The requests that a rollback has made of the simulated cloud, to be made again by bare activities: the same routes in the same
// order, without any decision.

/** The cloud keeps its latest 10,000. */
const LOOK_MS = 50;

/**
 * From now until `end`, which gives them, each with the time by which it had come (milliseconds); without the identity service's,
 * which are a handful in all.
 */
export function recording(cloud) {
  const all = [];
  let last = cloud.requests.at(-1);
  const take = () => {
    const from = last === undefined ? 0 : cloud.requests.lastIndexOf(last) + 1;
    if (last !== undefined && from === 0)
      throw new Error('requests came faster than they were read');
    const at = Date.now();
    for (const request of cloud.requests.slice(from)) all.push({ ...request, at });
    last = cloud.requests.at(-1);
  };
  const timer = setInterval(take, LOOK_MS);
  return {
    end() {
      clearInterval(timer);
      take();
      return all.filter(({ route }) => !route.startsWith('/identity'));
    },
  };
}

/**
 * As many lots as there are servers. A listing of what has changed since then looks back as far from when it is made again
 * (bench/bare/activities.mjs); a migration moves the server away again.
 */
export function lotsOf({ requests, servers }) {
  const away = new Map(servers.map((server) => [server.id, server.away]));
  const all = requests.map(({ method, path, at }) => {
    if (method === 'GET') return { method, ...again(path, at) };
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

function again(path, at) {
  const url = new URL(path, 'http://cloud');
  const { searchParams: query } = url;
  // Servers that changed in the plan's own time have all changed since. The latest instead, half as many as were allowed: that is
  // up to half as many again as there were (activities/read-servers.ts).
  if (query.has('changes-before')) {
    query.delete('changes-before');
    halve(query);
  }
  // The next page of a listing begins after a record that this one may not have. Half a page instead: the last one is about that
  // long, those between are longer.
  if (query.has('marker')) {
    query.delete('marker');
    halve(query);
  }
  const since = query.get('changes-since');
  if (since === null) return { path: `${url.pathname}${url.search}` };
  query.delete('changes-since');
  const zoned = /Z|[+-]\d\d:?\d\d$/.test(since) ? since : `${since}Z`;
  return { path: `${url.pathname}${url.search}`, lookBackMs: at - Date.parse(zoned) };
}

function halve(query) {
  query.set('limit', String(Math.ceil(Number(query.get('limit')) / 2)));
}

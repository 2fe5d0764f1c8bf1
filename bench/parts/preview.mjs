// A preview over REST beside the reads of OpenStack that it is made of, made again as fast as they go, without Temporal and
// without any decision.
import { CONNECTIONS_PER_ORIGIN } from '../../dist/src/openstack/http.js';
import { atOnce } from '../../scripts/lib/caller.mjs';
import { recording } from '../lib/replay.mjs';
import { row } from '../../dist/bench/lib/rows.js';
import { maintainedHost } from '../lib/scenes.mjs';
import { onStage, timed } from '../lib/stage.mjs';

const SERVERS = { long: 1000, short: 100 };
const DESTINATIONS = 20;

export async function preview({ runs, short, note }) {
  const servers = short ? SERVERS.short : SERVERS.long;
  return await onStage({ cloud: {}, bareWorkers: 0 }, async ({ cloud, caller }) => {
    const { plan } = await maintainedHost(cloud, { servers, destinations: DESTINATIONS });
    const path = `/v1/action_plans/${plan}/rollback/preview`;
    const look = async () => {
      const { ms, value } = await timed(() => caller.ask('GET', path));
      if (value.status !== 200) throw new Error(`GET ${path} answered ${value.status}`);
      return ms;
    };
    // The first one finds no connection open and no code warm, and reads versions.
    await look();
    const recorded = recording(cloud);
    await look();
    const asked = recorded.end();
    note(`${asked.length} reads of OpenStack`);
    const figures = [];
    for (let run = 0; run < runs; run += 1) {
      const ms = await look();
      const bare = await timed(() =>
        atOnce(asked, CONNECTIONS_PER_ORIGIN, (one) => again(cloud, caller, one)),
      );
      figures.push({ ms, bareMs: bare.ms });
    }
    const name = `preview of ${servers} servers`;
    return [
      row({
        name: `${name} / its bare reads`,
        unit: '×',
        values: figures.map(({ ms, bareMs }) => ms / bareMs),
        facts: figures,
      }),
      row({ name, unit: 'ms', values: figures.map(({ ms }) => ms) }),
    ];
  });
}

async function again(cloud, caller, { method, path }) {
  const compute = path.startsWith('/compute') ? { 'openstack-api-version': 'compute 2.90' } : {};
  const answer = await fetch(`${new URL(cloud.authUrl).origin}${path}`, {
    method,
    headers: { ...caller.headers, ...compute },
  });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
  await answer.json();
}

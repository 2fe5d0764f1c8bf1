// Requests to OpenStack per migrated server over a whole rollback, reading before and after it included.
import { followed, inAll, perServer, REQUESTS_TARGET } from '../lib/following.mjs';

const SIZES = { long: [10, 100, 1000], short: [10] };

export async function cloudCalls({ runs, short, note }) {
  const all = await followed({ sizes: short ? SIZES.short : SIZES.long, runs, note });
  return perServer({
    all,
    name: 'requests to OpenStack per migrated server',
    unit: '',
    target: REQUESTS_TARGET,
    figure: ({ requests }) => inAll(requests),
    facts: ({ requests }) => requests,
  });
}

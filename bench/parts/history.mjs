// Events and bytes that a compensation costs in Temporal, 32 of them at once that end one by one; beside them a bare workflow
// whose activities wait as long and have summaries as well.
import { followed, perServer } from '../lib/following.mjs';
import { row } from '../../dist/bench/lib/rows.js';

const SIZES = { long: [1, 10, 100, 1000], short: [10] };
/** What Temporal warns of: events of a run, bytes of a payload. */
const WARNED = { events: 10_240, payload: 512 * 1024 };

export async function history({ runs, short, note }) {
  const all = await followed({ sizes: short ? SIZES.short : SIZES.long, runs, note });
  const largest = Math.max(...all.keys());
  const ofLargest = (what) => all.get(largest).map((one) => one.history[what]);
  return [
    ...rowsOf(all, { what: 'events', target: { atMost: 6.5 } }),
    ...rowsOf(all, { what: 'bytes', target: { atMost: 1500 } }),
    row({
      name: `events of the longest run, ${largest} servers`,
      unit: '',
      values: ofLargest('longestRun'),
      target: { atMost: WARNED.events },
    }),
    row({
      name: `bytes of the largest payload, ${largest} servers`,
      unit: '',
      values: ofLargest('largestPayload'),
      target: { atMost: WARNED.payload },
    }),
  ];
}

function rowsOf(all, { what, target }) {
  const bare = new Map([...all].filter(([, ones]) => ones.every((one) => one.bare !== null)));
  const facts = (one) => ({ rollback: one.history, bare: one.bare });
  return [
    ...perServer({
      all,
      name: `${what} of history per compensation`,
      unit: '',
      target,
      figure: (one) => one.history[what],
      facts,
    }),
    ...perServer({
      all: bare,
      name: `${what} of history per activity of a bare workflow`,
      unit: '',
      figure: (one) => one.bare[what],
    }),
  ];
}

// What rollbacks are measured against: workflows that do as little as Temporal lets them. Deterministic.
import {
  condition,
  defineQuery,
  defineUpdate,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';

// As a compensation's, but for the heartbeat, which these have not. A failure spoils the comparison, and shows.
const OPTIONS = { startToCloseTimeout: '2 hours', retry: { maximumAttempts: 1 } };
const { nothing, requests } = proxyActivities(OPTIONS);

/** Each of `lots` to one call of the activity, `width` at once. `summaries`: as a rollback's activities have. */
export async function BareFanOut({ activity, lots, width, summaries = false }) {
  let next = 0;
  const plain = { nothing, requests }[activity];
  const lane = async () => {
    for (let index = next++; index < lots.length; index = next++) {
      if (summaries) await summed(activity, index)(lots[index]);
      else await plain(lots[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, lots.length) }, lane));
}

function summed(activity, index) {
  const summary = `live-migrate vm-${index}: compute-2 → compute-1`;
  return proxyActivities({ ...OPTIONS, summary })[activity];
}

export const doOne = defineUpdate('doOne');
export const howMany = defineQuery('howMany');

/** One activity at the request of the update that starts it; then it can be asked. */
export async function BareOne() {
  let done = 0;
  setHandler(howMany, () => done);
  setHandler(doOne, async () => {
    await nothing(0);
    done += 1;
    return done;
  });
  await condition(() => done > 0);
}

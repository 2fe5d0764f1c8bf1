// How long a worker's threads are held up in one go: what they are busy with at once, and whatever of the machine they wait for.
import { setTimeout as sleep } from 'node:timers/promises';

/** Node's number of the thread of a worker that runs its activities; workflows run in the others. */
const ACTIVITIES = 0;
/** What a thread says goes through the main thread of its program, which may be held up itself. */
const HEARD_WITHIN_MS = 2000;

/** What a stage takes as `inside`, and what it has heard. */
export function turnsOfWorker() {
  const turns = [];
  const loaded = new Set();
  const longest = (isOf, from, until) =>
    turns
      // Any that was under way in that time, with all of its length.
      .filter(({ thread, endedAt, ms }) => isOf(thread) && endedAt >= from && endedAt - ms <= until)
      .reduce((most, { ms }) => Math.max(most, ms), 0);
  return {
    inside: {
      args: ['--import', './bench/lib/turns-inside.mjs'],
      hears: (name, { loaded: isLoaded = false, ...turn }) => {
        if (name !== 'worker') return;
        if (isLoaded) loaded.add(turn.thread);
        else turns.push(turn);
      },
    },
    /** Milliseconds, of a time by Date.now(): of threads of workflows and of activities. Throws where either says nothing. */
    async between(from, until) {
      await sleep(HEARD_WITHIN_MS);
      if (!loaded.has(ACTIVITIES) || loaded.size < 2)
        throw new Error(`of the worker's threads only ${[...loaded].join(', ')} can be heard`);
      return {
        workflowsMs: longest((thread) => thread !== ACTIVITIES, from, until),
        activitiesMs: longest((thread) => thread === ACTIVITIES, from, until),
      };
    },
  };
}

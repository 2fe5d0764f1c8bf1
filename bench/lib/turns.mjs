// How long a worker's threads are held up in one go: what it is busy with at once, and whatever of the machine it waits for.

/** Node's number of the thread of a worker that runs its activities; workflows run in the others. */
const ACTIVITIES = 0;

/** What a stage takes as `inside`, and what it has heard. */
export function turnsOfWorker() {
  const all = [];
  const longest = (isOf, from, until) =>
    all
      .filter(({ thread, at }) => isOf(thread) && at >= from && at <= until)
      .reduce((most, { longestMs }) => Math.max(most, longestMs), 0);
  return {
    inside: {
      args: ['--import', './bench/lib/turns-inside.mjs'],
      hears: (name, turn) => {
        if (name === 'worker') all.push(turn);
      },
    },
    /** Milliseconds, of a time by Date.now(). */
    ofWorkflows: (from, until) => longest((thread) => thread !== ACTIVITIES, from, until),
    ofActivities: (from, until) => longest((thread) => thread === ACTIVITIES, from, until),
  };
}

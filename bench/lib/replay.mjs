// The requests that the simulated cloud gets. Those of a rollback are made again by bare activities (lots.ts).

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

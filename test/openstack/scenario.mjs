/** `lab scenario NAME`: lets Watcher apply one of the acceptance test's plans; the last line printed is its uuid. */
import {
  applyPlan,
  everyActionPlan,
  freshServers,
  hostMaintenancePlan,
  planActions,
} from './plans.mjs';
import { openSite } from './site.mjs';

const SCENARIOS = {
  'host-maintenance': async (site) => {
    await freshServers(site);
    return await hostMaintenancePlan(site);
  },
  'every-action': async (site) => (await everyActionPlan(site, await freshServers(site))).plan,
};

const scenario = SCENARIOS[process.argv[2]];
if (scenario === undefined) {
  console.error(`scenarios: ${Object.keys(SCENARIOS).join(', ')}`);
  process.exit(2);
}
const site = await openSite({ note: (message) => console.error(message), keepLab: true });
const plan = await scenario(site);
const elapsedMs = await applyPlan(site, plan);
console.error(`Watcher applied it in ${(elapsedMs / 1000).toFixed(1)} s:`);
for (const action of await planActions(site, plan)) {
  const { resource_name: name, resource_id: id, ...rest } = action.input_parameters;
  console.error(`  ${action.state} ${action.action_type} ${name ?? id} ${JSON.stringify(rest)}`);
}
console.log(plan);

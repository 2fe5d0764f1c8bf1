/**
 * `npm run test:openstack`: the service, started as a user starts it, against a real OpenStack. Runs on the lab
 * (brought up where it is not) or on the cloud of OS_CLOUD / OS_AUTH_URL. Arguments: names of parts (default: all),
 * --keep leaves the lab up. Exit 0: all passed; 1: something failed; 2: cannot be run here; 130: interrupted.
 */
import { Checks } from './checks.mjs';
import { badInput } from './parts/bad-input.mjs';
import { chaos } from './parts/chaos.mjs';
import { drift } from './parts/drift.mjs';
import { everyAction } from './parts/every-action.mjs';
import { hostMaintenance } from './parts/host-maintenance.mjs';
import { proxy } from './parts/proxy.mjs';
import { surfaces } from './parts/surfaces.mjs';
import { clear, forgetPlans } from './plans.mjs';
import { startService } from './service.mjs';
import { openSite, Refusal } from './site.mjs';
import { Undo } from './undo.mjs';

const PARTS = {
  'bad-input': badInput,
  'host-maintenance': hostMaintenance,
  'every-action': everyAction,
  drift,
  proxy,
  surfaces,
  chaos,
};

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(name, () => interrupted.abort(new Error(name)));

async function main() {
  const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const unknown = named.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined)
    throw new Refusal(`There is no part ${unknown}; parts are ${Object.keys(PARTS).join(', ')}.`);
  const { signal } = interrupted;
  const checks = new Checks();
  const note = (message) => checks.note(message);
  const keepLab = process.argv.includes('--keep');
  const site = await openSite({ note, keepLab, signal });
  const undo = new Undo();
  let service = null;
  try {
    service = await startService({ env: site.env, note, signal });
    checks.witness(() => service.lastWords());
    await forgetPlans(site);
    for (const name of named.length > 0 ? named : Object.keys(PARTS))
      await checks.part(
        name,
        () => untilInterrupted(PARTS[name]({ site, service, checks, undo, signal })),
        signal,
      );
    await checks.part('clean-up', () => clear(site), signal);
  } finally {
    await undo.all();
    await leave({ site, service, checks });
  }
  return checks.summary() ? 0 : 1;
}

/** A part in flight ends with Ctrl-C even where it is waiting for the cloud. */
function untilInterrupted(part) {
  const { signal } = interrupted;
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    part.then(resolve, reject);
  });
}

async function leave({ site, service, checks }) {
  if (service !== null) {
    const keepFolder = checks.failed > 0;
    const code = await service.stop({ keepFolder });
    if (!interrupted.signal.aborted) checks.equal('SIGTERM ends the service with exit 0', code, 0);
    if (keepFolder) checks.note(`log of the service: ${service.logFile}`);
  }
  await site.leave();
}

try {
  process.exitCode = await main();
} catch (error) {
  if (interrupted.signal.aborted) {
    console.error('interrupted; everything that was started has ended');
    process.exitCode = 130;
  } else if (error instanceof Refusal) {
    console.error(error.message);
    process.exitCode = 2;
  } else {
    console.error(error);
    process.exitCode = 1;
  }
}
// A part that was interrupted may still be asking the cloud.
process.exit();

/** `doctor`: looks at everything that a rollback needs, changes nothing, and says what to fix. */
import type { Environment } from '../../config.js';
import type { Check } from '../doctor/check.js';
import { checkOpenStack } from '../doctor/openstack.js';
import { checkService, checkSettings } from '../doctor/service.js';
import { checkTemporal } from '../doctor/temporal.js';
import type { Exit } from '../exit-codes.js';
import { Out } from '../out.js';
import { bold, type Look, paintWord, table } from '../table.js';
import { plain } from '../words.js';
import type { AskingFlags } from './service.js';

export async function doctorCommand(flags: AskingFlags, env: Environment): Promise<Exit> {
  const out = new Out(flags, env);
  const named = flags.osCloud === undefined ? env : { ...env, OS_CLOUD: flags.osCloud };
  const settings = checkSettings(env);
  const [openstack, temporal, service] = await Promise.all([
    checkOpenStack(named),
    checkTemporal(env, settings.config),
    checkService(flags, env),
  ]);
  const checks = [...openstack, ...temporal, settings.check, ...service];
  const well = checks.every(({ state }) => state !== 'failed');
  out.answer({ ok: well, checks }, (look) => text(checks, well, look));
  return well ? 'succeeded' : 'unwell';
}

function text(checks: Check[], well: boolean, look: Look): string {
  const rows = checks.map(({ area, name, state, message }) => [
    paintWord(state, look),
    `${area}: ${name}`,
    plain(message),
  ]);
  const fixes = checks.filter(({ fix }) => fix !== null);
  return [
    table(['', 'what', 'found'], rows, look),
    ...(fixes.length === 0 ? [] : [bold('What to do:', look) + fixes.map(fixLine).join('')]),
    well ? 'All that was checked is well enough.' : 'Something is to be put right.',
  ].join('\n\n');
}

function fixLine({ area, name, fix }: Check): string {
  return `\n  ${area}: ${name}: ${plain(fix ?? '')}`;
}

/** `watch`: follows a rollback that somebody began, to its end. */
import type { Environment } from '../../config.js';
import type { Exit } from '../exit-codes.js';
import { Interruption } from '../interruption.js';
import { openReport } from '../report-file.js';
import { waitForEnd, type WaitingFlags } from '../wait.js';
import { type AskingFlags, withService } from './service.js';

export async function watchCommand(
  plan: string,
  flags: AskingFlags & WaitingFlags,
  env: Environment,
): Promise<Exit> {
  const report = await openReport(flags.junit, plan);
  return report.around(() =>
    withService(flags, env, async (api, out) => {
      const interruption = new Interruption(plan, flags);
      try {
        interruption.accepted();
        const first = await api.result(plan, interruption.signal);
        return await waitForEnd({ api, out, first, flags, interruption, report });
      } finally {
        interruption.close();
      }
    }),
  );
}

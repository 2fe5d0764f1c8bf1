/** `run`: asks for a rollback, and waits for its end where that is wanted. */
import type { Environment } from '../../config.js';
import { type Exit, exitOfState, hasEnded } from '../exit-codes.js';
import { Interruption } from '../interruption.js';
import { openReport } from '../report-file.js';
import { resultText } from '../table.js';
import { waitForEnd, type WaitingFlags } from '../wait.js';
import { bodyOf, type ChoosingFlags } from './request.js';
import { again, type AskingFlags, withService } from './service.js';

export interface RunFlags extends AskingFlags, ChoosingFlags, WaitingFlags {
  wait?: boolean;
}

export async function runCommand(plan: string, flags: RunFlags, env: Environment): Promise<Exit> {
  const report = await openReport(flags.junit, plan);
  return report.around(() =>
    withService(flags, env, async (api, out) => {
      const interruption = new Interruption(plan, flags);
      try {
        const accepted = await api.start(plan, bodyOf(flags), interruption.signal);
        if (flags.wait === true && !hasEnded(accepted.state)) {
          interruption.accepted();
          return await waitForEnd({ api, out, first: accepted, flags, interruption, report });
        }
        out.answer(accepted, (look) => resultText(accepted, look));
        const lost = await report.write(api, accepted, null);
        if (lost !== null) out.complain(lost);
        if (hasEnded(accepted.state)) return exitOfState(accepted.state);
        out.say(`Accepted. Follow it: ${again('watch', plan, flags)}`);
        return 'succeeded';
      } finally {
        interruption.close();
      }
    }),
  );
}

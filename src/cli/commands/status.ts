/** `status`: one look. */
import type { Environment } from '../../config.js';
import { type Exit, exitOfState } from '../exit-codes.js';
import { resultText } from '../table.js';
import { type AskingFlags, withService } from './service.js';

export function statusCommand(
  plan: string,
  flags: AskingFlags & { all?: boolean },
  env: Environment,
): Promise<Exit> {
  return withService(flags, env, async (api, out) => {
    let result = await api.result(plan);
    if (flags.all === true && result.truncated) {
      result = { ...result, compensations: await api.compensations(plan), truncated: false };
    }
    out.answer(result, (look) => resultText(result, look));
    return exitOfState(result.state);
  });
}

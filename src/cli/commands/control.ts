/** `cancel`, `pause`, `resume`, `retry`, `skip`: one word to a rollback that runs. */
import type { Environment } from '../../config.js';
import { type Exit, hasEnded } from '../exit-codes.js';
import type { ControlVerb } from '../service-api.js';
import { resultText } from '../table.js';
import { again, type AskingFlags, withService } from './service.js';

export interface Control {
  verb: ControlVerb;
  plan: string;
  /** Of `retry` and `skip`. */
  action: string | null;
  flags: AskingFlags;
  env: Environment;
}

export function controlCommand({ verb, plan, action, flags, env }: Control): Promise<Exit> {
  return withService(flags, env, async (api, out) => {
    const result = await api.control(plan, verb, action);
    out.answer(result, (look) => resultText(result, look));
    if (!hasEnded(result.state)) out.say(`Follow it: ${again('watch', plan, flags)}`);
    return 'succeeded';
  });
}

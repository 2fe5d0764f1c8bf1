/** `preview`: what a rollback would do. */
import type { Environment } from '../../config.js';
import type { Exit } from '../exit-codes.js';
import { previewText } from '../table.js';
import { type ChoosingFlags, queryOf } from './request.js';
import { type AskingFlags, withService } from './service.js';

export function previewCommand(
  plan: string,
  flags: AskingFlags & ChoosingFlags,
  env: Environment,
): Promise<Exit> {
  return withService(flags, env, async (api, out) => {
    const preview = await api.preview(plan, queryOf(flags));
    out.answer(preview, (look) => previewText(preview, look));
    return 'succeeded';
  });
}

/** `list`: all rollbacks, newest first. */
import type { Environment } from '../../config.js';
import type { ListAnswer } from '../answers.js';
import type { Exit } from '../exit-codes.js';
import type { ServiceApi } from '../service-api.js';
import { listText } from '../table.js';
import { type AskingFlags, withService } from './service.js';

export interface ListFlags extends AskingFlags {
  limit?: number;
  state?: string;
  all?: boolean;
}

/** As large as the service has them. */
const PAGE = 1000;
const PAGES_MAX = 1000;

export function listCommand(flags: ListFlags, env: Environment): Promise<Exit> {
  return withService(flags, env, async (api, out) => {
    const answer = flags.all === true ? await everyPage(api, flags) : await onePage(api, flags);
    out.answer(answer, (look) => listText(answer, look));
    return 'succeeded';
  });
}

function onePage(api: ServiceApi, { limit = PAGE, state }: ListFlags): Promise<ListAnswer> {
  return api.list({ limit: String(limit), ...(state === undefined ? {} : { state }) });
}

/** `next` is read for its marker only: an address in an answer is not followed with a token. */
async function everyPage(api: ServiceApi, { state }: ListFlags): Promise<ListAnswer> {
  const rollbacks: ListAnswer['rollbacks'] = [];
  let marker: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer: ListAnswer = await api.list({
      limit: String(PAGE),
      ...(state === undefined ? {} : { state }),
      ...(marker === null ? {} : { marker }),
    });
    rollbacks.push(...answer.rollbacks);
    marker = markerOf(answer.next);
    if (marker === null) break;
  }
  return { rollbacks, next: null };
}

function markerOf(next: string | null): string | null {
  if (next === null || !URL.canParse(next)) return null;
  return new URL(next).searchParams.get('marker');
}

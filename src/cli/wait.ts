/** Waits for a rollback's end, shows it meanwhile, and answers with what is known whenever the waiting ends. */
import type { ResultAnswer } from './answers.js';
import type { WhereFlags } from './entrance.js';
import { type Exit, exitOfState } from './exit-codes.js';
import { follow } from './follow.js';
import type { Interruption } from './interruption.js';
import { openView } from './live.js';
import type { Out } from './out.js';
import { Problem } from './problem.js';
import type { ReportFile } from './report-file.js';
import type { ServiceApi } from './service-api.js';
import { resultText } from './table.js';

export interface WaitingFlags extends WhereFlags {
  /** Seconds. */
  timeout?: number;
  /** Path of the report. */
  junit?: string;
}

export interface Waiting {
  api: ServiceApi;
  out: Out;
  first: ResultAnswer;
  flags: WaitingFlags;
  interruption: Interruption;
  report: ReportFile;
}

export async function waitForEnd(waiting: Waiting): Promise<Exit> {
  const { api, out, first, flags, interruption, report } = waiting;
  if (flags.timeout !== undefined) interruption.after(flags.timeout);
  let latest = first;
  let problem: Problem | null = null;
  const view = await openView(out, first);
  try {
    latest = await follow({
      api,
      first,
      signal: interruption.signal,
      onChange(result) {
        latest = result;
        view.show(result);
      },
      onNote: (sentence) => view.note(sentence),
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    problem = error;
  } finally {
    view.close();
  }
  // Half an answer is worth more than none: where the rollback stood when the waiting ended.
  out.answer(latest, (look) => resultText(latest, look));
  const lost = await report.write(api, latest, problem);
  if (lost !== null) out.complain(lost);
  if (problem === null) return exitOfState(latest.state);
  out.complain(problem.message);
  return problem.exit;
}

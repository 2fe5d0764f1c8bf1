/** The file of `--junit`: looked at before anything is asked of the service, and written whatever the end is. */
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ResultAnswer } from './answers.js';
import { junit } from './junit.js';
import { Problem, usage } from './problem.js';
import type { ServiceApi } from './service-api.js';

export interface ReportFile {
  /** `problem`: why the waiting ended before the rollback did. */
  write(
    api: Pick<ServiceApi, 'compensations'>,
    result: ResultAnswer,
    problem: Problem | null,
  ): Promise<void>;
  /** A refusal is reported as well. */
  around<T>(task: () => Promise<T>): Promise<T>;
}

const NO_REPORT: ReportFile = {
  write: () => Promise.resolve(),
  around: (task) => task(),
};

/** Throws Problem where the file cannot be written: better now than after the rollback. */
export async function openReport(path: string | undefined, plan: string): Promise<ReportFile> {
  if (path === undefined) return NO_REPORT;
  try {
    await mkdir(dirname(path), { recursive: true });
    await (await open(path, 'w')).close();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usage(`--junit ${path} cannot be written: ${reason}.`);
  }
  return {
    async write(api, result, problem) {
      const compensations = await allOf(api, result);
      await writeFile(path, junit({ plan, result, compensations, problem }));
    },
    async around(task) {
      try {
        return await task();
      } catch (error) {
        const problem =
          error instanceof Problem
            ? error
            : new Problem(String(error), { type: 'InternalError', exit: 'defect' }, error);
        await writeFile(path, junit({ plan, result: null, compensations: [], problem }));
        throw error;
      }
    },
  };
}

/** A report with those that are known is better than none, where the service is away by now. */
async function allOf(
  api: Pick<ServiceApi, 'compensations'>,
  { truncated, compensations, action_plan_uuid: plan }: ResultAnswer,
): Promise<ResultAnswer['compensations']> {
  if (!truncated) return compensations;
  try {
    return await api.compensations(plan);
  } catch (error) {
    if (error instanceof Problem) return compensations;
    throw error;
  }
}

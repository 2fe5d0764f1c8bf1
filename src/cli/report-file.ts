/** The file of `--junit`: looked at before anything is asked of the service, and written whatever the end is. */
import { existsSync } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ResultAnswer } from './answers.js';
import { junit, type JunitReport } from './junit.js';
import { Problem, usage } from './problem.js';
import type { ServiceApi } from './service-api.js';

export interface ReportFile {
  /**
   * `problem`: why the waiting ended before the rollback did. Answers with a sentence where the file cannot be written any
   * more (the disk is full): that must not hide how the rollback ended.
   */
  write(
    api: Pick<ServiceApi, 'compensations'>,
    result: ResultAnswer,
    problem: Problem | null,
  ): Promise<string | null>;
  /** A refusal is reported as well. */
  around<T>(task: () => Promise<T>): Promise<T>;
}

const NO_REPORT: ReportFile = {
  write: () => Promise.resolve(null),
  around: (task) => task(),
};

/** Throws Problem where the file cannot be written: better now than after the rollback. */
export async function openReport(path: string | undefined, plan: string): Promise<ReportFile> {
  if (path === undefined) return NO_REPORT;
  try {
    await makeFolder(dirname(resolve(path)));
    await (await open(path, 'w')).close();
  } catch (error) {
    throw usage(`--junit ${path} cannot be written: ${reasonOf(error)}.`);
  }
  return {
    async write(api, result, problem) {
      const compensations = await allOf(api, result);
      return save(path, { plan, result, compensations, problem });
    },
    async around(task) {
      try {
        return await task();
      } catch (error) {
        const problem =
          error instanceof Problem
            ? error
            : new Problem(String(error), { type: 'InternalError', exit: 'defect' }, error);
        await save(path, { plan, result: null, compensations: [], problem });
        throw error;
      }
    },
  };
}

/** Step by step: Node's own recursive way never ends where a file system as /proc says ENOENT to a mkdir. */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder);
}

async function save(path: string, report: JunitReport): Promise<string | null> {
  try {
    await writeFile(path, junit(report));
    return null;
  } catch (error) {
    return `The report ${path} could not be written: ${reasonOf(error)}.`;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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

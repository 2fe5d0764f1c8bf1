/**
 * Records the history of a workflow as a case of the replay test:
 * test/replay/histories/<workflow>/<version>-<scenario>.json. What would tell about the machine that recorded it is left
 * out. A case that is there stays as it is: changed code must replay it; only `overwrite` makes it anew.
 */
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { temporal } from '@temporalio/proto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

type History = temporal.api.history.v1.IHistory;

export interface RecordedCase {
  /** The folder of all cases. */
  folder: string;
  /** The name of the workflow's type. */
  workflow: string;
  /** Of the code that made the history. */
  version: string;
  /** What happens in it, in kebab-case. */
  scenario: string;
  overwrite?: boolean;
}

export class HistoryExists extends Error {
  override readonly name = 'HistoryExists';
}

/** Returns the path written. Throws HistoryExists. */
export async function recordHistory(history: History, wanted: RecordedCase): Promise<string> {
  for (const part of [wanted.workflow, wanted.version, wanted.scenario]) {
    if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(part)) {
      throw new Error(`${JSON.stringify(part)} cannot be part of a file's name.`);
    }
  }
  const path = join(wanted.folder, wanted.workflow, `${wanted.version}-${wanted.scenario}.json`);
  if (existsSync(path) && wanted.overwrite !== true) {
    throw new HistoryExists(
      `${path} is there already. Old histories guard running workflows: record a new version, or give --overwrite.`,
    );
  }
  const events: unknown = JSON.parse(historyToJSON(history));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(withoutMachine(events), null, 1)}\n`);
  return path;
}

/** Without process ids, host names and folders; none of them matters to a replay. */
function withoutMachine(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutMachine(item, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, withoutMachine(item, name)]),
    );
  }
  if (typeof value !== 'string') return value;
  if (key === 'identity') return 'recorder';
  if (key === 'stackTrace') return '';
  // "<number>@<host>-<task queue>" is the name of a worker's own queue.
  return value.replace(/^\d+@[^\s-]+-/, 'recorder-');
}

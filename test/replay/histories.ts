/** The histories that are kept, of all versions: old ones guard what old versions began. */
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataConverter } from '../../src/temporal/connection.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { WORKFLOW_TYPE } from '../../workflows/messages.js';
import { STOP_SWITCH_ID, STOP_SWITCH_TYPE } from '../../workflows/stop-messages.js';
import { silenceRuntime } from '../support/temporal.js';

export const HISTORIES = join(__dirname, 'histories');

export interface Case {
  workflow: string;
  /** From the folder of all. */
  path: string;
  scenario: string;
  history: History;
}

/** What is looked at here; the rest is for the replay. */
export interface History {
  events: {
    workflowExecutionStartedEventAttributes?: {
      workflowType?: { name: string };
      input?: { payloads: { data: string }[] };
    };
  }[];
}

/** By path from HISTORIES: "<workflow>/<version>-<scenario>.json". */
export function historyFiles(): Record<string, Buffer> {
  const paths = readdirSync(HISTORIES).flatMap((workflow) =>
    readdirSync(join(HISTORIES, workflow))
      .toSorted()
      .map((file) => `${workflow}/${file}`),
  );
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(HISTORIES, path))]));
}

export function cases(): Case[] {
  return Object.entries(historyFiles()).map(([path, bytes]) => ({
    workflow: path.split('/')[0] ?? '',
    path,
    scenario: path.replace(/^[^/]+\/[\d.]+-/, '').replace(/\.json$/, ''),
    history: JSON.parse(bytes.toString()) as History,
  }));
}

/** Sentences of those that a bundle of workflows does not replay. */
export async function replayErrors(bundle: string, all: Case[]): Promise<string[]> {
  silenceRuntime();
  const errors: string[] = [];
  let replayed = 0;
  for (const one of all) {
    const results = Worker.runReplayHistories(
      { workflowBundle: { codePath: bundle }, dataConverter },
      [{ workflowId: idOf(one), history: historyFromJSON(one.history) }],
    );
    for await (const { error } of results) {
      replayed += 1;
      if (error !== undefined) errors.push(`${one.path}: ${error.message}`);
    }
  }
  if (replayed !== all.length) throw new Error(`${replayed} of ${all.length} were replayed`);
  return errors;
}

export function typeOf({ events }: History): string {
  return events[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';
}

/** Workflows look at the id that they run under. */
function idOf({ workflow, history }: Case): string {
  if (workflow === WORKFLOW_TYPE) return workflowIdOf(planOf(history));
  return workflow === STOP_SWITCH_TYPE ? STOP_SWITCH_ID : 'preview-of-a-plan';
}

/** The plan of its input says under which id a rollback ran. */
function planOf({ events }: History): string {
  const data = events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads[0]?.data ?? '';
  const input = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as {
    action_plan_uuid: string;
  };
  return input.action_plan_uuid;
}

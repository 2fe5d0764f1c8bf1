/**
 * The workflow code that is shipped replays every history that is kept: rollbacks that run while the code is replaced go on.
 * RECORD_HISTORIES=1 plays the scenarios and records those that this version has no history of; what is there stays.
 */
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordHistory } from '../../scripts/record-history.js';
import { dataConverter } from '../../src/temporal/connection.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { WORKFLOW_TYPE } from '../../workflows/messages.js';
import { STOP_SWITCH_ID, STOP_SWITCH_TYPE } from '../../workflows/stop-messages.js';
import { BUNDLE, ensureBuilt, ROOT } from '../support/built.js';
import { silenceRuntime, startTemporal } from '../support/temporal.js';
import { startServiceForTest } from '../service/service.js';
import type { Scenario } from './play.js';
import { startReceiver } from './receiver.js';
import { SCENARIOS } from './scenarios.js';

const FOLDER = join(__dirname, 'histories');

beforeAll(ensureBuilt, 120_000);

if (process.env['RECORD_HISTORIES'] === '1') {
  test('record what is missing', record, 120_000);
}

test('every scenario has a history, and every history a scenario', () => {
  const recorded = cases().map(({ workflow, scenario }) => `${workflow} ${scenario}`);
  const wanted = Object.entries(SCENARIOS).map(
    ([scenario, { workflow = WORKFLOW_TYPE }]) => `${workflow} ${scenario}`,
  );
  expect([...new Set(recorded)].toSorted()).toEqual(wanted.toSorted());
});

test('the folders hold histories of what they say', () => {
  const types = cases().map(({ workflow, file, history }) => [file, workflow, typeOf(history)]);
  expect(types.filter(([, folder, type]) => folder !== type)).toEqual([]);
});

test('all histories replay', async () => {
  const errors: string[] = [];
  let replayed = 0;
  for (const one of cases()) {
    for await (const { error } of replay([one])) {
      replayed += 1;
      if (error !== undefined) errors.push(`${one.file}: ${error.message}`);
    }
  }
  expect(errors).toEqual([]);
  expect(replayed).toBe(cases().length);
}, 60_000);

test.each([
  ['success', '"setNodePowerState"', '"startServer"'],
  ['preview', '"previewRollback"', '"layOutRollback"'],
  // It never hears that it is to go off.
  ['switch', '"change_switch"', '"something_else"'],
])(
  'a history of %s that this code would not have made does not replay',
  async (name, is, other) => {
    const found = cases().find(({ scenario }) => scenario === name);
    if (found === undefined) throw new Error(`no history of ${name}`);
    const text = JSON.stringify(found.history).replaceAll(is, other);
    expect(text).not.toBe(JSON.stringify(found.history));
    const history = JSON.parse(text) as History;
    for await (const { error } of replay([{ ...found, history }])) {
      expect(error?.message).toMatch(/nondeterminism/i);
    }
    expect.assertions(2);
  },
);

interface Case {
  workflow: string;
  file: string;
  scenario: string;
  history: History;
}

/** What is looked at here; the rest is for the replay. */
interface History {
  events: {
    workflowExecutionStartedEventAttributes?: {
      workflowType?: { name: string };
      input?: { payloads: { data: string }[] };
    };
  }[];
}

/** Of all versions: old ones guard what old versions began. */
function cases(): Case[] {
  return readdirSync(FOLDER).flatMap((workflow) =>
    readdirSync(join(FOLDER, workflow))
      .toSorted()
      .map((file) => ({
        workflow,
        file,
        scenario: file.replace(/^[\d.]+-/, '').replace(/\.json$/, ''),
        history: JSON.parse(readFileSync(join(FOLDER, workflow, file), 'utf8')) as History,
      })),
  );
}

function replay(all: Case[]): ReturnType<typeof Worker.runReplayHistories> {
  silenceRuntime();
  return Worker.runReplayHistories(
    { workflowBundle: { codePath: BUNDLE }, dataConverter },
    all.map(({ workflow, history }) => ({
      workflowId:
        workflow === WORKFLOW_TYPE ? workflowIdOf(planOf(history)) : (OTHER_IDS[workflow] ?? ''),
      history: historyFromJSON(history),
    })),
  );
}

/** Workflows look at the id that they run under. */
const OTHER_IDS: Record<string, string> = {
  PreviewRollback: 'preview-of-a-plan',
  [STOP_SWITCH_TYPE]: STOP_SWITCH_ID,
};

function typeOf({ events }: History): string {
  return events[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';
}

/** The plan of its input says under which id a rollback ran. */
function planOf({ events }: History): string {
  const data = events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads[0]?.data ?? '';
  const input = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as {
    action_plan_uuid: string;
  };
  return input.action_plan_uuid;
}

async function record(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const temporal = await startTemporal();
  try {
    for (const [scenario, one] of Object.entries(SCENARIOS)) {
      const { workflow = WORKFLOW_TYPE } = one;
      if (existsSync(join(FOLDER, workflow, `${version}-${scenario}.json`))) continue;
      const history = await played(one, temporal);
      await recordHistory(history, { folder: FOLDER, workflow, version, scenario });
    }
  } finally {
    await temporal.teardown();
  }
}

async function played(
  { workflow, play, run, service: options, webhookAnswers }: Scenario,
  { client, address }: TestWorkflowEnvironment,
): ReturnType<WorkflowHandle['fetchHistory']> {
  const receiver = await startReceiver(webhookAnswers ?? 404);
  const settings = {
    ...options?.settings,
    ...(webhookAnswers !== undefined && receiver.settings),
  };
  const service = await startServiceForTest({ temporal: address, ...options, settings });
  try {
    const outcome = await play(service, client);
    const id = workflow === undefined ? workflowIdOf(outcome) : outcome;
    const { raw } = await client.workflow.getHandle(id).describe();
    const first = raw.workflowExecutionInfo?.firstRunId ?? undefined;
    return await client.workflow.getHandle(id, run === 'first' ? first : undefined).fetchHistory();
  } finally {
    await service.close();
    receiver.close();
  }
}

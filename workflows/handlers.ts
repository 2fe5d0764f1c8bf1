/** Queries and updates of RollbackActionPlan. Set before the first await, so that nothing sent early is lost. */
import { ApplicationFailure, CancellationScope, condition, setHandler } from '@temporalio/workflow';
import { type CloudId, isSameCloud, otherCloudSentence } from '../src/domain/cloud-id.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { completeOptions, differingOptions } from '../src/domain/options.js';
import type { RollbackResult } from '../src/domain/result.js';
import { NOT_STOPPED, stoppedSentence } from '../src/domain/stop-switch.js';
import {
  checkedCloud,
  checkedControl,
  checkedRequest,
  checkedSwitch,
  isPart,
} from './check-input.js';
import {
  compensationsQuery,
  type ControlRequest,
  partSignal,
  pauseUpdate,
  requestUpdate,
  resultQuery,
  resumeUpdate,
  retryUpdate,
  skipUpdate,
} from './messages.js';
import { type Decision, publish } from './publish.js';
import type { RollbackRecord } from './rollback-record.js';
import type { Runner } from './runner.js';
import { releaseSignal, stopSignal } from './stop-messages.js';

interface Running {
  record: RollbackRecord;
  runner: Runner;
}

export function handleMessages(decision: Decision): void {
  setHandler(resultQuery, () => decision.record?.result() ?? null);
  setHandler(compensationsQuery, (page) => decision.record?.page(page) ?? null);
  setHandler(requestUpdate, async (asGiven): Promise<RollbackResult> => {
    const request = checkedRequest(asGiven);
    const cloud = checkedCloud(asGiven.cloud);
    await untilDecided(decision);
    if (decision.refusal !== null) throw decision.refusal;
    const { record } = decided(decision);
    record.calls += 1;
    refuseOtherCloud(cloud, record);
    // A max_age that the caller leaves out is this worker's affair, not a difference.
    const asked = completeOptions(request.options, record.options.max_age);
    const differing = differingOptions(asked, record.options);
    if (differing.length === 0) return asGiven.brief === true ? record.brief() : record.result();
    throw ApplicationFailure.nonRetryable(
      `A rollback of this plan is running with other options (${differing.join(', ')}). Wait for its end, or cancel it.`,
      'OptionsDiffer',
    );
  });
  setHandler(partSignal, (part) => {
    // Nobody waits for one any more that comes later: it is an earlier rollback's.
    if (isPart(part) && decision.record === null) decision.parts.add(part);
  });
  setHandler(stopSignal, (stop) => {
    // Whatever it says: the rollback asks the switch itself, and goes on where there is none.
    decision.runner?.hold(stoppedSentence(checkedSwitch(stop) ?? NOT_STOPPED));
  });
  setHandler(releaseSignal, () => {
    decision.runner?.release();
  });
}

/**
 * What a running rollback can be told. Where it goes on in a new run, this is set once it has taken over: a call that comes
 * with the first task of that run is for the rollback, and must not be told that there is none yet.
 */
export function handleControl(decision: Decision): void {
  control(decision, pauseUpdate, {
    refuse: ({ runner }) =>
      runner.isPaused() ? 'The rollback is paused already.' : nothingNew(runner),
    act: ({ runner }, by) => runner.pause(by),
  });
  control(decision, resumeUpdate, {
    refuse: ({ runner }) => {
      if (runner.isPaused()) return null;
      return runner.isHeld()
        ? 'All rollbacks are stopped: an administrator lets them go on (PUT /v1/rollbacks/stop).'
        : 'The rollback is not paused.';
    },
    act: ({ runner }, by) => runner.resume(by),
  });
  controlOne(decision, retryUpdate, {
    states: ['FAILED', 'NOT_ATTEMPTED'],
    refuse: nothingNew,
    act: ({ runner }, compensation, by) => runner.retry(compensation, by),
  });
  controlOne(decision, skipUpdate, {
    states: ['PENDING'],
    act: ({ runner }, compensation, by) => runner.skip(compensation, by),
  });
}

/** Copies of a cloud hold the same plans under the same UUIDs: what is asked of one must not be answered by the other's. */
function refuseOtherCloud(cloud: CloudId | undefined, record: RollbackRecord): void {
  if (cloud === undefined || record.cloud === undefined || isSameCloud(cloud, record.cloud)) return;
  const sentence = otherCloudSentence(cloud, record.cloud, 'the rollback of that plan');
  throw ApplicationFailure.nonRetryable(sentence, 'OtherCloud');
}

type ControlUpdate = typeof pauseUpdate;

/** A control call: refused by its validator (no trace in history) or done at once; later where a run is still taking over. */
function control(
  decision: Decision,
  update: ControlUpdate,
  {
    refuse,
    act,
  }: {
    refuse: (running: Running, request: ControlRequest) => string | null;
    act: (running: Running, by: string | null, request: ControlRequest) => void;
  },
): void {
  const check = (asGiven: ControlRequest): void => {
    const request = checkedControl(asGiven);
    const running = decided(decision);
    if (running.runner.hasEnded())
      notControllable('The rollback has ended. POST it again to take up what was left.');
    const refusal = refuse(running, request);
    if (refusal !== null) notControllable(refusal);
  };
  const obey = (asGiven: ControlRequest): RollbackResult => {
    const request = checkedControl(asGiven);
    const running = decided(decision);
    running.record.calls += 1;
    act(running, request.by, request);
    publish(running.record);
    return running.record.result();
  };
  const obeyLater = async (asGiven: ControlRequest): Promise<RollbackResult> => {
    await untilDecided(decision);
    check(asGiven);
    return obey(asGiven);
  };
  setHandler(update, (asGiven) => (decision.takesOver ? obeyLater(asGiven) : obey(asGiven)), {
    validator: (asGiven) => {
      if (!decision.takesOver) check(asGiven);
    },
  });
}

function controlOne(
  decision: Decision,
  update: ControlUpdate,
  {
    states,
    refuse = () => null,
    act,
  }: {
    states: LaidOutCompensation['state'][];
    refuse?: (runner: Runner) => string | null;
    act: (running: Running, compensation: LaidOutCompensation, by: string | null) => void;
  },
): void {
  control(decision, update, {
    refuse: ({ record, runner }, request) => {
      const compensation = find(record, request);
      if (compensation === undefined) return `The plan has no action ${request.action_uuid ?? ''}.`;
      if (compensation.work === null) return 'There is nothing to do for this action.';
      if (states.includes(compensation.state)) return refuse(runner);
      return `The compensation is ${compensation.state}; this needs ${states.join(' or ')}.`;
    },
    act: (running, by, request) => {
      const compensation = find(running.record, request);
      if (compensation !== undefined) act(running, compensation, by);
    },
  });
}

/** What it ended with would be forgotten for an attempt that never comes. */
function nothingNew(runner: Runner): string | null {
  if (!runner.wasHalted()) return null;
  return 'The rollback starts nothing new any more: it was cancelled, or its time is used up. POST it again after its end.';
}

function find(record: RollbackRecord, request: ControlRequest): LaidOutCompensation | undefined {
  return request.action_uuid === undefined ? undefined : record.get(request.action_uuid);
}

/** A cancel decides too, and the caller is to be told what became of the request. */
async function untilDecided(decision: Decision): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    condition(() => decision.refusal !== null || decision.record !== null),
  );
}

function decided(decision: Decision): Running {
  const { record, runner, refusal } = decision;
  if (record !== null && runner !== null) return { record, runner };
  if (refusal !== null) throw refusal;
  throw ApplicationFailure.nonRetryable('The rollback is not accepted yet.', 'NoRollback');
}

function notControllable(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'NotControllable');
}

/** One run: a story played on its stage, rolled back, judged; then once more in calm weather. Knows no rig. */
import type { RollbackOptions } from '../../src/domain/options.js';
import type { RollbackResult } from '../../src/domain/result.js';
import { setStage, type Stage } from './stage.js';
import { type Kind, type Story, storyOf } from './story.js';
import { loose } from './troubles.js';
import { leftovers, violationsOf } from './verdict.js';

/** How a run asks for a rollback. */
export interface Door {
  /** Asks until the rollback is accepted, however often it has to, and waits for its end. Throws Refused. */
  rollBack(plan: string, options: Pick<RollbackOptions, 'abort_stuck'>): Promise<RollbackResult>;
  /** Everything that was killed is up again. */
  whole(): Promise<void>;
  close(): Promise<void>;
}

/** For good: asking again would be answered the same. */
export class Refused extends Error {}

export interface Run {
  kind: Kind;
  seed: number;
  /** State of the first rollback, REFUSED where there was none, or UNENDED. */
  first: string;
  second: string;
  faults: string[];
  elapsedMs: number;
  /** What did not hold; empty: all did. */
  violations: string[];
}

/** No fault, but in the table beside them: the rollback went on in a new run of its workflow, in the middle of the others. */
const NEW_RUN = 'continue-as-new';
/** Neither: a migration that hung was aborted at the caller's request. */
const ABORTED = 'abort_stuck';
/** Of one rollback, with everything that the stories do to it. */
const END_WITHIN_MS = 60_000;
const SETTLE_MS = 10_000;

export async function play(
  kind: Kind,
  seed: number,
  open: (stage: Stage) => Promise<Door>,
): Promise<Run> {
  const story = storyOf(kind, seed);
  const started = Date.now();
  const run: Run = {
    kind,
    seed,
    first: 'UNENDED',
    second: '',
    faults: faultsOf(story),
    elapsedMs: 0,
    violations: [],
  };
  const stage = await setStage(story);
  let door: Door | null = null;
  try {
    door = await open(stage);
    await acts(stage, door, run);
  } catch (error) {
    run.violations.push(
      `it broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  } finally {
    await door?.close();
    await stage.close();
  }
  run.elapsedMs = Date.now() - started;
  return run;
}

async function acts(stage: Stage, door: Door, run: Run): Promise<void> {
  const calm = loose(stage);
  const options = { abort_stuck: stage.story.abortStuck };
  let first: RollbackResult | null = null;
  try {
    first = await within(END_WITHIN_MS, door.rollBack(stage.plan, options));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    run.first = 'REFUSED';
    run.violations.push(...refusalViolations(stage, error));
  } finally {
    calm();
  }
  await door.whole();
  await stage.sim.settled(SETTLE_MS);
  if (first === null) return;
  run.first = first.state;
  if (first.compensations.some(({ reason }) => reason?.startsWith('MigrationAborted') === true))
    run.faults.push(ABORTED);
  if (first.workflow.run_id !== first.uuid) run.faults.push(NEW_RUN);
  run.violations.push(...violationsOf(stage, first));
  if (first.state === 'SUCCEEDED') {
    run.second = 'SUCCEEDED';
    run.violations.push(...leftovers(stage, first));
    return;
  }
  const second = await within(END_WITHIN_MS, door.rollBack(stage.plan, options));
  await stage.sim.settled(SETTLE_MS);
  run.second = second.state;
  run.violations.push(...violationsOf(stage, second), ...leftovers(stage, second));
}

/** These stories have nothing to refuse for but a plan of which nothing was ever started. */
function refusalViolations(stage: Stage, error: Refused): string[] {
  const ours = stage.sim.ledger.filter(({ userId }) => userId === stage.sim.adminUserId);
  return [
    `it was refused: ${error.message}`,
    ...(ours.length === 0 ? [] : [`refused, but it did ${ours.length} things`]),
  ];
}

function faultsOf(story: Story): string[] {
  const faults = story.troubles.map((trouble) => {
    if (trouble.kind === 'http') return `${trouble.service} ${trouble.fault}`;
    if (trouble.kind === 'hand') return trouble.fault;
    return trouble.kind === 'kill' ? `kill ${trouble.what}` : trouble.kind;
  });
  const { clockAheadMs } = story;
  if (clockAheadMs === 0) return faults;
  return [...faults, clockAheadMs > 0 ? "cloud's clock ahead" : "cloud's clock behind"];
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

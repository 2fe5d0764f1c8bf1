/**
 * What a chaos run is made of, drawn from one seed: a small cloud, a plan that Watcher applied to it, and the troubles that
 * come while it is rolled back. Pure data; says nothing of how a trouble is made.
 */
import * as fc from 'fast-check';

export interface StoryHost {
  name: string;
  /** Its node is powered off by the plan; no server lives there. */
  idle: boolean;
}

export interface StoryServer {
  name: string;
  /** Index into the hosts that are not idle. */
  host: number;
  status: 'ACTIVE' | 'SHUTOFF';
}

/** One action of the plan; `server` and `host` are taken modulo what there is. */
export interface StoryStep {
  kind: 'migrate' | 'stop' | 'disable' | 'power-off' | 'nop';
  server: number;
  host: number;
  /** gave-up: Watcher says FAILED, Nova went on. never: Watcher says FAILED and nothing happened. */
  fate: 'good' | 'gave-up' | 'never';
}

export const HTTP_FAULTS = [
  'unauthorized',
  'conflict',
  'too-many',
  'error-500',
  'unavailable',
  'html',
  'hang',
  'reset-before',
  'reset-after',
  'truncate',
  'slow',
] as const;

export const HAND_FAULTS = [
  'delete-server',
  'move-server',
  'resize-server',
  'stop-server',
  'error-server',
  'disable-host',
  'host-down',
  'host-dies',
  'node-maintenance',
] as const;

/** Seconds; long before a migration that hangs is given up. */
export const ROLLBACK_PROGRESS_TIMEOUT = '2';

export type Trouble =
  | {
      kind: 'http';
      fault: (typeof HTTP_FAULTS)[number];
      service: 'identity' | 'compute' | 'baremetal' | 'optimizer';
      /** Which request of that service, counted from the start of the rollback. */
      request: number;
      times: number;
    }
  | {
      kind: 'hand';
      fault: (typeof HAND_FAULTS)[number];
      atMs: number;
      server: number;
      host: number;
    }
  | { kind: 'failing-migration'; server: number; times: number }
  | { kind: 'hanging-migration'; server: number }
  | { kind: 'diverted-migration'; server: number; host: number }
  | { kind: 'aborted-migration'; server: number; atMs: number }
  | { kind: 'expired-token'; atMs: number }
  | { kind: 'kill'; what: 'worker' | 'api' | 'temporal'; atMs: number; backAfterMs: number };

/** Settings: where all compensations run at once, there is no middle to go on from. */
export interface NewRuns {
  afterEvents: number;
  concurrency: number;
  /** Further servers, each moved by the plan's last steps: enough to be in the middle of. */
  moved: Omit<StoryServer, 'name'>[];
}

export interface Story {
  hosts: StoryHost[];
  servers: StoryServer[];
  steps: StoryStep[];
  troubles: Trouble[];
  /** By so much the cloud's clock is ahead of the worker's; less than nothing: behind. */
  clockAheadMs: number;
  /** Whether the caller asks for migrations without progress to be aborted. */
  abortStuck: boolean;
  /** The rollback goes on in new runs of its workflow, again and again; null: it is too short for that. */
  newRuns: NewRuns | null;
}

const small = fc.nat({ max: 30 });
const http = fc.record({
  kind: fc.constant('http' as const),
  fault: fc.constantFrom(...HTTP_FAULTS),
  service: fc.constantFrom('identity', 'compute', 'compute', 'compute', 'baremetal', 'optimizer'),
  request: fc.nat({ max: 25 }),
  /** The last: longer than any patience. */
  times: fc.constantFrom(1, 1, 1, 2, 2, 4, 4, 20),
});
/** Twenty answers that do not come take longer than a run may. */
const httpInTime = http.map((trouble) =>
  trouble.fault === 'hang' ? { ...trouble, times: Math.min(trouble.times, 4) } : trouble,
);
const hand = fc.record({
  kind: fc.constant('hand' as const),
  fault: fc.constantFrom(...HAND_FAULTS),
  atMs: fc.nat({ max: 900 }),
  server: small,
  host: small,
});
const failing = fc.record({
  kind: fc.constant('failing-migration' as const),
  server: small,
  times: fc.constantFrom(1, 1, 2),
});
const odd = fc.oneof(
  fc.record({ kind: fc.constant('hanging-migration' as const), server: small }),
  fc.record({ kind: fc.constant('diverted-migration' as const), server: small, host: small }),
  fc.record({
    kind: fc.constant('aborted-migration' as const),
    server: small,
    atMs: fc.nat({ max: 900 }),
  }),
);
const expired = fc.record({
  kind: fc.constant('expired-token' as const),
  atMs: fc.nat({ max: 900 }),
});
const kill = fc.record({
  kind: fc.constant('kill' as const),
  what: fc.constantFrom('worker', 'worker', 'worker', 'api', 'temporal'),
  atMs: fc.nat({ max: 1500 }),
  backAfterMs: fc.nat({ max: 800 }),
});

const placed = fc.record({
  host: small,
  status: fc.constantFrom('ACTIVE' as const, 'ACTIVE' as const, 'SHUTOFF' as const),
});

const common = {
  hosts: fc
    .integer({ min: 2, max: 4 })
    .map((count): StoryHost[] => [
      ...Array.from({ length: count }, (_, index) => ({ name: `host-${index + 1}`, idle: false })),
      { name: 'idle-1', idle: true },
    ]),
  servers: fc
    .array(placed, { minLength: 1, maxLength: 6 })
    .map((all) => all.map((one, index): StoryServer => ({ name: `vm-${index + 1}`, ...one }))),
  steps: fc.array(
    fc.record<StoryStep>({
      kind: fc.constantFrom(
        'migrate',
        'migrate',
        'migrate',
        'migrate',
        'stop',
        'disable',
        'power-off',
        'nop',
      ),
      server: small,
      host: small,
      fate: fc.constantFrom('good', 'good', 'good', 'good', 'gave-up', 'never'),
    }),
    { minLength: 1, maxLength: 9 },
  ),
  abortStuck: fc.boolean(),
  clockAheadMs: fc.constantFrom(0, 0, 0, 0, 900, 2500, 90_000, -900, -2500, -90_000),
};
/** 20 is the smallest that the setting allows: a new run every compensation or two. */
const newRuns = fc.option(
  fc.record<NewRuns>({
    afterEvents: fc.constantFrom(20, 20, 40),
    concurrency: fc.constantFrom(1, 1, 2),
    moved: fc.array(placed, { minLength: 3, maxLength: 5 }),
  }),
  { freq: 2 },
);

/** Troubles that need no process of its own. */
const weather = fc.record<Story>({
  ...common,
  troubles: fc.array(fc.oneof(httpInTime, httpInTime, httpInTime, hand, failing, odd, expired), {
    minLength: 1,
    maxLength: 6,
  }),
  newRuns,
});
/** The same, and processes killed and started again. */
const deaths = fc.record<Story>({
  ...common,
  troubles: fc
    .tuple(
      fc.array(kill, { minLength: 1, maxLength: 3 }),
      fc.array(fc.oneof(httpInTime, hand, failing, odd, expired), { maxLength: 3 }),
    )
    .map(([kills, others]): Trouble[] => [...kills, ...others]),
  newRuns,
});

export type Kind = 'weather' | 'deaths';

/** The same story for the same seed. */
export function storyOf(kind: Kind, seed: number): Story {
  const [story] = fc.sample(kind === 'weather' ? weather : deaths, { seed, numRuns: 1 });
  if (story === undefined) throw new Error(`seed ${seed} has no story`);
  return withMoved(story);
}

function withMoved(story: Story): Story {
  const moved = story.newRuns?.moved ?? [];
  const first = story.servers.length;
  const servers = moved.map((one, index) => ({ name: `vm-${first + index + 1}`, ...one }));
  const steps = moved.map((_, index): StoryStep => ({
    kind: 'migrate',
    server: first + index,
    host: index,
    fate: 'good',
  }));
  return {
    ...story,
    servers: [...story.servers, ...servers],
    steps: [...story.steps, ...steps],
  };
}

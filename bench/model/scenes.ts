/**
 * Plans as large as one likes, as their rollbacks would be laid out: the shapes that ask most of a schedule. The same numbers
 * give the same plan. Pure.
 */
import { durationOf } from './durations.js';
import { operationsOf, type Operation, type Step } from './operations.js';
import { liveMigration, setPower, setService } from './steps.js';

/** Of services, milliseconds: one request and a look. */
const SERVICE_MS = 100;
/** Of a node, until its nova-compute reports up: minutes on real machines. */
const POWER_MS = 120_000;

/**
 * host_maintenance, undone: one host is enabled and all servers go home to it. Its bound is the neck, and everything that waits,
 * waits for the same host.
 */
export function oneHost(actions: number, hosts: number, seed: number): Operation[] {
  const moves = numbers(actions - 1).map((number) =>
    move(seed, number, name((number % (hosts - 1)) + 1), name(0)),
  );
  return operationsOf([...moves, setService('service', name(0), 'enabled', SERVICE_MS)]);
}

/**
 * A consolidation, undone: servers go home from any host to any other; every tenth of the homes was disabled and powered off
 * meanwhile, and comes up first.
 */
export function consolidation(actions: number, hosts: number, seed: number): Operation[] {
  const homes = numbers(Math.floor(hosts / 10)).map((number) => number * 10);
  const back: Step[] = homes.flatMap((home) => [
    setService(`service-${home}`, name(home), 'enabled', SERVICE_MS),
    setPower(`node-${home}`, name(home), 'power on', POWER_MS),
  ]);
  const moves = numbers(Math.max(0, actions - back.length)).map((number) => {
    const [to, by] = [
      durationOf(seed, `home ${number}`, EVEN),
      durationOf(seed, `by ${number}`, EVEN),
    ];
    const home = to % hosts;
    return move(seed, number, name((home + 1 + (by % (hosts - 1))) % hosts), name(home));
  });
  return operationsOf([...moves, ...back].slice(0, actions));
}

/** Servers of all hosts swapped with one another: every pair of hosts has its lane, and every host is full nearly always. */
export function allPairs(actions: number, hosts: number, seed: number): Operation[] {
  return operationsOf(
    numbers(actions).map((number) => {
      const home = number % hosts;
      const round = Math.floor(number / hosts);
      return move(seed, number, name((home + 1 + (round % (hosts - 1))) % hosts), name(home));
    }),
  );
}

/** Whole numbers that are evenly spread up to a milliard. */
const EVEN = { mean: 500_000_000, spread: 1 };

function move(seed: number, number: number, from: string, to: string): Step {
  const id = `vm-${number}`;
  return liveMigration(id, from, to, durationOf(seed, id));
}

function name(host: number): string {
  return `compute-${host}`;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** What each control of a rollback does, said before it is done: when it is offered, and the sentences of its dialog. Pure. */
import type { CompensationResult, RollbackResult } from '../domain/result.js';
import type { PreviewResult } from '../domain/preview.js';
import { nameOf, plural, RUNNING, workText } from './words.js';

export type Verb = 'pause' | 'resume' | 'cancel' | 'retry' | 'skip';

export interface Confirmation {
  title: string;
  /** What will happen, a sentence each. */
  sentences: string[];
  /** Of what is touched, where that is a list. */
  items: string[];
  /** The button that does it. */
  act: string;
  danger: boolean;
}

const ITEMS_MAX = 12;

/** The controls of the whole rollback that make sense now. */
export function offered(result: RollbackResult): Verb[] {
  if (!RUNNING.includes(result.state)) return [];
  return result.state === 'PAUSED' ? ['resume', 'cancel'] : ['pause', 'cancel'];
}

/** The controls of one compensation; the service takes none after the end. */
export function offeredFor(one: CompensationResult, result: RollbackResult): Verb[] {
  if (!RUNNING.includes(result.state) || one.kind === null) return [];
  if (one.state === 'FAILED' || one.state === 'NOT_ATTEMPTED') return ['retry'];
  return one.state === 'PENDING' ? ['skip'] : [];
}

export function confirmationOf(
  verb: Verb,
  result: RollbackResult,
  one: CompensationResult | null,
): Confirmation {
  return one === null ? ofAll(verb, result) : ofOne(verb, one);
}

function ofAll(verb: Verb, { counts }: RollbackResult): Confirmation {
  const ongoing = counts.ONGOING ?? 0;
  const waiting = plural(counts.PENDING ?? 0, 'compensation');
  const inFlight =
    ongoing === 0
      ? 'Nothing is under way at this moment.'
      : `${plural(ongoing, 'compensation')} under way ${ongoing === 1 ? 'is' : 'are'} let finish: no server is left half moved.`;
  if (verb === 'pause') {
    return {
      title: 'Pause this rollback?',
      sentences: [inFlight, `${waiting} will not begin until somebody resumes it.`],
      items: [],
      act: 'Pause',
      danger: false,
    };
  }
  if (verb === 'resume') {
    return {
      title: 'Resume this rollback?',
      sentences: [`${waiting} waiting will begin, as the order allows.`],
      items: [],
      act: 'Resume',
      danger: false,
    };
  }
  return {
    title: 'Cancel this rollback?',
    sentences: [
      inFlight,
      `${waiting} not begun yet will be left as they are now (NOT_ATTEMPTED).`,
      'What is restored already stays restored. Rolling the plan back again takes up what is left.',
    ],
    items: [],
    act: 'Cancel the rollback',
    danger: true,
  };
}

function ofOne(verb: Verb, one: CompensationResult): Confirmation {
  const work = workText(one) ?? nameOf(one);
  if (verb === 'retry') {
    return {
      title: `Try ${nameOf(one)} again?`,
      sentences: [`This will be done as soon as it may begin: ${work}.`],
      items: [],
      act: 'Try again',
      danger: false,
    };
  }
  return {
    title: `Leave ${nameOf(one)} alone?`,
    sentences: [
      `This will not be done: ${work}.`,
      'It ends KEPT, and the rollback can end PARTIAL at best.',
    ],
    items: [],
    act: 'Leave it alone',
    danger: true,
  };
}

export function startConfirmation(preview: PreviewResult): Confirmation {
  const byId = new Map(preview.compensations.map((one) => [one.action_uuid, one]));
  const work = preview.preview.order.flatMap((id) => {
    const one = byId.get(id);
    const text = one === undefined ? null : workText(one);
    return text === null ? [] : [text];
  });
  const rest = preview.compensations.filter(
    ({ state }) => state === 'KEPT' || state === 'NOT_REVERSIBLE',
  ).length;
  return {
    title: 'Roll this action plan back?',
    sentences: [
      work.length === 0
        ? 'Nothing will be changed: there is nothing to restore.'
        : `${plural(work.length, 'change')} will be made to the cloud, in this order:`,
      ...(rest === 0
        ? []
        : [`${plural(rest, 'action')} will be left as they are; the preview says why.`]),
      ...preview.preview.warnings,
    ],
    items: bounded(work),
    act: 'Start the rollback',
    danger: true,
  };
}

function bounded(items: string[]): string[] {
  if (items.length <= ITEMS_MAX) return items;
  return [...items.slice(0, ITEMS_MAX - 1), `and ${items.length - ITEMS_MAX + 1} more`];
}

/**
 * What a person sees while a rollback runs: on a terminal one picture that is drawn again and again, elsewhere a line on
 * stderr now and then. Pictures are made of the result alone; log-update puts them on the screen.
 */
import { performance } from 'node:perf_hooks';
import type { ResultAnswer } from './answers.js';
import type { Out } from './out.js';
import { bold, compensationTable, type Look, paintWord, visible } from './table.js';
import { between, countsOf, durationWords, progressOf, timeLeftMs } from './words.js';

export interface View {
  show(result: ResultAnswer): void;
  note(sentence: string): void;
  /** The picture goes; what follows is written below. */
  close(): void;
}

const BAR_WIDTH = 24;
const REDRAW_MS = 250;
/** A log of a pipeline wants to be read afterwards. */
const LINE_EVERY_MS = 10_000;
/** For "… and 3 more", and one that stays free. */
const LINES_BELOW = 2;

export interface Frame extends Look {
  rows: number;
  elapsedMs: number;
}

/** First what runs and what went wrong, then what waits, then what is done: the screen may not hold all. */
const INTEREST = ['ONGOING', 'FAILED', 'NOT_ATTEMPTED', 'PENDING', 'KEPT', 'NOT_REVERSIBLE'];

/** One picture, not higher than the terminal. */
export function picture(result: ResultAnswer, frame: Frame): string {
  const { done, all } = progressOf(result);
  const left = timeLeftMs(result, frame.elapsedMs);
  const filled = all === 0 ? 0 : Math.floor((done / all) * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  const times = [
    durationWords(frame.elapsedMs),
    ...(left === null ? [] : [`about ${durationWords(left)} left`]),
  ];
  const sorted = result.compensations.toSorted((a, b) => rank(a.state) - rank(b.state));
  const head = [
    `${bold(`Rollback of action plan ${result.action_plan_uuid}`, frame)}: ${paintWord(result.state, frame)}`,
    `${bar} ${done} of ${all}, ${times.join(', ')}`,
    countsOf(result.counts),
    '',
  ].join('\n');
  const room = frame.rows - linesOf(head, frame) - LINES_BELOW;
  return `${head}\n${fitting(sorted, room, frame)}`;
}

function rank(state: string): number {
  const index = INTEREST.indexOf(state);
  return index < 0 ? INTEREST.length : index;
}

/** Rows wrap, so how many fit is found out by trying. */
function fitting(sorted: ResultAnswer['compensations'], room: number, frame: Frame): string {
  for (let count = Math.min(sorted.length, room); count > 0; count -= 1) {
    const text = compensationTable(sorted.slice(0, count), frame);
    if (linesOf(text, frame) > room) continue;
    const more = sorted.length - count;
    return more === 0 ? text : `${text}\n… and ${more} more`;
  }
  return '';
}

/** As the terminal shows them: what is wider than it goes on in the next line. */
function linesOf(text: string, { columns }: Frame): number {
  const heights = text.split('\n').map((line) => Math.ceil(visible(line) / columns));
  return heights.reduce((sum, height) => sum + Math.max(1, height), 0);
}

/** How long the rollback runs: the service's own clock up to the first look, this machine's from then on. */
export class Elapsed {
  private readonly from: number;

  constructor(first: ResultAnswer) {
    this.from = performance.now() - between(first.created_at, first.updated_at);
  }

  get ms(): number {
    return performance.now() - this.from;
  }
}

export async function openView(out: Out, first: ResultAnswer): Promise<View> {
  return out.text && out.stdout.isTTY ? liveView(out, first) : lineView(out, first);
}

async function liveView(out: Out, first: ResultAnswer): Promise<View> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(out.stdout);
  const elapsed = new Elapsed(first);
  let latest = first;
  const draw = (): void => {
    const frame = { ...out.look, rows: out.rows, elapsedMs: elapsed.ms };
    update(picture(latest, frame));
  };
  const timer = setInterval(draw, REDRAW_MS);
  draw();
  return {
    show(result) {
      latest = result;
    },
    note(sentence) {
      update.clear();
      out.say(sentence);
      draw();
    },
    close() {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}

function lineView(out: Out, first: ResultAnswer): View {
  const elapsed = new Elapsed(first);
  let saidAt = -Infinity;
  let said = '';
  const show = (result: ResultAnswer): void => {
    const { done, all } = progressOf(result);
    const now = performance.now();
    const line = `${result.state}: ${done} of ${all} (${countsOf(result.counts)})`;
    if (line === said || now - saidAt < LINE_EVERY_MS) return;
    saidAt = now;
    said = line;
    const left = timeLeftMs(result, elapsed.ms);
    const end = left === null ? '' : `, about ${durationWords(left)} left`;
    out.say(`${line}, ${durationWords(elapsed.ms)}${end}`);
  };
  show(first);
  return { show, note: (sentence) => out.say(sentence), close: () => undefined };
}

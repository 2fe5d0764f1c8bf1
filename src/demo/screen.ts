/** What a person sees of the demo: lines on standard output, in colour where that is wanted. */
import type { Environment } from '../config.js';
import type { Outcome } from '../domain/states.js';
import type { Mark } from './table.js';

export interface Screen {
  line(text?: string): void;
  lines(texts: readonly string[]): void;
  /** A sentence with the seconds since the demo began. */
  say(sentence: string): void;
  heading(text: string): void;
  paint(text: string, mark: Mark): string;
  paintOutcome(text: string, outcome: Outcome): string;
}

export interface Output {
  isTTY?: boolean;
  write(text: string): unknown;
}

const BOLD = '1';
const RED = '31';
const GREEN = '32';
const YELLOW = '33';
const OF_MARK = { plain: null, changed: YELLOW, restored: GREEN, different: RED } as const;

/** Colours only on a terminal and without NO_COLOR (any text but an empty one: https://no-color.org). */
export function createScreen(output: Output, env: Environment): Screen {
  const colours = output.isTTY === true && (env['NO_COLOR'] ?? '') === '';
  const startedAt = performance.now();
  const painted = (text: string, code: string | null): string =>
    colours && code !== null ? `\u001B[${code}m${text}\u001B[0m` : text;
  const line = (text = ''): void => {
    output.write(`${text}\n`);
  };
  return {
    line,
    lines: (texts) => texts.forEach((text) => line(text)),
    say: (sentence) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      line(`${seconds.padStart(6)} s  ${sentence}`);
    },
    heading: (text) => {
      line();
      line(painted(text, BOLD));
    },
    paint: (text, mark) => painted(text, OF_MARK[mark]),
    paintOutcome: (text, outcome) => painted(text, colourOf(outcome)),
  };
}

function colourOf(outcome: Outcome): string | null {
  if (outcome === 'ONGOING' || outcome === 'PENDING') return null;
  if (outcome === 'FAILED' || outcome === 'NOT_ATTEMPTED') return RED;
  return outcome === 'SUCCEEDED' || outcome === 'SKIPPED' ? GREEN : YELLOW;
}

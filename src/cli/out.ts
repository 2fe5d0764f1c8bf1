/**
 * Where words go. stdout carries the answer alone: text on a terminal, else exactly one JSON document. All that is said
 * on the way goes to stderr.
 */
import type { Environment } from '../config.js';
import type { Look } from './table.js';
import { plain } from './words.js';

export interface OutFlags {
  /** true: JSON; false: text; absent: text on a terminal. */
  json?: boolean;
  quiet?: boolean;
}

export interface Streams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

/** For what is text although no terminal tells its size. */
const COLUMNS = 120;
const ROWS = 40;

export class Out {
  /** Whether the answer is to be text for people. */
  readonly text: boolean;
  readonly stdout: NodeJS.WriteStream;
  private readonly stderr: NodeJS.WriteStream;
  private readonly quiet: boolean;
  private readonly colours: boolean;

  constructor({ json, quiet }: OutFlags, env: Environment, { stdout, stderr }: Streams = process) {
    this.stdout = stdout;
    this.stderr = stderr;
    this.quiet = quiet === true;
    this.text = json === undefined ? stdout.isTTY : !json;
    // https://no-color.org: any text but an empty one.
    this.colours = stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  }

  /** The terminal may be made wider or narrower meanwhile. */
  get look(): Look {
    const columns = this.stdout.isTTY ? this.stdout.columns : COLUMNS;
    return { columns: columns > 0 ? columns : COLUMNS, colours: this.colours };
  }

  get rows(): number {
    return this.stdout.isTTY && this.stdout.rows > 0 ? this.stdout.rows : ROWS;
  }

  /** The answer, once per command. */
  answer(document: unknown, text: (look: Look) => string): void {
    this.stdout.write(
      this.text ? `${text(this.look)}\n` : `${JSON.stringify(document, null, 2)}\n`,
    );
  }

  /** On the way; left out with --quiet. */
  say(sentence: string): void {
    if (!this.quiet) this.stderr.write(`${plainLines(sentence)}\n`);
  }

  /** What went wrong is said with --quiet, too. */
  complain(sentence: string): void {
    this.stderr.write(`watcher-rollback: ${plainLines(sentence)}\n`);
  }
}

/** The service's sentences quote names that tenants gave. */
function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

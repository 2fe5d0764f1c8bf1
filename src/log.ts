/**
 * The only logger: pino, one JSON object per line, or lines for people. Secrets stay out by construction: in the
 * finished line, whatever made it, fields whose name speaks of one are blanked at any depth, and so is what looks
 * like a Keystone token; errors are reduced to type, message, code and stack. It must not know what is logged.
 */
import { types } from 'node:util';
import { pino, stdTimeFunctions } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { LogLevel } from './config.js';
import { LogLines } from './log-lines.js';
import { prettyLine } from './log-pretty.js';
import { BLANK, withoutTokens } from './token-text.js';

export type Logger = PinoLogger;

export interface LogOptions {
  level: LogLevel;
  format: 'json' | 'pretty';
  /** Where lines go; stderr where none is given, so that stdout stays free for results. */
  destination?: DestinationStream;
}

const SECRET_NAME = /token|passw|secret|authorization|cookie|credential|api_?key|private_?key/i;
const MAX_CAUSES = 4;

export function createLogger(options: LogOptions): Logger {
  const finished = (line: string): string => {
    const clean = withoutSecrets(line);
    return options.format === 'pretty' ? prettyLine(clean) : clean;
  };
  const target =
    options.destination ?? new LogLines({ dropped: (lines) => finished(droppedLine(lines)) });
  const destination: DestinationStream = { write: (line) => target.write(finished(line)) };
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'msg',
      // A circle or a deep structure must not end the process.
      depthLimit: 6,
      edgeLimit: 200,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => describeError(error, 0) },
    },
    destination,
  );
}

function droppedLine(lines: number): string {
  const msg = `${lines} lines of the log were dropped: they were not read for too long`;
  const line = JSON.stringify({ level: 'warn', time: new Date().toISOString(), msg });
  return `${line}\n`;
}

/** For tests and for parts that are given no logger. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

/** In the finished line and not in the fields, because child loggers keep theirs as text. */
function withoutSecrets(line: string): string {
  const masked = withoutTokens(line);
  // Reading every line again is worth it only where there may be something to blank.
  if (!SECRET_NAME.test(masked)) return masked;
  const parsed: unknown = JSON.parse(masked, (name, value: unknown) =>
    SECRET_NAME.test(name) && value !== null ? BLANK : value,
  );
  return `${JSON.stringify(parsed)}\n`;
}

/** An error may carry a request with its headers: only what is named here gets into a log. */
function describeError(error: unknown, depth: number): unknown {
  if (!(error instanceof Error) && !types.isNativeError(error)) return error;
  const described: Record<string, unknown> = { type: error.name, message: error.message };
  if ('code' in error && typeof error.code === 'string') described.code = error.code;
  if ('type' in error && typeof error.type === 'string') described.failure = error.type;
  described.stack = error.stack;
  if (error.cause !== undefined && depth < MAX_CAUSES) {
    described.cause = describeError(error.cause, depth + 1);
  }
  return described;
}

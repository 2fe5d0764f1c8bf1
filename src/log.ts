/**
 * The only logger: pino, one JSON object per line, or lines for people. Secrets stay out by construction: fields
 * whose name speaks of one are blanked at any depth, errors are reduced to type, message, code and stack, and
 * what looks like a Keystone token is blanked in the finished line. It must not know what is logged.
 */
import { pino, stdTimeFunctions } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { LogLevel } from './config.js';
import { prettyLine } from './log-pretty.js';

export type Logger = PinoLogger;

export interface LogOptions {
  level: LogLevel;
  format: 'json' | 'pretty';
  /** Where lines go; stderr where none is given, so that stdout stays free for results. */
  destination?: DestinationStream;
}

const SECRET_NAME = /token|passw|secret|authorization|cookie|credential|api_?key|private_?key/i;
/** Fernet tokens begin so (base64 of version byte 0x80 and the time); JWS tokens are three parts behind "eyJ". */
const TOKEN_TEXT = /gAAAAA[\w-]{20,}={0,2}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g;
const BLANK = '[redacted]';
const MAX_DEPTH = 6;

export function createLogger(options: LogOptions): Logger {
  const target = options.destination ?? pino.destination({ dest: 2, sync: true });
  const pretty = options.format === 'pretty';
  const destination: DestinationStream = {
    write(line) {
      const clean = line.replace(TOKEN_TEXT, BLANK);
      target.write(pretty ? prettyLine(clean) : clean);
    },
  };
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'msg',
      formatters: {
        level: (label) => ({ level: label }),
        bindings: (fields) => blankFields(fields, 0),
        log: (fields) => blankFields(fields, 0),
      },
    },
    destination,
  );
}

/** For tests and for parts that are given no logger. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

function blankFields(fields: object, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    result[name] = SECRET_NAME.test(name) ? BLANK : blank(value, depth + 1);
  }
  return result;
}

function blank(value: unknown, depth: number): unknown {
  if (value instanceof Error) return describeError(value, depth);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth > MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => blank(item, depth + 1));
  return blankFields(value, depth);
}

/** An error may carry a request with its headers: only what is named here gets into a log. */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const described: Record<string, unknown> = { type: error.name, message: error.message };
  if ('code' in error && typeof error.code === 'string') described.code = error.code;
  if ('type' in error && typeof error.type === 'string') described.failure = error.type;
  described.stack = error.stack;
  if (error.cause instanceof Error && depth <= MAX_DEPTH) {
    described.cause = describeError(error.cause, depth + 1);
  }
  return described;
}

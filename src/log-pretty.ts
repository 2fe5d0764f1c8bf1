/** One log line for people, from one JSON line. Pure. */

/** `time level message  key=value …`; errors with their stack on the lines below. What is no JSON stays as it is. */
export function prettyLine(line: string): string {
  const parsed = parseObject(line);
  if (parsed === null) return line;
  const { time, level, msg, err, ...rest } = parsed;
  const head = [clock(time), plain(level).toUpperCase().padEnd(5), plain(msg)].join(' ');
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${plain(value)}`);
  return `${[head, ...fields].join('  ')}${stackOf(err)}\n`;
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

/** "2026-11-24T02:18:10.123Z" → "02:18:10.123". */
function clock(time: unknown): string {
  return plain(time).slice(11, 23);
}

/** One line: what came from outside must not look like a line of its own, nor move the cursor. */
function plain(value: unknown): string {
  return text(value).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ');
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : JSON.stringify(value);
}

function stackOf(err: unknown): string {
  if (typeof err !== 'object' || err === null)
    return err === undefined ? '' : `\n    ${plain(err)}`;
  const stack = 'stack' in err ? err.stack : 'message' in err ? err.message : err;
  return text(stack)
    .split('\n')
    .map((line) => `\n    ${plain(line)}`)
    .join('');
}

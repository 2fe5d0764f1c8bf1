/** The sentence of an answer that is no success: the API's own, in Watcher's shape or Keystone's. Pure. */

export function sentenceOf(status: number, text: string): string {
  return (
    readSentence(text) ?? `The service answered ${status} without saying why. Its log has more.`
  );
}

function readSentence(text: string): string | null {
  const body = parsed(text);
  const inner = field(body, 'error_message');
  // Watcher's errors are JSON in a string of JSON.
  const fault = field(typeof inner === 'string' ? parsed(inner) : inner, 'faultstring');
  const sentence = fault ?? field(field(body, 'error'), 'message');
  return typeof sentence === 'string' && sentence !== '' ? sentence : null;
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return null;
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

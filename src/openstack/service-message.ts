/**
 * The one sentence of an error body, whatever the service's dialect. Pure; knows nothing of requests.
 *
 * - Nova: {"badRequest": {"code": 400, "message": "…"}}, the key differs by status (nova/api/openstack/wsgi.py, Fault).
 * - Keystone, and its middleware in front of every service: {"error": {"code": 401, "message": "…"}}.
 * - Watcher and Ironic: {"error_message": "<JSON>"} with {"faultstring": "…"} inside, or with HTML inside where the
 *   framework itself refused (watcher/api/middleware/parsable_error.py; Ironic's has the object itself at times).
 * - Nova's microversion refusal: {"errors": [{"detail": "…"}]}. Proxies: HTML or plain text.
 */

const MAX_LENGTH = 1000;
/** How deep JSON is looked for in JSON strings. */
const MAX_DEPTH = 4;

/** null where the body has no sentence. At most 1000 characters, on one line. */
export function serviceMessage(body: string): string | null {
  const found = fromText(body, MAX_DEPTH);
  if (found === null) return null;
  // A name in it may have been given by a tenant: no control character is to reach a log or a terminal.
  const line = found.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  if (line === '') return null;
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
}

function fromText(text: string, depth: number): string | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (trimmed.startsWith('{') || trimmed.startsWith('"')) {
    try {
      const value: unknown = JSON.parse(trimmed);
      return fromValue(value, depth);
    } catch {
      return trimmed;
    }
  }
  return trimmed.startsWith('<') ? fromHtml(trimmed) : trimmed;
}

function fromValue(value: unknown, depth: number): string | null {
  if (depth === 0) return null;
  if (typeof value === 'string') return fromText(value, depth - 1);
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const key of ['faultstring', 'message', 'detail', 'title']) {
    const sentence = fields.get(key);
    if (typeof sentence === 'string') return fromText(sentence, depth - 1);
  }
  for (const key of ['error_message', 'error', ...fields.keys()]) {
    const inner = fromValue(fields.get(key), depth - 1);
    if (inner !== null) return inner;
  }
  return null;
}

const ENTITIES: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
};

/** The text of a page, without its title where that only repeats the heading. */
function fromHtml(html: string): string {
  return withoutElements(html)
    .replaceAll(/<\/h\d>/giu, ': ')
    .replaceAll(/<[^<>]{0,500}>/gu, ' ')
    .replaceAll(/&(amp|lt|gt|quot|#39|#x27);/gu, (entity) => ENTITIES[entity] ?? entity)
    .replaceAll(/\s+/gu, ' ')
    .trim();
}

/** Without what nobody sees. By hand: an expression would look for the end anew from every beginning that has none. */
function withoutElements(html: string): string {
  // Of ASCII alone, so that every letter stays where it is.
  const lower = html.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  let text = '';
  let from = 0;
  for (const { 1: name = '', index } of lower.matchAll(/<(head|script|style)\b/gu)) {
    if (index < from) continue;
    text += `${html.slice(from, index)} `;
    const end = lower.indexOf(`</${name}>`, index);
    if (end === -1) return text;
    from = end + name.length + 3;
  }
  return text + html.slice(from);
}

/** Reads a stream of server-sent events (HTML standard, section 9.2.6) from pieces of text. Pure. */

export interface ServerEvent {
  /** The id that was last sent, by this event or an earlier one; null: none yet. */
  id: string | null;
  event: string;
  data: string;
}

/** An event is never so large: a result is bounded at 256 kB. */
const BUFFER_MAX = 4 * 1024 * 1024;

export class SseParser {
  private rest = '';
  private id: string | null = null;
  private event = '';
  private data: string[] = [];

  /** The events that this piece completes. Throws where an event does not come to an end. */
  push(piece: string): ServerEvent[] {
    const lines = (this.rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    if (this.rest.length > BUFFER_MAX) throw new Error('an event without an end');
    return lines.flatMap((line) => this.line(line));
  }

  private line(line: string): ServerEvent[] {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.data.push(value);
    else if (name === 'event') this.event = value;
    else if (name === 'id' && !value.includes('\0')) this.id = value;
    return [];
  }

  private dispatch(): ServerEvent[] {
    const { id, event, data } = this;
    this.event = '';
    this.data = [];
    if (data.length === 0) return [];
    return [{ id, event: event === '' ? 'message' : event, data: data.join('\n') }];
  }
}

/** Says what changes to people who do not see it: one sentence at a time, and never so many that nobody can follow. */
import { byId } from './dom.js';

const PAUSE_MS = 1500;
let next: string | null = null;
let timer: ReturnType<typeof setTimeout> | null = null;

/** Of several sentences within a moment the last one is said. */
export function announce(sentence: string): void {
  next = sentence;
  if (timer !== null) return;
  say();
}

function say(): void {
  if (next === null) {
    timer = null;
    return;
  }
  byId('announcements').textContent = next;
  next = null;
  timer = setTimeout(say, PAUSE_MS);
}

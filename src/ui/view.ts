/** What a view is, and what every view is given. */
import type { Api } from './api.js';
import { h } from './dom.js';
import { signOf } from './words.js';
import type { Outcome, RollbackState } from '../domain/states.js';

export interface Context {
  api: Api;
  /** Aborted when the operator leaves the view. */
  signal: AbortSignal;
  /** Another view, by its address after "#". */
  go: (path: string) => void;
}

export interface View {
  /** The page's heading, and its title. */
  title: string;
  element: HTMLElement;
}

/** The sentence of what went wrong; read out at once. */
export function problemBox(message: string, ...more: Node[]): HTMLElement {
  return h('div', { class: 'problem', role: 'alert' }, h('p', {}, message), ...more);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A state's word with its sign; the sign is for eyes only. */
export function badge(state: Outcome | RollbackState): HTMLElement {
  return h(
    'span',
    { class: `badge ${state.toLowerCase()}` },
    h('span', { 'aria-hidden': 'true' }, signOf(state)),
    ` ${state}`,
  );
}

export function planLink(plan: string): HTMLElement {
  return h('a', { href: `#/plans/${plan}`, class: 'uuid' }, plan);
}

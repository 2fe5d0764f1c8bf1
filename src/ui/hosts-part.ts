/** Draws hosts as columns: servers before the plan, after it and now. A server that has moved is seen to move. */
import type { CompensationResult } from '../domain/result.js';
import { h, renew } from './dom.js';
import { type Chip, type HostColumn, hostColumns, type Phase, PHASES } from './hosts-model.js';
import { plural, signOf } from './words.js';

const CHIPS_MAX = 60;
const HOSTS_MAX = 60;
const MOVE_MS = 600;
const TITLES: Readonly<Record<Phase, string>> = {
  before: 'Before the plan',
  after: 'After the plan',
  now: 'Now',
};

export class HostsPart {
  readonly element = h('div', { class: 'hosts', role: 'list' });

  /** `about`: more to say of a host, below its name. */
  show(
    compensations: readonly CompensationResult[],
    about: (host: string) => Node | null = () => null,
  ): void {
    const columns = hostColumns(compensations);
    const old = placesOf(this.element);
    renew(
      this.element,
      columns.slice(0, HOSTS_MAX).map((column) => columnOf(column, about(column.host))),
    );
    if (columns.length > HOSTS_MAX) {
      this.element.append(h('p', {}, `and ${plural(columns.length - HOSTS_MAX, 'more host')}`));
    }
    if (columns.length === 0) {
      this.element.append(h('p', { role: 'listitem' }, 'This plan concerned no host or server.'));
    }
    moveFrom(old, this.element);
  }
}

function columnOf(column: HostColumn, about: Node | null): HTMLElement {
  return h(
    'section',
    {
      class: 'host',
      role: 'listitem',
      'aria-label': `Host ${column.host}`,
      'data-host': column.host,
    },
    h('h3', {}, column.host),
    about,
    column.service !== null && change('nova-compute', column.service),
    column.power !== null && change('power', column.power),
    ...PHASES.map((phase) => phaseOf(phase, column.servers[phase])),
  );
}

function phaseOf(phase: Phase, chips: Chip[]): HTMLElement {
  const left = chips.length - CHIPS_MAX;
  return h(
    'div',
    { class: `phase ${phase}` },
    h('h4', {}, `${TITLES[phase]} `, h('span', { class: 'count' }, `(${chips.length})`)),
    chips.length === 0
      ? h('p', { class: 'none' }, 'none of these servers')
      : h(
          'ul',
          {},
          ...chips.slice(0, CHIPS_MAX).map((chip) => chipOf(phase, chip)),
          left > 0 && h('li', {}, `and ${left} more`),
        ),
  );
}

function chipOf(phase: Phase, chip: Chip): HTMLElement {
  if (phase !== 'now') return h('li', { class: 'server' }, chip.name);
  const moving = chip.movingTo !== null;
  return h(
    'li',
    {
      class: `server ${chip.outcome.toLowerCase()}${moving ? ' moving' : ''}`,
      'data-server': chip.id,
      title: chip.outcome,
    },
    h('span', { 'aria-hidden': 'true' }, `${signOf(chip.outcome)} `),
    chip.name,
    moving && h('span', { class: 'to' }, ` → ${chip.movingTo ?? ''}`),
    h('span', { class: 'visually-hidden' }, `, ${chip.outcome}`),
  );
}

function change(what: string, states: Record<Phase, string>): HTMLElement {
  return h(
    'p',
    { class: 'change' },
    `${what}: `,
    h('span', { class: 'visually-hidden' }, 'before '),
    states.before,
    h('span', { 'aria-hidden': 'true' }, ' → '),
    h('span', { class: 'visually-hidden' }, ', after '),
    states.after,
    h('span', { 'aria-hidden': 'true' }, ' → '),
    h('span', { class: 'visually-hidden' }, ', now '),
    h('strong', {}, states.now),
  );
}

interface Place {
  host: string;
  at: DOMRect;
}

function placesOf(element: Element): Map<string, Place> {
  return new Map(
    [...element.querySelectorAll('[data-server]')].map((chip) => [
      chip.getAttribute('data-server') ?? '',
      { host: hostOf(chip), at: chip.getBoundingClientRect() },
    ]),
  );
}

function hostOf(chip: Element): string {
  return chip.closest('[data-host]')?.getAttribute('data-host') ?? '';
}

/** From the host where it was to the host where it is now. */
function moveFrom(old: ReadonlyMap<string, Place>, element: Element): void {
  if (old.size === 0 || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  for (const chip of element.querySelectorAll('[data-server]')) {
    const from = old.get(chip.getAttribute('data-server') ?? '');
    if (from === undefined || from.host === hostOf(chip)) continue;
    const to = chip.getBoundingClientRect();
    const x = from.at.left - to.left;
    const y = from.at.top - to.top;
    chip.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: 'none' }], {
      duration: MOVE_MS,
      easing: 'ease-in-out',
    });
  }
}

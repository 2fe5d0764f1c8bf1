/** All rollbacks, newest first, and the way to a new one. */
import type { Row } from './api.js';
import { h, renew } from './dom.js';
import { badge, type Context, messageOf, planLink, problemBox, type View } from './view.js';
import { countsText, timeText } from './words.js';

const STATES = ['PENDING', 'ONGOING', 'PAUSED', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED'];
const REFRESH_MS = 5000;
const UUID = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';

export function listView(context: Context): View {
  const { api, signal } = context;
  const trouble = h('div');
  const rows = h('tbody');
  const note = h('p', {});
  const state = h(
    'select',
    { id: 'state' },
    h('option', { value: '' }, 'all'),
    ...STATES.map((word) => h('option', { value: word }, word)),
  );
  const more = h('button', { type: 'button', hidden: true }, 'Show more');
  let shown: Row[] = [];
  let next: string | null = null;

  function show(): void {
    renew(rows, shown.map(rowOf));
    more.hidden = next === null;
    note.textContent = shown.length > 0 ? '' : 'There is no rollback of this kind yet.';
  }

  async function load(marker: string | null): Promise<void> {
    try {
      const page = await api.list(marker, state.value);
      if (signal.aborted) return;
      trouble.replaceChildren();
      shown = marker === null ? page.rollbacks : [...shown, ...page.rollbacks];
      next = page.next === undefined ? null : new URL(page.next).searchParams.get('marker');
      show();
    } catch (error) {
      if (!signal.aborted) trouble.replaceChildren(problemBox(messageOf(error)));
    }
  }

  state.addEventListener('change', () => void load(null));
  more.addEventListener('click', () => void load(next));
  // Whoever has asked for more reads on: only the first page is kept fresh.
  const timer = setInterval(() => {
    if (shown.length <= 25 && !document.hidden) void load(null);
  }, REFRESH_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
  void load(null);

  const element = h(
    'div',
    {},
    newRollback(context),
    h('h2', { id: 'rollbacks' }, 'Rollbacks so far'),
    h('label', { class: 'inline', for: 'state' }, h('span', {}, 'State'), state),
    trouble,
    h(
      'table',
      { class: 'rows', 'aria-labelledby': 'rollbacks' },
      h('thead', {}, h('tr', {}, ...HEADS.map((head) => h('th', { scope: 'col' }, head)))),
      rows,
    ),
    note,
    more,
  );
  return { title: 'Rollbacks', element };
}

const HEADS = ['State', 'Action plan', 'Outcomes', 'Begun', 'Last change'];

function rowOf(row: Row): HTMLElement {
  const link = planLink(row.action_plan_uuid);
  link.setAttribute('data-key', row.uuid);
  const cells: (Node | string)[] = [
    badge(row.state),
    link,
    countsText(row.counts),
    timeText(row.created_at),
    timeText(row.updated_at),
  ];
  return h('tr', {}, ...cells.map((cell, i) => h('td', { 'data-label': HEADS[i] ?? '' }, cell)));
}

function newRollback({ go }: Context): HTMLElement {
  const plan = h('input', {
    id: 'plan',
    name: 'plan',
    required: true,
    pattern: UUID,
    title: 'The UUID of an action plan, as Watcher lists it',
    autocomplete: 'off',
    spellcheck: 'false',
    size: 36,
  });
  return h(
    'form',
    {
      class: 'card row',
      'aria-label': 'Roll an action plan back',
      onsubmit: (event) => {
        event.preventDefault();
        go(`/plans/${plan.value.trim().toLowerCase()}/preview`);
      },
    },
    h('label', { for: 'plan' }, h('span', {}, 'UUID of an action plan of Watcher'), plan),
    h('button', { type: 'submit', class: 'primary' }, 'Preview its rollback'),
  );
}

/** The compensations as a table: what the graph and the columns show, as text, with each one's own controls. */
import type { CompensationResult } from '../domain/result.js';
import { h, renew } from './dom.js';
import { badge } from './view.js';
import { byAttention, nameOf, plural, stateText, workText } from './words.js';

const ROWS_MAX = 200;
const HEADS = ['Outcome', 'What', 'Before', 'After', 'Now', 'Why', 'Control'];

export interface TableOptions {
  caption: string;
  /** Buttons of one row. */
  controls: (one: CompensationResult) => Node[];
}

export class TablePart {
  private readonly rows = h('tbody');
  private readonly more = h('p', {});
  readonly element: HTMLElement;

  constructor(private readonly options: TableOptions) {
    this.element = h(
      'div',
      { class: 'wide' },
      h(
        'table',
        { class: 'rows' },
        h('caption', {}, options.caption),
        h('thead', {}, h('tr', {}, ...HEADS.map((head) => h('th', { scope: 'col' }, head)))),
        this.rows,
      ),
      this.more,
    );
  }

  show(compensations: readonly CompensationResult[]): void {
    const sorted = byAttention(compensations);
    renew(
      this.rows,
      sorted.slice(0, ROWS_MAX).map((one) => this.row(one)),
    );
    const left = sorted.length - ROWS_MAX;
    this.more.textContent =
      left > 0 ? `${plural(left, 'more action')}: the REST API and the command list them all.` : '';
  }

  /** Brings an action's row into sight, with the focus on it. */
  reveal(actionUuid: string): void {
    const row = this.rows.querySelector(`[data-key="${CSS.escape(`row-${actionUuid}`)}"]`);
    if (!(row instanceof HTMLElement)) return;
    row.scrollIntoView({ block: 'center' });
    row.focus();
  }

  private row(one: CompensationResult): HTMLElement {
    const cells: (Node | string)[][] = [
      [badge(one.state)],
      [workText(one) ?? `${nameOf(one)} (${one.action_type})`],
      [stateText(one.before)],
      [stateText(one.after)],
      [stateText(one.now)],
      [one.reason ?? ''],
      this.options.controls(one),
    ];
    return h(
      'tr',
      { tabindex: -1, 'data-key': `row-${one.action_uuid}` },
      ...cells.map((cell, i) => h('td', { 'data-label': HEADS[i] ?? '' }, ...cell)),
    );
  }
}

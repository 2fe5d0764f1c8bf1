/** One rollback, live: hosts as columns, the order, every compensation, the history, and its controls. */
import type { CompensationResult, RollbackResult } from '../domain/result.js';
import { announce } from './announce.js';
import { confirmationOf, offered, offeredFor, type Verb } from './confirmations.js';
import { ConnectionPart } from './connection-part.js';
import { confirmAnd } from './dialog.js';
import { h, renew } from './dom.js';
import { watchEvents } from './event-stream.js';
import { GraphPart } from './graph-part.js';
import { HistoryPart } from './history-part.js';
import { HostsPart } from './hosts-part.js';
import { LiveState } from './live-state.js';
import type { ServerEvent } from './sse-parser.js';
import { SummaryPart } from './summary-part.js';
import { TablePart } from './table-part.js';
import { type Context, problemBox, type View } from './view.js';
import { countsText, finished, nameOf, RUNNING, total } from './words.js';

/** Many events at once make one picture. */
const SHOW_EVERY_MS = 150;
const LABELS: Readonly<Record<Verb, string>> = {
  pause: 'Pause…',
  resume: 'Resume…',
  cancel: 'Cancel…',
  retry: 'Try again…',
  skip: 'Leave alone…',
};

export function rollbackView(context: Context, plan: string): View {
  const page = new RollbackPage(context, plan);
  void page.watch();
  return { title: 'Rollback of an action plan', element: page.element };
}

class RollbackPage {
  private readonly live = new LiveState();
  private readonly trouble = h('div');
  private readonly controls = h('div', {
    class: 'buttons',
    role: 'group',
    'aria-label': 'Control',
  });
  private readonly summary = new SummaryPart();
  private readonly connection = new ConnectionPart();
  private readonly hosts = new HostsPart();
  private readonly table = new TablePart({
    caption: 'Compensations',
    controls: (one) => this.controlsOf(one),
  });
  private readonly graph = new GraphPart((id) => this.table.reveal(id));
  private readonly history = new HistoryPart();
  private readonly parts = h(
    'div',
    { hidden: true },
    this.summary.element,
    this.controls,
    h('h2', {}, 'Hosts and their servers'),
    this.hosts.element,
    h('h2', {}, 'Order'),
    this.graph.element,
    h('h2', {}, 'Actions'),
    this.table.element,
    h('h2', {}, 'History'),
    this.history.element,
  );
  readonly element: HTMLElement;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private asking = false;

  constructor(
    private readonly context: Context,
    private readonly plan: string,
  ) {
    this.element = h(
      'div',
      {},
      h('p', { class: 'uuid' }, plan),
      this.connection.element,
      this.trouble,
      this.parts,
    );
  }

  async watch(): Promise<void> {
    const { api, signal } = this.context;
    await watchEvents(api, this.plan, {
      signal,
      onEvent: (event) => this.onEvent(event),
      onConnection: (connection) => this.connection.show(connection),
      onRefused: (problem) => {
        this.connection.hide();
        const preview = h(
          'a',
          { href: `#/plans/${this.plan}/preview` },
          'Preview a rollback of it',
        );
        this.trouble.replaceChildren(
          problemBox(problem.message, ...(problem.status === 404 ? [h('p', {}, preview)] : [])),
        );
      },
    });
    const { result } = this.live;
    if (!signal.aborted && result !== null && !RUNNING.includes(result.state))
      this.connection.hide();
  }

  private onEvent(event: ServerEvent): void {
    const before = this.live.result?.state;
    const changed = this.live.apply(event);
    const { result } = this.live;
    if (result === null) return;
    if (changed !== null) {
      const done = `${finished(result.counts)} of ${total(result.counts)}`;
      announce(`${nameOf(changed)} ${changed.state}; ${done} done.`);
    } else if (before !== undefined && before !== result.state) {
      announce(`The rollback is ${result.state}: ${countsText(result.counts)}.`);
    }
    if (result.compensations.length < total(result.counts)) void this.complete();
    this.showSoon();
  }

  /** A result is bounded; what it leaves out is read once, and kept fresh by the events. */
  private async complete(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      this.live.complete(await this.context.api.compensations(this.plan));
      this.showSoon();
    } catch {
      // The bounded result is shown all the same; the next event asks again.
      this.asking = false;
    }
  }

  private showSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      if (!this.context.signal.aborted && this.live.result !== null) this.show(this.live.result);
    }, SHOW_EVERY_MS);
  }

  private show(result: RollbackResult): void {
    this.parts.hidden = false;
    this.summary.show(result);
    this.hosts.show(result.compensations);
    this.graph.show(result.compensations);
    this.table.show(result.compensations);
    this.history.show(result);
    renew(this.controls, this.controlsOfAll(result));
  }

  private controlsOfAll(result: RollbackResult): Node[] {
    const buttons = offered(result).map((verb) => this.button(verb, null));
    const again = RUNNING.includes(result.state) || result.state === 'SUCCEEDED';
    const link = h(
      'a',
      { href: `#/plans/${this.plan}/preview` },
      'Preview rolling back what is left',
    );
    return again ? buttons : [link];
  }

  private controlsOf(one: CompensationResult): Node[] {
    const { result } = this.live;
    return result === null ? [] : offeredFor(one, result).map((verb) => this.button(verb, one));
  }

  private button(verb: Verb, one: CompensationResult | null): Node {
    return h(
      'button',
      {
        type: 'button',
        'data-key': `${verb}-${one?.action_uuid ?? 'all'}`,
        'aria-label': one === null ? null : `${LABELS[verb]} ${nameOf(one)}`,
        onclick: () => void this.control(verb, one),
      },
      LABELS[verb],
    );
  }

  private async control(verb: Verb, one: CompensationResult | null): Promise<void> {
    const { result } = this.live;
    if (result === null) return;
    await confirmAnd(confirmationOf(verb, result, one), async () => {
      const now = await this.context.api.control(this.plan, verb, one?.action_uuid ?? null);
      this.live.replace(now);
      this.showSoon();
    });
  }
}

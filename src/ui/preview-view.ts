/** What a rollback would do, before it is asked for; and the start of it. */
import type { PreviewHost, PreviewResult } from '../domain/preview.js';
import type { CompensationResult } from '../domain/result.js';
import { announce } from './announce.js';
import { startConfirmation } from './confirmations.js';
import { confirmAnd } from './dialog.js';
import { h } from './dom.js';
import { GraphPart } from './graph-part.js';
import { HostsPart } from './hosts-part.js';
import { OptionsForm } from './options-form.js';
import { TablePart } from './table-part.js';
import { type Context, messageOf, planLink, problemBox, type View } from './view.js';
import { countsText, nameOf, plural, total, workText } from './words.js';

export function previewView(context: Context, plan: string): View {
  const page = new PreviewPage(context, plan);
  void page.ask();
  return { title: 'Preview of a rollback', element: page.element };
}

class PreviewPage {
  private readonly form = new OptionsForm(
    () => void this.ask(),
    () => this.outdate(),
  );
  /** Starts what was previewed, and nothing else: off as soon as the form says something else. */
  private startButton: HTMLButtonElement | null = null;
  private readonly answer = h('div');
  readonly element: HTMLElement;
  /** Actions that the operator has taken off; none: all are to be rolled back. */
  private readonly left = new Set<string>();
  private asked = 0;

  constructor(
    private readonly context: Context,
    private readonly plan: string,
  ) {
    this.element = h(
      'div',
      {},
      h('p', { class: 'uuid' }, plan),
      h('p', {}, 'Nothing is touched by a preview.'),
      this.form.element,
      this.answer,
    );
  }

  async ask(): Promise<void> {
    this.asked += 1;
    const mine = this.asked;
    const body = this.form.body();
    this.outdate();
    this.answer.setAttribute('aria-busy', 'true');
    if (this.answer.childElementCount === 0) {
      this.answer.replaceChildren(h('p', {}, 'Reading the plan and the cloud…'));
    }
    let nodes: Node[];
    try {
      const preview = await this.context.api.preview(this.plan, this.form.query());
      if (mine !== this.asked) return;
      nodes = this.nodesOf(preview, body);
      announce(`Preview: ${countsText(preview.counts)}.`);
    } catch (error) {
      nodes = [problemBox(messageOf(error))];
    }
    if (mine !== this.asked || this.context.signal.aborted) return;
    this.answer.removeAttribute('aria-busy');
    this.answer.replaceChildren(...nodes);
  }

  private outdate(): void {
    if (this.startButton === null) return;
    this.startButton.disabled = true;
    this.startButton.title = 'The options have changed: preview with these first.';
  }

  private nodesOf(preview: PreviewResult, body: Record<string, unknown>): Node[] {
    const hosts = new HostsPart();
    const table = new TablePart({
      caption: 'What would become of every action',
      controls: (one) => this.choice(one, preview),
    });
    const graph = new GraphPart((id) => table.reveal(id));
    const about = new Map(preview.preview.hosts.map((host) => [host.host, host]));
    hosts.show(preview.compensations, (host) => aboutHost(about.get(host)));
    graph.show(preview.compensations);
    table.show(preview.compensations);
    const start = h('button', { type: 'button', class: 'primary' }, 'Start the rollback…');
    start.addEventListener('click', () => void this.start(preview, body));
    this.startButton = start;
    return [
      h('h2', {}, 'It would be'),
      h('p', {}, `${plural(total(preview.counts), 'action')}: ${countsText(preview.counts)}.`),
      ...noticesOf(preview),
      h('div', { class: 'buttons' }, start),
      h('h2', {}, 'Hosts and their servers'),
      hosts.element,
      h('h2', {}, 'Order'),
      graph.element,
      h('h2', {}, 'Actions'),
      table.element,
    ];
  }

  private choice(one: CompensationResult, preview: PreviewResult): Node[] {
    const chosen = preview.options.actions;
    const id = one.action_uuid;
    const on = chosen === null ? one.kind !== null : chosen.includes(id);
    if (!on && !this.left.has(id)) return [];
    const box = h('input', { type: 'checkbox', checked: on, 'data-key': `choose-${id}` });
    box.addEventListener('change', () => {
      if (box.checked) this.left.delete(id);
      else this.left.add(id);
      const all = preview.compensations.filter(
        ({ action_uuid, kind }) => kind !== null || this.left.has(action_uuid),
      );
      const kept = all.map(({ action_uuid }) => action_uuid).filter((it) => !this.left.has(it));
      this.form.actions = this.left.size === 0 ? null : kept;
      void this.ask();
    });
    return [
      h(
        'label',
        { class: 'inline' },
        box,
        h('span', {}, 'restore'),
        h('span', { class: 'visually-hidden' }, ` ${nameOf(one)}`),
      ),
    ];
  }

  private async start(preview: PreviewResult, body: Record<string, unknown>): Promise<void> {
    const { api, go } = this.context;
    const started = await confirmAnd(startConfirmation(preview), async () => {
      await api.start(this.plan, body);
    });
    if (started) go(`/plans/${this.plan}`);
  }
}

function noticesOf({ preview, compensations }: PreviewResult): Node[] {
  const { warnings, audits, newer_plans: newer, needs } = preview;
  const byId = new Map(compensations.map((one) => [one.action_uuid, one]));
  const said = (id: string): string => {
    const one = byId.get(id);
    return one === undefined ? id : (workText(one) ?? nameOf(one));
  };
  const lines: (Node | string)[][] = [
    ...warnings.map((warning) => [warning]),
    ...audits.filter(({ message }) => !warnings.includes(message)).map(({ message }) => [message]),
    ...newer.map(({ uuid, state, resources }) => [
      'Newer action plan ',
      planLink(uuid),
      ` (${state}) touched ${resources.join(', ')}.`,
    ]),
    ...Object.entries(needs).map(([id, others]) => [
      `"${said(id)}" would have waited for what is not chosen: ${others.map(said).join(', ')}.`,
    ]),
  ];
  if (lines.length === 0) return [];
  return [
    h(
      'section',
      { class: 'notices', 'aria-label': 'Warnings' },
      h('h3', {}, 'Before you start'),
      h('ul', {}, ...lines.map((line) => h('li', {}, ...line))),
    ),
  ];
}

function aboutHost(host: PreviewHost | undefined): Node | null {
  if (host === undefined) return null;
  const { room, incoming, message } = host;
  return h(
    'div',
    { class: 'about' },
    h('p', {}, `${host.status}, ${host.state}${incoming > 0 ? `; ${incoming} to come` : ''}`),
    room !== null &&
      h(
        'p',
        {},
        `free: ${room.vcpus_free} vCPU, ${Math.round(room.memory_mb_free / 1024)} GiB, ${room.disk_gb_free} GB disk`,
      ),
    message !== null && h('p', { class: 'failure' }, message),
  );
}

/**
 * Draws the compensations' graph. One stop of the tab key; arrow keys go along its lines, Enter shows the row in the
 * table below, which says the same as text.
 */
import type { CompensationResult } from '../domain/result.js';
import { h, renew, svg } from './dom.js';
import { BOX, type Graph, type GraphNode, layOut } from './graph-layout.js';
import { nameOf, plural, signOf, workText } from './words.js';

const TEXT_MAX = 30;

export class GraphPart {
  readonly element = h('div', { class: 'graph' });
  private current: string | null = null;
  private graph: Graph | null = null;

  constructor(private readonly onChosen: (actionUuid: string) => void) {
    this.element.addEventListener('keydown', (event) => this.key(event));
  }

  show(compensations: readonly CompensationResult[]): void {
    const graph = layOut(compensations);
    this.graph = graph;
    if (graph.nodes.length === 0) {
      renew(this.element, [h('p', {}, 'No compensation has work to do, so there is no order.')]);
      return;
    }
    const known = graph.nodes.some(({ compensation }) => compensation.action_uuid === this.current);
    if (!known) this.current = graph.nodes[0]?.compensation.action_uuid ?? null;
    const names = new Map(compensations.map((one) => [one.action_uuid, nameOf(one)]));
    const picture = svg(
      'svg',
      {
        role: 'group',
        'aria-label': `Order of ${plural(graph.nodes.length, 'compensation')}. Arrow keys move along it, Enter goes to the table's row.`,
        viewBox: `0 0 ${graph.width} ${graph.height}`,
        width: graph.width,
        height: graph.height,
      },
      ...graph.edges.map(({ from, to }) =>
        svg('path', { class: `edge ${from.compensation.state.toLowerCase()}`, d: curve(from, to) }),
      ),
      ...graph.nodes.map((node) => this.box(node, names)),
    );
    renew(this.element, [
      picture,
      graph.left > 0 &&
        h('p', {}, `${plural(graph.left, 'more compensation')} in the table below.`),
    ]);
  }

  private box(node: GraphNode, names: ReadonlyMap<string, string>): SVGElement {
    const { compensation, x, y } = node;
    const { action_uuid: id, state, parents } = compensation;
    const work = workText(compensation) ?? nameOf(compensation);
    const waits = parents.slice(0, 5).map((parent) => names.get(parent) ?? parent);
    const after = waits.length === 0 ? 'waits for nothing' : `after ${waits.join(', ')}`;
    const more = parents.length > waits.length ? ` and ${parents.length - waits.length} more` : '';
    return svg(
      'g',
      {
        role: 'button',
        class: `node ${state.toLowerCase()}`,
        tabindex: id === this.current ? 0 : -1,
        'data-key': `node-${id}`,
        'aria-label': `${work}: ${state}, ${after}${more}`,
        transform: `translate(${x} ${y})`,
        onclick: () => this.onChosen(id),
      },
      svg('rect', { width: BOX.width, height: BOX.height, rx: 6 }),
      svg(
        'text',
        { x: 10, y: 17, class: 'name' },
        `${signOf(state)} ${short(nameOf(compensation))}`,
      ),
      svg('text', { x: 10, y: 32, class: 'what' }, short(whatOf(compensation))),
      svg('title', {}, `${work}: ${state}`),
    );
  }

  private key(event: KeyboardEvent): void {
    const { graph, current } = this;
    if (graph === null || current === null) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.onChosen(current);
      return;
    }
    const at = graph.nodes.find(({ compensation }) => compensation.action_uuid === current);
    const next = at === undefined ? undefined : neighbour(graph, at, event.key);
    if (next === undefined) return;
    event.preventDefault();
    this.focus(next.compensation.action_uuid);
  }

  private focus(id: string): void {
    for (const node of this.element.querySelectorAll('.node')) {
      const is = node.getAttribute('data-key') === `node-${id}`;
      node.setAttribute('tabindex', is ? '0' : '-1');
      if (is && node instanceof SVGElement) {
        node.focus();
        node.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      }
    }
    this.current = id;
  }
}

function whatOf(one: CompensationResult): string {
  const { kind, action_type, before } = one;
  if (kind === null) return action_type;
  const target = before?.host ?? before?.status ?? before?.power_state ?? null;
  const words = kind.replaceAll('_', ' ');
  return target === null ? words : `${words} → ${target}`;
}

function short(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
}

function curve(from: GraphNode, to: GraphNode): string {
  const x1 = from.x + BOX.width;
  const y1 = from.y + BOX.height / 2;
  const y2 = to.y + BOX.height / 2;
  const bend = BOX.gapX / 2;
  return `M ${x1} ${y1} C ${x1 + bend} ${y1}, ${to.x - bend} ${y2}, ${to.x} ${y2}`;
}

/** Up and down within a layer, left to what it waits for, right to what waits for it. */
function neighbour(graph: Graph, at: GraphNode, key: string): GraphNode | undefined {
  const layer = graph.nodes.filter((node) => node.layer === at.layer);
  const row = layer.indexOf(at);
  if (key === 'ArrowDown') return layer[row + 1];
  if (key === 'ArrowUp') return layer[row - 1];
  if (key === 'ArrowLeft') return graph.edges.find(({ to }) => to === at)?.from;
  if (key === 'ArrowRight') return graph.edges.find(({ from }) => from === at)?.to;
  if (key === 'Home') return graph.nodes[0];
  return key === 'End' ? graph.nodes.at(-1) : undefined;
}

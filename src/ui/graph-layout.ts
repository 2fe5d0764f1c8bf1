/** Where the compensations' graph has its boxes and lines: what waits is to the right of what it waits for. Pure. */
import type { CompensationResult } from '../domain/result.js';

export interface GraphNode {
  compensation: CompensationResult;
  layer: number;
  x: number;
  y: number;
}

export interface GraphEdge {
  from: GraphNode;
  to: GraphNode;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  width: number;
  height: number;
  /** How many compensations with work are not drawn, so that the picture stays readable. */
  left: number;
}

export const BOX = { width: 210, height: 40, gapX: 70, gapY: 12, margin: 8 };
const NODES_MAX = 120;

export function layOut(compensations: readonly CompensationResult[]): Graph {
  const drawn = withLines(compensations);
  const shown = drawn.slice(0, NODES_MAX);
  const byId = new Map(shown.map((one) => [one.action_uuid, one]));
  const layers = layersOf(byId);
  const filled = new Map<number, number>();
  const nodes = shown.map((compensation): GraphNode => {
    const layer = layers.get(compensation.action_uuid) ?? 0;
    const row = filled.get(layer) ?? 0;
    filled.set(layer, row + 1);
    return {
      compensation,
      layer,
      x: BOX.margin + layer * (BOX.width + BOX.gapX),
      y: BOX.margin + row * (BOX.height + BOX.gapY),
    };
  });
  const nodeOf = new Map(nodes.map((node) => [node.compensation.action_uuid, node]));
  const edges = nodes.flatMap((to) =>
    to.compensation.parents.flatMap((parent) => {
      const from = nodeOf.get(parent);
      return from === undefined ? [] : [{ from, to }];
    }),
  );
  const columns = Math.max(0, ...filled.keys()) + 1;
  const rows = Math.max(0, ...filled.values());
  return {
    nodes,
    edges,
    width: 2 * BOX.margin + columns * BOX.width + (columns - 1) * BOX.gapX,
    height: 2 * BOX.margin + rows * BOX.height + Math.max(0, rows - 1) * BOX.gapY,
    left: drawn.length - shown.length,
  };
}

/** What has work, or is between what has: all else says nothing about the order. */
function withLines(compensations: readonly CompensationResult[]): CompensationResult[] {
  const parents = new Set(compensations.flatMap((one) => one.parents));
  return compensations.filter(
    (one) => one.kind !== null || one.parents.length > 0 || parents.has(one.action_uuid),
  );
}

/** The longest way from the start. A circle cannot come from the service; if it did, it ends here all the same. */
function layersOf(byId: ReadonlyMap<string, CompensationResult>): Map<string, number> {
  const layers = new Map<string, number>();
  const under = new Set<string>();
  const layerOf = (id: string): number => {
    const known = layers.get(id);
    if (known !== undefined) return known;
    if (under.has(id)) return 0;
    under.add(id);
    const parents = (byId.get(id)?.parents ?? []).filter((parent) => byId.has(parent));
    const layer = parents.reduce((most, parent) => Math.max(most, layerOf(parent) + 1), 0);
    under.delete(id);
    layers.set(id, layer);
    return layer;
  };
  for (const id of byId.keys()) layerOf(id);
  return layers;
}

/** Sentences about compensations, for the history and for Temporal's Web UI. Pure. */
import type { CompensationWork, LaidOutCompensation } from './layout-types.js';
import { unreachable } from './unreachable.js';

/** Temporal cuts an activity's summary at 200 bytes. */
const SUMMARY_BYTES_MAX = 200;
/** A name longer than this is cut, so that both hosts still fit into a summary. */
const NAME_BYTES_MAX = 48;

/** "live-migrate vm-1: compute-2 → compute-1"; at most 200 bytes of UTF-8. */
export function summaryOf(
  compensation: Pick<
    LaidOutCompensation,
    'work' | 'action_type' | 'action_uuid' | 'resource_name' | 'resource_id'
  >,
): string {
  const { work, action_type, action_uuid, resource_name, resource_id } = compensation;
  const sentence =
    work === null
      ? `${shorten(action_type, NAME_BYTES_MAX)} ${shorten(resource_name ?? resource_id ?? action_uuid, NAME_BYTES_MAX)}`
      : workSummary(work);
  return shorten(sentence, SUMMARY_BYTES_MAX);
}

function workSummary(work: CompensationWork): string {
  switch (work.kind) {
    case 'live_migrate':
      return `live-migrate ${short(work.serverName)}: ${short(work.from)} → ${short(work.to)}`;
    case 'cold_migrate':
      return `cold-migrate ${short(work.serverName)}: ${short(work.from)} → ${short(work.to)}`;
    case 'revert_resize':
      return `revert resize of ${short(work.serverName)}: ${short(work.from)} → ${short(work.to)}`;
    case 'start_server':
      return `start ${short(work.serverName)}`;
    case 'set_service_status':
      return `${work.to === 'enabled' ? 'enable' : 'disable'} nova-compute on ${short(work.host)}`;
    case 'set_node_power':
      return `${work.to} node ${short(work.nodeName)}`;
    default:
      return unreachable(work);
  }
}

function short(name: string): string {
  return shorten(name, NAME_BYTES_MAX);
}

/** The longest beginning that, with "…", fits; never half a character. Workflow code has no TextEncoder to rely on. */
export function shorten(text: string, bytesMax: number): string {
  if (bytesOf(text) <= bytesMax) return text;
  let kept = '';
  let bytes = bytesOf('…');
  for (const character of text) {
    bytes += bytesOf(character);
    if (bytes > bytesMax) break;
    kept += character;
  }
  return `${kept}…`;
}

function bytesOf(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else bytes += code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

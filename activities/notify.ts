/**
 * A notification in the shape of OpenStack's versioned notifications, as Watcher's own are
 * (watcher/notifications/base.py and action_plan.py; envelope: oslo.messaging), delivered to the webhook.
 */
import { hostname } from 'node:os';
import { failure } from './failures.js';
import type { NotificationPhase, NotifyInput } from './types.js';
import { deliver, type WebhookSettings } from './webhook.js';

/** Of the payload: a field more counts up the second number, a change of one the first. */
const PAYLOAD_VERSION = '1.0';

export async function notify(
  webhook: WebhookSettings | null,
  input: NotifyInput,
  signal: AbortSignal,
): Promise<void> {
  if (webhook === null) {
    // Another worker of the same queue may have one.
    throw failure('NotificationFailed', 'this worker has no ROLLBACK_WEBHOOK_URL');
  }
  await deliver(webhook, input.message_id, JSON.stringify(notificationOf(input)), signal);
}

export function notificationOf(input: NotifyInput): object {
  const { rollback } = input;
  return {
    event_type: `action_plan.rollback.${input.phase}`,
    priority: priorityOf(input.phase, rollback.state),
    publisher_id: `infra-optim:${hostname()}`,
    message_id: input.message_id,
    // As oslo.messaging writes it: UTC, microseconds.
    timestamp: input.time.replace('T', ' ').replace(/Z$/, '000'),
    payload: {
      'watcher_object.name': 'ActionPlanRollbackPayload',
      'watcher_object.namespace': 'watcher',
      'watcher_object.version': PAYLOAD_VERSION,
      'watcher_object.data': rollback,
    },
  };
}

function priorityOf(
  phase: NotificationPhase,
  state: NotifyInput['rollback']['state'],
): 'INFO' | 'WARNING' | 'ERROR' {
  if (phase === 'start') return 'INFO';
  if (state === 'FAILED') return 'ERROR';
  return phase === 'attention' || state !== 'SUCCEEDED' ? 'WARNING' : 'INFO';
}

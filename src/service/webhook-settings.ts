/** The webhook of the settings, looked at once at the start: a secret that cannot be read would be noticed too late. */
import { readFileSync } from 'node:fs';
import { secretOf, type WebhookSettings } from '../../activities/webhook.js';
import type { Config } from '../config.js';
import { StartError } from './start-error.js';

/** null: no notifications. Throws StartError. */
export function webhookOf({ url, secretFile, allow }: Config['webhook']): WebhookSettings | null {
  if (url === null || secretFile === null) return null;
  // Read at each delivery, so that a secret is changed without a restart.
  const secret = (): Buffer => secretOf(readFileSync(secretFile, 'utf8'));
  try {
    secret();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `ROLLBACK_WEBHOOK_SECRET_FILE (${secretFile}) cannot be used: ${reason}. It must hold the secret that signs notifications.`,
    );
  }
  return { url, secret, allow };
}

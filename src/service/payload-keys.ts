/** The keys that encrypt what Temporal keeps, read once at the start: without them nothing could be read there. */
import { readFileSync } from 'node:fs';
import type { Config } from '../config.js';
import { parseKeys, type PayloadKeys } from '../temporal/encryption-codec.js';
import { StartError } from './start-error.js';

/** null: payloads are not encrypted. Throws StartError, which has no key in it. */
export function payloadKeysOf({ payloadKeysFile: file }: Config['temporal']): PayloadKeys | null {
  if (file === null) return null;
  try {
    return parseKeys(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `ROLLBACK_PAYLOAD_KEYS_FILE (${file}) cannot be used: ${reason}. Make a key with: echo "$(date +%F) $(openssl rand -base64 32)"`,
    );
  }
}

/** The database of the embedded Temporal belongs to the user who runs it, and to nobody else. */
import { chmod } from 'node:fs/promises';

/** SQLite keeps what it is about to write beside the file. */
const PARTS = ['', '-wal', '-shm', '-journal'];
const OWN = 0o600;

/** The server makes its files readable for all, as the umask has it. */
export async function keepToOneself(dbFile: string): Promise<void> {
  for (const part of PARTS) {
    try {
      await chmod(`${dbFile}${part}`, OWN);
    } catch (error) {
      // Not there, or another user's who has let this one write to it: theirs to say who may read it.
      if (!isOneOf(error, ['ENOENT', 'EPERM'])) throw error;
    }
  }
}

function isOneOf(error: unknown, codes: readonly string[]): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return codes.includes(String(error.code));
}

/** The database of the embedded Temporal belongs to the user who runs it, and to nobody else. */
import { chmod } from 'node:fs/promises';
import { hasCode } from './file-lock.js';

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
      if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EPERM')) throw error;
    }
  }
}

/** Gets the Temporal CLI as the SDK itself gets it: a download, tried in a process of its own and given up soon. */
import { existsSync, readdirSync } from 'node:fs';
import { access, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../config.js';
import { lastLine, runProgram } from './run-program.js';

export type GetCli = { path: string } | { reason: string };

const PROGRAM = fileURLToPath(new URL('./download-cli-program.js', import.meta.url));
/** Until the first byte: machines behind a firewall must not wait. */
const NO_ANSWER_MS = 10_000;
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;

/** Into `target`, whole or not at all; `workFolder` is made and removed again. */
export async function downloadCli(
  target: string,
  workFolder: string,
  env: Environment,
): Promise<GetCli> {
  if (!existsSync(PROGRAM)) return { reason: 'the download is not part of this build' };
  await rm(workFolder, { recursive: true, force: true });
  await mkdir(workFolder, { recursive: true, mode: 0o700 });
  try {
    const end = await runProgram(process.execPath, [PROGRAM, workFolder], {
      env,
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
      giveUp: (elapsedMs) =>
        elapsedMs > NO_ANSWER_MS && readdirSync(workFolder).length === 0
          ? `no answer within ${NO_ANSWER_MS / 1000} s`
          : null,
    });
    const file = await executableIn(workFolder);
    if (file === null) return { reason: end.trouble ?? firstSentence(lastLine(end.stderr)) };
    await rename(file, target);
    return { path: target };
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function executableIn(folder: string): Promise<string | null> {
  for (const name of await readdir(folder)) {
    if (name.endsWith('.downloading')) continue;
    const file = join(folder, name);
    try {
      await access(file, constants.X_OK);
      return file;
    } catch {
      // Not the one.
    }
  }
  return null;
}

/** The SDK repeats the address in every cause that it names. */
function firstSentence(words: string): string {
  return words.replace(/ \(https?:[^)]*\).*$/, '').slice(0, 160);
}

/** Builds the Temporal CLI with Go: works where nothing but a Go module proxy can be reached. */
import { access, constants, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../config.js';
import { CLI_MODULE, CLI_VERSION, isOlder } from './cli-version.js';
import type { GetCli } from './download-cli.js';
import { lastLine, runProgram } from './run-program.js';

/** The first Go that fetches the newer Go that a module asks for by itself. */
const OLDEST_GO = '1.21.0';
const GO_VERSION_TIMEOUT_MS = 20_000;
/** Minutes on a good day; a small machine at its limits needs many. */
const BUILD_TIMEOUT_MS = 30 * 60_000;
const TELL_EVERY_MS = 30_000;

/** Into `target`, whole or not at all; `workFolder` is made and removed again. */
export async function buildCli(
  target: string,
  workFolder: string,
  env: Environment,
  say: (sentence: string) => void,
): Promise<GetCli> {
  const missing = await goMissing(env);
  if (missing !== null) return { reason: missing };
  say(
    `Building the Temporal CLI ${CLI_VERSION} with Go, once: 2 to 4 minutes and about 250 MB in ${target}.`,
  );
  await rm(workFolder, { recursive: true, force: true });
  await mkdir(workFolder, { recursive: true, mode: 0o700 });
  try {
    let toldMs = 0;
    const end = await runProgram('go', ['install', `${CLI_MODULE}@v${CLI_VERSION}`], {
      // GOOS and GOARCH would build for another machine, GOWORK would look at the user's own modules.
      env: {
        ...env,
        GOBIN: workFolder,
        CGO_ENABLED: '0',
        GOOS: undefined,
        GOARCH: undefined,
        GOWORK: 'off',
      },
      cwd: workFolder,
      timeoutMs: BUILD_TIMEOUT_MS,
      giveUp: (elapsedMs) => {
        if (elapsedMs - toldMs < TELL_EVERY_MS) return null;
        toldMs = elapsedMs;
        say(`Still building the Temporal CLI (${Math.round(elapsedMs / 1000)} s).`);
        return null;
      },
    });
    if (end.code !== 0) {
      return { reason: `"go install" failed: ${end.trouble ?? lastLine(end.stderr)}` };
    }
    const built = join(workFolder, 'temporal');
    await access(built, constants.X_OK);
    await rename(built, target);
    return { path: target };
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function goMissing(env: Environment): Promise<string | null> {
  const end = await runProgram('go', ['version'], { env, timeoutMs: GO_VERSION_TIMEOUT_MS });
  if (end.trouble !== null || end.code !== 0) return 'Go is not installed';
  const version = /go(\d+\.\d+(\.\d+)?)/.exec(end.stdout)?.[1] ?? '0.0';
  if (isOlder(version, OLDEST_GO)) {
    return `Go is ${version}, and ${OLDEST_GO} or newer is needed`;
  }
  return null;
}

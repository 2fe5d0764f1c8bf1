/**
 * The built service in processes of its own, each of which may be killed and started again: Temporal with its database
 * file, the API, and workers. As a user's own machine of the cloud: an admin of its own in Keystone.
 */
import { execFile, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureTemporalCli } from '../../scripts/lib/temporal-cli.mjs';
import { SERVER_SETTINGS } from '../../dist/src/temporal-server/server-settings.js';
import { Caller } from './caller.mjs';
import { until } from './cloud.mjs';
import { freePort, withoutOthers } from './service.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HOST = '127.0.0.1';
const READY = { limitMs: 60_000, everyMs: 50 };

/** One program through all its lives; what it says goes to one file. */
class Program {
  #child = null;

  constructor(recipe) {
    this.recipe = recipe;
  }

  /** Resolves when it is ready. */
  async start() {
    const { name, command, args, env, logFile, isReady } = this.recipe;
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece) => {
        said = (said + piece).slice(-20_000);
        appendFileSync(logFile, piece);
      });
    await until(
      `${name} is ready`,
      async () => {
        if (child.exitCode !== null) throw new Error(`${name} ended: ${said.slice(-2000)}`);
        return await isReady(said);
      },
      READY,
    );
  }

  /** SIGKILL; resolves when it is gone. @returns {Promise<number>} when it was sent, ms since 1970. */
  async kill() {
    const child = this.#child;
    const at = Date.now();
    if (child === null || child.exitCode !== null || child.signalCode !== null) return at;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    return at;
  }
}

/** @returns {Promise<Stage>} once all is ready; everything of it ends by `undo` at the latest. */
export async function openStage({ site, undo, settings = {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'rollback-test-stage-'));
  const programs = [];
  const user = await site.tools.user();
  const end = undo.later(async () => {
    await Promise.all(programs.map((program) => program.kill()));
    await user.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const [temporalPort, apiPort] = [await freePort(), await freePort()];
  const address = `${HOST}:${temporalPort}`;
  const logFile = join(folder, 'stage.log');
  const program = (recipe) => {
    programs.push(new Program({ logFile, ...recipe }));
    return programs.at(-1);
  };
  const cli = await ensureTemporalCli();
  const around = withoutOthers(process.env);
  // As src/temporal-server/dev-server.ts starts the embedded one.
  const temporal = program({
    name: 'temporal',
    command: cli,
    // prettier-ignore
    args: [
      'server', 'start-dev', '--headless', '--ip', HOST, '--port', String(temporalPort),
      '--db-filename', join(folder, 'temporal.db'), '--log-level', 'error', '--color', 'never',
      ...SERVER_SETTINGS,
    ],
    env: around,
    isReady: () => listens(temporalPort),
  });
  const env = {
    ...around,
    ...site.env,
    ...user.env,
    TEMPORAL_ADDRESS: address,
    ROLLBACK_PORT: String(apiPort),
    ROLLBACK_WORKER_METRICS_PORT: '0',
    ...settings,
  };
  const ours = (name, command) =>
    program({
      name,
      command: process.execPath,
      args: ['dist/src/main.js', command],
      env,
      isReady: (said) => said.includes('"ready"'),
    });
  const stage = new Stage(`http://${HOST}:${apiPort}`, {
    temporal,
    api: ours('api', 'api'),
    worker: ours('worker', 'worker'),
    another: ours('another worker', 'worker'),
    userId: user.id,
    cli: { path: cli, address },
    logFile,
    end,
  });
  await temporal.start();
  await Promise.all([stage.api.start(), stage.worker.start()]);
  return stage;
}

class Stage extends Caller {
  constructor(url, parts) {
    super(url);
    /** Programs: temporal, api, worker, another (worker, not started); the user that Nova knows the service by. */
    Object.assign(this, parts);
  }

  /** Starts the rollback and does not wait for its end; throws where it is refused. @returns {Promise<string>} its uuid. */
  async begin(plan, token) {
    const answer = await this.post(plan, token, { headers: { prefer: 'respond-async' } });
    if (answer.status === 200) return answer.body.uuid;
    throw new Error(`POST answers ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Events of the workflow's history: `{at, type, attributes}`; `at`: ms since 1970. */
  async history(plan) {
    const { path, address } = this.cli;
    // prettier-ignore
    const { stdout } = await promisify(execFile)(path, [
      'workflow', 'show', '--workflow-id', `rollback-${plan}`, '--address', address,
      '--output', 'json', '--disable-config-file', '--disable-config-env',
    ], { maxBuffer: 64 * 1024 * 1024 });
    return JSON.parse(stdout).events.map(({ eventId, eventTime, eventType, ...rest }) => ({
      id: eventId,
      at: Date.parse(eventTime),
      type: eventType.replace('EVENT_TYPE_', ''),
      attributes: Object.entries(rest).find(([key]) => key.endsWith('EventAttributes'))?.[1],
    }));
  }

  /** What its processes have said lately, for a failure. */
  log() {
    return readFileSync(this.logFile, 'utf8');
  }
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connectTo({ host: HOST, port });
    const is = (answer) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', is(true)).once('error', is(false));
  });
}

/**
 * `serve` and `worker`: the service in the foreground, as `npm start`, `npm run api` and `npm run worker` have it. The program
 * itself (src/main.ts) is started in this very process, so that a signal reaches it.
 */
import { type Exit, EXITS } from '../exit-codes.js';

export async function serveCommand(command: 'start' | 'api' | 'worker'): Promise<Exit> {
  process.argv.splice(2, Infinity, command);
  // It sets the exit code when it has ended.
  await import('../../main.js');
  const code = process.exitCode ?? 0;
  const [exit = 'defect'] = exitNames().filter((name) => EXITS[name].code === code);
  return exit;
}

function exitNames(): Exit[] {
  return ['succeeded', 'usage', 'interrupted', 'terminated'];
}

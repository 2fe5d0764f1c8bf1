/**
 * The command `watcher-rollback`. Only what reading the arguments needs is loaded here: everything else is imported by
 * the command that is asked for, so that `--help` and a shell's completion answer at once. npm starts it by
 * bin/watcher-rollback.mjs.
 */
import { CommanderError } from 'commander';
import { environment } from '../config.js';
import { EXITS } from './exit-codes.js';
import { Out } from './out.js';
import { Problem, problemDocument, usage } from './problem.js';
import { createProgram } from './program.js';

const HELP_CODES = ['commander.helpDisplayed', 'commander.help', 'commander.version'];

/** A reader that has seen enough (`| head`) is no failure. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const env = environment();
  let exit: keyof typeof EXITS = 'succeeded';
  const program = createProgram({
    env,
    ended: (how) => {
      exit = how;
    },
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXITS[exit].code;
  } catch (error) {
    if (error instanceof CommanderError && HELP_CODES.includes(error.code)) return error.exitCode;
    return ended(asProblem(error), new Out(jsonFlag(args), env), error instanceof CommanderError);
  }
}

function ended(problem: Problem, out: Out, alreadySaid: boolean): number {
  if (!alreadySaid) out.complain(problem.message);
  if (!out.text) out.answer(problemDocument(problem), () => '');
  return problem.code;
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof CommanderError)
    return usage(error.message.replace(/^error: /, '').replaceAll('\n', ' '));
  // A defect keeps its stack, so that it can be reported.
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Problem(stack, { type: 'InternalError', exit: 'defect' }, error);
}

/** As the command's own flags have it; arguments that cannot be read may hold it all the same. */
function jsonFlag(args: readonly string[]): { json?: boolean } {
  if (args.includes('--json')) return { json: true };
  return args.includes('--no-json') ? { json: false } : {};
}

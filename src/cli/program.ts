/** The commands, their arguments and their help: what commander needs to know, and nothing that takes time to load. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { Environment } from '../config.js';
import { DRIFT_POLICIES, HOST_POLICIES } from '../domain/options.js';
import { ROLLBACK_STATES } from '../domain/states.js';
import { readDuration } from './duration.js';
import type { Exit } from './exit-codes.js';
import { COMMAND_NOTES, EXAMPLES, PROGRAM_NOTES } from './help.js';
import { version } from './version.js';

export interface ProgramOptions {
  env: Environment;
  /** How the command ended. Where it throws instead, this is not called. */
  ended: (exit: Exit) => void;
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

const PLAN = 'UUID of the action plan, as "openstack optimize actionplan list" shows it';
const ACTION = 'UUID of the action whose compensation is meant';

export function createProgram(options: ProgramOptions): Command {
  const program = new Command('watcher-rollback')
    .description('Rolls back action plans of OpenStack Watcher, and tells how it goes.')
    .version(version(), '-V, --version')
    .helpCommand(true)
    .showHelpAfterError('("--help" shows what there is)')
    .exitOverride()
    .addHelpText('after', PROGRAM_NOTES);
  rolling(program, options);
  looking(program, options);
  controlling(program, options);
  serving(program, options);
  return program;
}

/** Commander hands out flags untyped; each command's own interface names what it reads of them. */
type Action<A extends unknown[]> = (...args: A) => Promise<Exit>;

function does<A extends unknown[]>({ ended }: ProgramOptions, action: Action<A>) {
  return async (...args: A): Promise<void> => ended(await action(...args));
}

function add(program: Command, name: string, summary: string): Command {
  const command = program.command(name).description(summary).summary(summary);
  const notes = COMMAND_NOTES[name] ?? '';
  const examples = EXAMPLES[name] ?? [];
  const shown =
    examples.length === 0 ? '' : `\nExamples:\n${examples.map((it) => `  ${it}`).join('\n')}`;
  return command.addHelpText('after', `${notes === '' ? '' : `\n${notes}\n`}${shown}`);
}

function asking(command: Command): Command {
  return command
    .option('--url <url>', 'address of the service (or ROLLBACK_URL; else what the catalog names)')
    .option('--os-cloud <name>', 'entry of clouds.yaml (or OS_CLOUD)')
    .option('--json', 'one JSON document on stdout, on a terminal too')
    .option('--no-json', 'text, where stdout is no terminal too')
    .option('-q, --quiet', 'say nothing on stderr but what went wrong');
}

function choosing(command: Command): Command {
  return command
    .option(
      '--max-age <time>',
      'greatest age of the end of the plan: seconds, or 90m, 12h, 2d',
      duration,
    )
    .addOption(
      new Option('--on-drift <what>', 'what somebody changed since the plan').choices(
        DRIFT_POLICIES,
      ),
    )
    .addOption(
      new Option('--hosts <what>', 'compute services and node power').choices(HOST_POLICIES),
    )
    .option('--allow-cold', 'permit a cold migration of an ACTIVE server that cannot go live')
    .option('--abort-stuck', 'abort a live migration of its own that makes no progress')
    .option('--max-failures <n>', 'start nothing new after so many FAILED', wholeNumber)
    .option('--action <uuid...>', 'only the compensations of these actions');
}

function waiting(command: Command): Command {
  return command
    .option('--timeout <time>', 'wait no longer: seconds, or 90m, 12h, 2d (exit code 8)', duration)
    .option('--junit <file>', 'write a JUnit report, whatever the end');
}

function rolling(program: Command, options: ProgramOptions): void {
  const { env } = options;
  const run = add(program, 'run', 'roll an action plan back, or join the rollback that runs')
    .argument('<plan>', PLAN)
    .option('-w, --wait', 'wait for the end; the exit code tells it');
  // Who names a time or a report means to wait.
  waiting(run).on('option:timeout', () => run.setOptionValue('wait', true));
  run.on('option:junit', () => run.setOptionValue('wait', true));
  asking(choosing(run)).action(
    does(options, async (plan: string, flags: object) => {
      const { runCommand } = await import('./commands/run.js');
      return await runCommand(plan, flags, env);
    }),
  );
  const preview = add(program, 'preview', 'what a rollback would do; nothing is touched');
  asking(choosing(preview.argument('<plan>', PLAN))).action(
    does(options, async (plan: string, flags: object) => {
      const { previewCommand } = await import('./commands/preview.js');
      return await previewCommand(plan, flags, env);
    }),
  );
}

function looking(program: Command, options: ProgramOptions): void {
  const { env } = options;
  const status = add(program, 'status', 'how far a rollback is, or how it ended');
  asking(
    status.argument('<plan>', PLAN).option('--all', 'every compensation of a large rollback'),
  ).action(
    does(options, async (plan: string, flags: object) => {
      const { statusCommand } = await import('./commands/status.js');
      return await statusCommand(plan, flags, env);
    }),
  );
  const watch = add(program, 'watch', 'follow a rollback to its end');
  asking(waiting(watch.argument('<plan>', PLAN))).action(
    does(options, async (plan: string, flags: object) => {
      const { watchCommand } = await import('./commands/watch.js');
      return await watchCommand(plan, flags, env);
    }),
  );
  const list = add(program, 'list', 'all rollbacks, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(ROLLBACK_STATES))
    .option('--limit <n>', 'so many at most', wholeNumber, 50)
    .option('--all', 'every one');
  asking(list).action(
    does(options, async (flags: object) => {
      const { listCommand } = await import('./commands/list.js');
      return await listCommand(flags, env);
    }),
  );
}

function controlling(program: Command, options: ProgramOptions): void {
  const { env } = options;
  const verbs = {
    cancel: 'start nothing new; what is in flight ends',
    pause: 'start nothing new until it is resumed',
    resume: 'go on after a pause',
    retry: 'try a FAILED compensation again',
    skip: 'leave a compensation out',
  } as const;
  for (const verb of ['cancel', 'pause', 'resume'] as const) {
    asking(add(program, verb, verbs[verb]).argument('<plan>', PLAN)).action(
      does(options, async (plan: string, flags: object) => {
        const { controlCommand } = await import('./commands/control.js');
        return await controlCommand({ verb, plan, action: null, flags, env });
      }),
    );
  }
  for (const verb of ['retry', 'skip'] as const) {
    const command = add(program, verb, verbs[verb]).argument('<plan>', PLAN);
    asking(command.argument('<action>', ACTION)).action(
      does(options, async (plan: string, action: string, flags: object) => {
        const { controlCommand } = await import('./commands/control.js');
        return await controlCommand({ verb, plan, action, flags, env });
      }),
    );
  }
}

function serving(program: Command, options: ProgramOptions): void {
  const { env } = options;
  const doctor = add(
    program,
    'doctor',
    'check OpenStack, Temporal and the service, and say what to fix',
  );
  asking(doctor).action(
    does(options, async (flags: object) => {
      const { doctorCommand } = await import('./commands/doctor.js');
      return await doctorCommand(flags, env);
    }),
  );
  add(
    program,
    'serve',
    'the service: API and worker, and Temporal where TEMPORAL_ADDRESS names none',
  )
    .option('--api-only', 'the API alone')
    .action(
      does(options, async ({ apiOnly }: { apiOnly?: boolean }) => {
        const { serveCommand } = await import('./commands/serve.js');
        return await serveCommand(apiOnly === true ? 'api' : 'start');
      }),
    );
  add(program, 'worker', 'a worker alone').action(
    does(options, async () => {
      const { serveCommand } = await import('./commands/serve.js');
      return await serveCommand('worker');
    }),
  );
  add(program, 'completion', "the shell's completion of this command, as a script")
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action(
      does(options, async (shell: (typeof SHELLS)[number]) => {
        const { completionScript } = await import('./completion.js');
        process.stdout.write(completionScript(program, shell));
        return 'succeeded';
      }),
    );
}

function duration(text: string): number {
  const seconds = readDuration(text);
  if (seconds === null)
    throw new InvalidArgumentError('It is a time up to 20 days: 600, 90m, 12h, 2d.');
  return seconds;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.');
  return Number(text);
}

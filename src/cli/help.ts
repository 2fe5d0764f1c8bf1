/** What `--help` teaches besides the options. Pure. */
import { exitCodeLines } from './exit-codes.js';

export const PROGRAM_NOTES = `
How to begin:
  watcher-rollback doctor                    is everything there, and may I?
  watcher-rollback preview PLAN              what would come back, and what not
  watcher-rollback run PLAN --wait           roll back; watch it on a terminal
  watcher-rollback run PLAN --wait --junit rollback.xml    the same in a pipeline

Where it asks: ROLLBACK_URL or --url; else the service "infra-optim-rollback" of Keystone's
catalog; else "infra-optim", where the rollback service stands in front of Watcher.
Who asks: OS_CLOUD with clouds.yaml, or OS_AUTH_URL, OS_USERNAME, …, as for the openstack
client (password, application credential or token); or OS_TOKEN with ROLLBACK_URL alone.

On a terminal answers are text. Piped, or with --json, stdout is exactly one JSON document
(an {"error": …} where it went wrong); sentences for people go to stderr.

Exit codes:
${exitCodeLines().join('\n')}
`;

export const COMMAND_NOTES: Readonly<Record<string, string>> = {
  run: `Without --wait (--timeout and --junit wait, too) the command ends as soon as the rollback is accepted (0). With it, the exit code
tells the end: 0 SUCCEEDED, 3 PARTIAL, 4 FAILED, 5 CANCELLED, 8 where --timeout is over.
Ctrl-C ends the waiting, not the rollback: "watch" comes back to it, "cancel" ends it.
Asking again is safe: a rollback that runs is joined, one that SUCCEEDED is returned, and
after any other end what was left unfinished is taken up again.`,
  watch: `Exit codes as of "run --wait". Ctrl-C ends the watching, not the rollback.`,
  status: `The exit code tells the state: 0 SUCCEEDED, 3 PARTIAL, 4 FAILED, 5 CANCELLED, 9 not ended yet.`,
  preview: `Exit code 0 where a rollback would be accepted, 6 where it would be refused.`,
  doctor: `Uses the same settings as the service and the commands. Exit code 10 where something is to be
put right.`,
  completion: `bash:  source <(watcher-rollback completion bash)
zsh:   watcher-rollback completion zsh > "\${fpath[1]}/_watcher-rollback"
fish:  watcher-rollback completion fish > ~/.config/fish/completions/watcher-rollback.fish`,
};

const ACTION = '6c1d0f6e-76b1-4e0f-8d7e-0c1f0a8b9d11';
const PLAN = '1f4d1a6e-2a3c-4a55-9f0c-8f5c3b0e7d21';

export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  run: [
    `watcher-rollback run ${PLAN} --wait`,
    `watcher-rollback run ${PLAN} --max-age 12h --on-drift restore`,
    `watcher-rollback run ${PLAN} --wait --timeout 30m --junit rollback.xml > rollback.json`,
  ],
  preview: [`watcher-rollback preview ${PLAN} --on-drift fail`],
  status: [`watcher-rollback status ${PLAN} --json | jq .counts`],
  watch: [`watcher-rollback watch ${PLAN}`],
  list: ['watcher-rollback list --state ONGOING'],
  cancel: [`watcher-rollback cancel ${PLAN}`],
  pause: [`watcher-rollback pause ${PLAN}`],
  resume: [`watcher-rollback resume ${PLAN}`],
  retry: [`watcher-rollback retry ${PLAN} ${ACTION}`],
  skip: [`watcher-rollback skip ${PLAN} ${ACTION}`],
  doctor: ['watcher-rollback doctor', 'watcher-rollback doctor --os-cloud mycloud --json'],
  serve: [
    'OS_CLOUD=mycloud watcher-rollback serve',
    'OS_CLOUD=mycloud TEMPORAL_ADDRESS=temporal.example:7233 watcher-rollback serve --api-only',
  ],
  worker: ['OS_CLOUD=mycloud TEMPORAL_ADDRESS=temporal.example:7233 watcher-rollback worker'],
  completion: ['source <(watcher-rollback completion bash)'],
};

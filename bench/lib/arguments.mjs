// The command line that all benchmarks share: [NAME…] [--short] [--runs N] [--out FILE] [--verbose]. Exit 2: it makes no sense.
import { parseArgs } from 'node:util';

/** `names`: what can be asked for; `what`: one of them is called so. `runs`: how many, of a long run and of a short one. */
export function argumentsOf({ names, what, runs: usual }) {
  const { values, positionals } = parsed();
  const { short, out = null, verbose } = values;
  const runs = Number(values.runs ?? (short ? usual.short : usual.long));
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined)
    refuse(`There is no ${what} ${unknown}; ${what}s are ${names.join(', ')}.`);
  if (!Number.isInteger(runs) || runs < 1) refuse('--runs must be a whole number from 1.');
  return { short, out, verbose, runs, wanted: positionals };
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        short: { type: 'boolean', default: false },
        runs: { type: 'string' },
        out: { type: 'string' },
        verbose: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse(error.message);
  }
}

function refuse(sentence) {
  console.error(sentence);
  process.exit(2);
}

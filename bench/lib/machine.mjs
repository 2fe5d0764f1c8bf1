// What the figures were measured on, without which they say nothing.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/lib/run.mjs';
import { ensureTemporalCli } from '../../scripts/lib/temporal-cli.mjs';

export async function machine() {
  const sdk = join(ROOT, 'node_modules/@temporalio/worker/package.json');
  const { version } = JSON.parse(readFileSync(sdk, 'utf8'));
  const cli = execFileSync(await ensureTemporalCli(), ['--version'], { encoding: 'utf8' });
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()}`,
    node: process.versions.node,
    temporalSdk: version,
    temporal: cli.trim(),
  };
}

/** Which code is measured; null outside a clone. */
export function commit() {
  try {
    const git = (...args) =>
      execFileSync('git', args, {
        cwd: ROOT,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    const changed = git('status', '--porcelain', '--', '.', ':!bench/results.json', ':!docs');
    return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
  } catch {
    return null;
  }
}

/** What else ran: measured at the start of each part. */
export function loadNow() {
  return Number(loadavg()[0].toFixed(2));
}

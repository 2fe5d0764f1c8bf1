// What processes take of the machine, by /proc. Linux.
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second of /proc, on every Linux that Node runs on. */
const TICKS = 100;

/** What a process takes now: MB of memory, open files (sockets among them), threads, seconds of CPU so far. Linux. */
export function takes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  // After the name in brackets, which may have spaces: utime and stime are the 14th and 15th field of all.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return {
    memoryMb: Math.round(field('VmRSS') / 1024),
    files: readdirSync(`/proc/${pid}/fd`).length,
    threads: field('Threads'),
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS,
  };
}

/** The most memory that it has had since its start, MB. Linux. */
export function peakMemoryMb(pid) {
  const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(peak?.[1] ?? 0) / 1024);
}

/** Samples all processes every second until it is stopped: first, highest and last of each figure. */
export function sampling(pids) {
  const samples = [];
  const timer = setInterval(() => {
    samples.push(Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, takes(pid)])));
  }, 1000);
  return {
    samples,
    stop() {
      clearInterval(timer);
      const figures = {};
      for (const name of Object.keys(pids))
        for (const what of ['memoryMb', 'files', 'threads', 'cpuSeconds']) {
          const all = samples.map((sample) => sample[name][what]);
          figures[`${name} ${what}`] = {
            first: all[0],
            highest: Math.max(...all),
            last: all.at(-1),
          };
        }
      return figures;
    },
  };
}

// What the scripts tell the person who waits: sentences on stderr, so that stdout stays what was asked for.
export function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

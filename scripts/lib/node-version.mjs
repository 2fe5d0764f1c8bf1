// One sentence where Node is too old for the rest. Written so that old Nodes can read it.
const OLDEST = [20, 3];

export function requireNode() {
  const have = process.versions.node.split('.').map(Number);
  if (have[0] > OLDEST[0] || (have[0] === OLDEST[0] && have[1] >= OLDEST[1])) return;
  console.error(
    'watcher-rollback needs Node ' +
      OLDEST.join('.') +
      ' or newer and this is ' +
      process.versions.node +
      '; install a newer one from https://nodejs.org and start again.',
  );
  process.exit(2);
}

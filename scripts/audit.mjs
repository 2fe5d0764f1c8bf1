// `npm run audit`: known vulnerabilities of what runs the service. Exit 1 where there are any; where the registry has no
// such list, that is said and is no failure: nothing is known then.
import { spawnSync } from 'node:child_process';

const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  timeout: 120_000,
});
if (error !== undefined) throw error;
const report = readReport(stdout);
if (report?.metadata?.vulnerabilities === undefined) {
  console.log('The registry gives no list of vulnerabilities here, so none was looked at.');
} else {
  const { total, ...bySeverity } = report.metadata.vulnerabilities;
  console.log(`Known vulnerabilities of what runs the service: ${total}.`);
  if (total > 0) {
    console.log(JSON.stringify(bySeverity));
    console.log(Object.keys(report.vulnerabilities).join(', '));
    process.exitCode = 1;
  }
}

function readReport(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

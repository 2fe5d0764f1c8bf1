/** The end of the demo: the table, the figures, and whether the cloud is as it was. */
import type { RollbackResult } from '../domain/result.js';
import type { CloudSnapshot } from '../simulated-cloud/types.js';
import { differences } from './differences.js';
import type { Screen } from './screen.js';
import { hostTable } from './table.js';

export interface VerdictInput {
  before: CloudSnapshot;
  after: CloudSnapshot;
  now: CloudSnapshot;
  result: RollbackResult;
  seconds: number;
}

/** True where the cloud's own state is that before the plan, and the service says so too. */
export function showVerdict(input: VerdictInput, screen: Screen): boolean {
  const { before, after, now, result, seconds } = input;
  const different = differences(before, now);
  screen.heading('The cloud, host by host');
  screen.lines(hostTable(before, after, now, (text, mark) => screen.paint(text, mark)));
  screen.line();
  screen.lines(figures(result, seconds));
  if (different.length === 0) {
    const done = result.state === 'SUCCEEDED';
    screen.line(screen.paint(sameSentence(before, after), done ? 'restored' : 'different'));
    return done;
  }
  screen.line(screen.paint('The cloud is not as it was before the plan:', 'different'));
  screen.lines(different.map((sentence) => `  ${sentence}`));
  return false;
}

function figures(result: RollbackResult, seconds: number): string[] {
  const counts = Object.entries(result.counts).map(([outcome, count]) => `${count} ${outcome}`);
  const { web_url: webUrl } = result.workflow;
  const failure = result.failure === null ? [] : [`failure   ${result.failure.message}`];
  return [
    `rollback  ${result.state} in ${seconds.toFixed(1)} s: ${counts.join(', ')}`,
    ...failure,
    ...(webUrl === null ? [] : [`Web UI    ${webUrl}`]),
  ];
}

function sameSentence(before: CloudSnapshot, after: CloudSnapshot): string {
  const count = differences(before, after).length;
  return `The cloud itself says: as before the plan. All ${count} differences that the plan had made are gone.`;
}

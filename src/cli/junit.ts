/**
 * A rollback as a JUnit report: one test case for the rollback as a whole, and one per compensation that asks "is it as
 * the plan found it?". The report is green exactly where the rollback is SUCCEEDED. Pure.
 *
 * - SUCCEEDED: passed. SKIPPED: skipped (nothing was to be done).
 * - KEPT, NOT_REVERSIBLE, FAILED: failure (it is not as the plan found it), with the outcome as its type.
 * - NOT_ATTEMPTED, and PENDING or ONGOING where the waiting ended early: error (there is no verdict).
 */
import type { CompensationAnswer, ResultAnswer } from './answers.js';
import type { Problem } from './problem.js';
import { between, changeOf, countsOf, resourceName } from './words.js';

export interface JunitReport {
  plan: string;
  /** null: the service never answered with one. */
  result: ResultAnswer | null;
  /** All of them, also where the result is truncated. */
  compensations: CompensationAnswer[];
  /** Why the command did not come to the end of the rollback. */
  problem: Problem | null;
}

type Verdict = 'passed' | 'skipped' | 'failure' | 'error';

interface TestCase {
  name: string;
  className: string;
  verdict: Verdict;
  /** Type of a failure or an error. */
  type: string;
  message: string;
  seconds: number;
}

const VERDICTS: Readonly<Record<string, Verdict>> = {
  SUCCEEDED: 'passed',
  SKIPPED: 'skipped',
  KEPT: 'failure',
  NOT_REVERSIBLE: 'failure',
  FAILED: 'failure',
};

export function junit({ plan, result, compensations, problem }: JunitReport): string {
  const cases = [whole(plan, result, problem), ...compensations.map(caseOf)];
  const counts = (verdict: Verdict): number =>
    cases.filter((one) => one.verdict === verdict).length;
  const seconds = result === null ? 0 : between(result.created_at, result.updated_at) / 1000;
  const totals =
    `tests="${cases.length}" failures="${counts('failure')}" errors="${counts('error')}"` +
    ` time="${seconds.toFixed(3)}"`;
  // Jenkins's schema (xunit-plugin's junit-10.xsd) knows it of a suite, not of the suites.
  const skipped = `skipped="${counts('skipped')}"`;
  // The format knows no zone: it is UTC.
  const started =
    result === null ? '' : ` timestamp="${attribute(result.created_at.slice(0, 19))}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="watcher-rollback" ${totals}>`,
    `  <testsuite name="${attribute(`rollback of action plan ${plan}`)}" ${totals} ${skipped}${started}>`,
    ...cases.flatMap(lines),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function whole(plan: string, result: ResultAnswer | null, problem: Problem | null): TestCase {
  const name = `rollback of action plan ${plan}`;
  const about = { name, className: 'watcher-rollback', seconds: 0 };
  if (problem !== null) {
    const type = problem.type ?? 'Refused';
    return { ...about, verdict: 'error', type, message: problem.message };
  }
  if (result === null || result.state === 'SUCCEEDED')
    return { ...about, verdict: 'passed', type: '', message: '' };
  const said = result.failure?.message ?? countsOf(result.counts);
  return {
    ...about,
    verdict: 'failure',
    type: result.state,
    message: `${result.state}: ${said}`,
  };
}

function caseOf(it: CompensationAnswer): TestCase {
  // Uniquely, and alike from run to run: systems compare reports by name.
  const name = `${it.action_type} ${resourceName(it)} (action ${it.action_uuid})`;
  const reason = it.reason === null || it.reason === '' ? changeOf(it) : it.reason;
  return {
    name,
    className: `watcher-rollback.${it.action_type}`,
    verdict: VERDICTS[it.state] ?? 'error',
    type: it.state,
    message: `${it.state}: ${reason}`,
    seconds: between(it.started_at, it.finished_at) / 1000,
  };
}

function lines({ name, className, verdict, type, message, seconds }: TestCase): string[] {
  const open = `    <testcase classname="${attribute(className)}" name="${attribute(name)}" time="${seconds.toFixed(3)}"`;
  if (verdict === 'passed') return [`${open}/>`];
  const kind = verdict === 'skipped' ? '' : ` type="${attribute(type)}"`;
  const start = `      <${verdict}${kind} message="${attribute(message)}"`;
  // Jenkins shows the attribute, GitLab the text between the tags.
  const inner = verdict === 'skipped' ? '/>' : `>${escaped(message)}</${verdict}>`;
  return [`${open}>`, start + inner, '    </testcase>'];
}

/** XML 1.0 has no way to write most control characters and lone surrogates: they are left out. */
// oxlint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Cs}/gu;

function escaped(text: string): string {
  return text
    .replaceAll(NOT_XML, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** Tabs and line ends would be read as blanks in any case. */
function attribute(text: string): string {
  return escaped(text)
    .replaceAll('"', '&quot;')
    .replaceAll(/[\t\n\r]/g, ' ');
}

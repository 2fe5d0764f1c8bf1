/** docs/errors.md as text, made from the one list of failures; tidy.test.ts keeps the file in step with it. */
import { FAILURES, type FailureInfo } from '../src/domain/failures.js';

const HEAD = `# Errors

<!-- Made by "npm run docs" from src/domain/failures.ts: change it there. -->

Every failure has a type. The REST API answers with the HTTP status below and a sentence of its own for the case at
hand; in Temporal the type is that of the \`ApplicationFailure\`.
`;

/** Whole, formatted as prettier formats it. */
export function errorsDocument(): string {
  const entries: [string, FailureInfo][] = Object.entries(FAILURES);
  const statuses = [...new Set(entries.map(([, { status }]) => status))].toSorted(
    (a, b) => (a ?? Number.MAX_SAFE_INTEGER) - (b ?? Number.MAX_SAFE_INTEGER),
  );
  const sections = statuses.map((status) => {
    const title =
      status === null ? 'In the result of a rollback, not as an HTTP status' : String(status);
    return section(
      title,
      entries.filter(([, info]) => info.status === status && info.command !== true),
    );
  });
  const command = section(
    'Said by the command `watcher-rollback` itself',
    entries.filter(([, info]) => info.command === true),
  );
  return [HEAD, ...sections, command].join('\n');
}

function section(title: string, entries: [string, FailureInfo][]): string {
  const rows = entries.map(([type, info]) => {
    const again = info.retryable ? ' Asking again later, unchanged, may succeed.' : '';
    return `- \`${type}\`: ${withCode(info.meaning)}${again}`;
  });
  return `## ${title}\n\n${rows.join('\n')}\n`;
}

/** Names of variables, options and patterns, which Markdown would read as emphasis. */
function withCode(text: string): string {
  return text.replaceAll(/\b[A-Za-z]+_[A-Za-z_*]*/g, (name) => `\`${name}\``);
}

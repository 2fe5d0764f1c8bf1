/** README's table of settings; tidy.test.ts keeps it in step with src/config/settings-table.ts. */
import { settingsMarkdown } from '../src/config/describe.js';

const FIRST_CELLS = '| variable | default |';

/** README with the table of today; null where it has no such table. */
export function withSettings(readme: string): string | null {
  const lines = readme.split('\n');
  const first = lines.findIndex((line) => withoutPadding(line).startsWith(FIRST_CELLS));
  if (first === -1) return null;
  const length = lines.slice(first).findIndex((line) => !line.startsWith('|'));
  lines.splice(first, length === -1 ? lines.length : length, settingsMarkdown());
  return lines.join('\n');
}

/** The formatter pads cells to columns. */
export function withoutPadding(markdown: string): string {
  return markdown.replaceAll(/-{3,}/g, '---').replaceAll(/ {2,}/g, ' ');
}

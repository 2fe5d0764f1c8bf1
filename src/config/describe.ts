/** The settings in words, made from the table: for `--help` and for README. It reads no environment. */
import { SETTING_LIST } from './settings-table.js';

/** A Markdown table, one row per setting; a test keeps README's copy in step. */
export function settingsMarkdown(): string {
  const rows = SETTING_LIST.map((setting) => {
    const byDefault = setting.default === null ? '' : `\`${setting.default}\``;
    return `| \`${setting.name}\` | ${byDefault} | ${setting.meaning} | ${setting.kind.allowed} |`;
  });
  return ['| variable | default | meaning | allowed |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

/** Plain text, two lines per setting. */
export function settingsHelp(): string {
  return SETTING_LIST.map((setting) => {
    const byDefault = setting.default === null ? '' : `=${setting.default}`;
    return `  ${setting.name}${byDefault}\n      ${setting.meaning} It is ${setting.kind.allowed}.`;
  }).join('\n');
}

/** Writes what is made from the code into the documents: docs/errors.md, docs/licences.md and README's table of settings. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { errorsDocument } from './errors-document.js';
import { licencesDocument, type Lock } from './licences-document.js';
import { withSettings } from './settings-document.js';

const ROOT = new URL('../../', import.meta.url);

await write('docs/errors.md', errorsDocument());
const lock = JSON.parse(await readFile(new URL('package-lock.json', ROOT), 'utf8')) as {
  packages: Lock;
};
await write('docs/licences.md', licencesDocument(lock.packages));
const readme = withSettings(await readFile(new URL('README.md', ROOT), 'utf8').catch(() => ''));
if (readme === null) process.stderr.write('README.md has no table of settings yet.\n');
else await write('README.md', readme);

async function write(name: string, text: string): Promise<void> {
  const path = fileURLToPath(new URL(name, ROOT));
  const options = await resolveConfig(path);
  await writeFile(path, await format(text, { ...options, filepath: path }));
}

/** docs/licences.md from the lock file: every package that is installed to run the service, by licence. */

/** Licences that may be combined with Apache-2.0 and ask for no more than to be named. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 AND MIT',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC-BY-4.0',
  'ISC',
  'MIT',
  'Unlicense',
]);
/** Packages whose package.json names none; read from the LICENSE file that they ship. */
const NAMED_IN_A_FILE: Readonly<Record<string, string>> = { unionfs: 'Unlicense' };

interface LockedPackage {
  version?: string;
  license?: string;
  dev?: boolean;
}

export type Lock = Readonly<Record<string, LockedPackage>>;

/** "name version" of every package by its licence; `packages` is the lock file's own field. */
export function packagesByLicence(packages: Lock): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [path, { version, license, dev }] of Object.entries(packages)) {
    if (path === '' || dev === true) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const licence = license ?? NAMED_IN_A_FILE[name] ?? 'none named';
    const own = `${name} ${version ?? ''}`;
    const others = found.get(licence) ?? [];
    if (!others.includes(own)) others.push(own);
    found.set(licence, others);
  }
  return new Map([...found].toSorted(([a], [b]) => a.localeCompare(b)));
}

/** Licences of the list that nobody has looked at. */
export function unknownLicences(packages: Lock): string[] {
  return [...packagesByLicence(packages)]
    .filter(([licence]) => !ALLOWED.has(licence))
    .map(([licence, names]) => `${licence}: ${names.join(', ')}`);
}

export function licencesDocument(packages: Lock): string {
  const parts = [...packagesByLicence(packages)].map(
    ([licence, names]) => `## ${licence}\n\n${names.toSorted().join(', ')}\n`,
  );
  return `# Licences

Written by \`npm run docs\` from package-lock.json: what \`npm ci --omit=dev\` installs, for every platform. The service itself is Apache-2.0. \`npm run sbom\` writes the same packages as a CycloneDX document, sbom.cdx.json.

${parts.join('\n')}`;
}

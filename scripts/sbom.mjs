// `npm run sbom`: sbom.cdx.json, CycloneDX, of what `npm ci --omit=dev` installs, and whether nothing is missing in it.
// `npm sbom --omit dev` by itself leaves out what development needs too, so npm is given a copy without any of that.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OUT = 'sbom.cdx.json';

/** The file's JSON without what is for development alone. */
function withoutDevelopment(file) {
  const json = JSON.parse(readFileSync(file, 'utf8'));
  delete json.devDependencies;
  if (json.packages === undefined) return json;
  const kept = Object.entries(json.packages).filter(([, { dev }]) => dev !== true);
  delete json.packages[''].devDependencies;
  return { ...json, packages: Object.fromEntries(kept) };
}

const folder = mkdtempSync(join(tmpdir(), 'rollback-sbom-'));
try {
  const files = ['package.json', 'package-lock.json'].map((name) => {
    const json = withoutDevelopment(name);
    writeFileSync(join(folder, name), JSON.stringify(json));
    return json;
  });
  const text = execFileSync(
    'npm',
    ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--loglevel=error'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  const listed = new Set(
    JSON.parse(text).components.map((one) => {
      const name = one.group === undefined ? one.name : `${one.group}/${one.name}`;
      return `${name} ${one.version}`;
    }),
  );
  const missing = Object.entries(files[1].packages)
    .filter(([path]) => path !== '')
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)} ${version}`)
    .filter((one) => !listed.has(one));
  if (missing.length > 0) throw new Error(`npm left out ${missing.length}: ${missing.join(', ')}`);
  writeFileSync(OUT, text);
  console.log(`${OUT}: ${listed.size} packages`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

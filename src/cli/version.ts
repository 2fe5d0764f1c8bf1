/** The version of the package that this file is in. */
import { existsSync, readFileSync } from 'node:fs';

/** From dist/src/cli and from src/cli. */
const PLACES = ['../../../package.json', '../../package.json'];

export function version(): string {
  for (const place of PLACES) {
    const file = new URL(place, import.meta.url);
    if (!existsSync(file)) continue;
    const match = /"version":\s*"([^"]+)"/.exec(readFileSync(file, 'utf8'));
    if (match?.[1] !== undefined) return match[1];
  }
  return 'unknown';
}

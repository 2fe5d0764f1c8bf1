/**
 * A real Chromium that looks at the page as an operator does: the system's own, driven by playwright-core. Where there is
 * none the tests are left out, but for CI, where that is a failure.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ensureBuilt, ROOT } from '../support/built.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
export const UI_FOLDER = join(ROOT, 'dist', 'src', 'ui');

export function findChromium(): string | null {
  const given = process.env['CHROMIUM_PATH'];
  if (given !== undefined) return given;
  const folders = (process.env['PATH'] ?? '').split(':');
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find((path) => existsSync(path)) ?? null;
}

const found = findChromium();
const inCi = process.env['CI'] === 'true';
if (found === null && !inCi) {
  process.stderr.write(
    'No Chromium is found, so the tests of the page in a browser are left out: apt-get install chromium, or set CHROMIUM_PATH.\n',
  );
}
/** `describe` where there is a Chromium, or where there must be one. */
export const describeInChromium: jest.Describe = found === null && !inCi ? describe.skip : describe;

export async function startBrowser(): Promise<Browser> {
  if (found === null) throw new Error('No Chromium is found: apt-get install chromium.');
  ensureBuilt();
  // As root, as in a container, Chromium has no sandbox of its own.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  // Containers have little shared memory.
  const args = [...sandbox, '--disable-dev-shm-usage'];
  return chromium.launch({ executablePath: found, args, headless: true });
}

/** For the report of a failure. */
export function chromiumVersion(): string {
  return found === null ? 'none' : execFileSync(found, ['--version'], { encoding: 'utf8' }).trim();
}

/** What the browser complained of; a page that is well has nothing here but refusals of the API that a test provoked. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // Every answer of 4xx and every lost connection is told in the console, however well the page takes it.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource:'))
      complaints.push(`console: ${text}`);
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    const own = new URL(page.url() === 'about:blank' ? request.url() : page.url()).origin;
    if (origin !== own && protocol !== 'data:') complaints.push(`foreign: ${request.url()}`);
  });
  return complaints;
}

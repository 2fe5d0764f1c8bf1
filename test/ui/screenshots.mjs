// Makes the pictures of docs/images again: `node test/ui/screenshots.mjs`. The page on a simulated cloud, and Temporal's Web
// UI of the same rollback, in the system's Chromium (CHROMIUM_PATH, else /usr/bin/chromium). What is shown is what is there.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ensureBuilt } from '../../scripts/lib/build.mjs';
import { ROOT } from '../../scripts/lib/run.mjs';
import { say } from '../../scripts/lib/say.mjs';
import { load, startBuiltService } from '../support/built-service.mjs';

/** Without IMAGES only those of the documents are made; with it all, to be looked at. */
const IMAGES = process.env.IMAGES ?? join(ROOT, 'docs', 'images');
const OF_THE_DOCUMENTS = ['page-preview', 'page-running', 'temporal-finished'];
const SIZE = { width: 1280, height: 1000 };

async function startAll(folder) {
  const { startDemoCloud, maintain } = await load('demo/scene.js');
  const sim = await startDemoCloud();
  const service = await startBuiltService(sim, folder, 'pictures', {
    uiFolder: join(ROOT, 'dist/src/ui'),
  });
  const plan = await maintain(sim);
  return { sim, service, plan };
}

async function pictures(browser, { sim, service, plan }) {
  const shot = async (page, name, fullPage = false) => {
    if (process.env.IMAGES === undefined && !OF_THE_DOCUMENTS.includes(name)) return;
    await page.screenshot({ path: join(IMAGES, `${name}.png`), fullPage });
  };
  const token = sim.issueToken({ userName: 'anna', roles: ['admin'] });
  const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' });
  await page.goto(`${service.apiUrl}/ui/#/plans/${plan}/preview`);
  await page.getByLabel('Token', { exact: true }).fill(token);
  await page.getByLabel('Token', { exact: true }).press('Enter');
  await page.getByRole('button', { name: 'Start the rollback…' }).waitFor();
  await shot(page, 'page-preview');
  await page.getByRole('button', { name: 'Start the rollback…' }).click();
  await page.getByRole('button', { name: 'Start the rollback', exact: true }).click();
  await page.locator('.now .server.succeeded').first().waitFor();
  // Servers in the middle of their move would cover one another.
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.locator('.now .server.succeeded').nth(1).waitFor();
  await shot(page, 'page-running');
  const web = await browser.newPage({ viewport: SIZE });
  await web.goto(`${service.webUrl}/namespaces/default/workflows/rollback-${plan}`);
  await web.getByText('vm-', { exact: false }).first().waitFor();
  await shot(web, 'temporal-running');
  await web.getByText('User Metadata', { exact: true }).first().click();
  await web.getByText('live-migrate', { exact: false }).first().waitFor();
  await shot(web, 'temporal-details');
  await countRows(web, service, plan, "ExecutionStatus = 'Running'");
  await page.locator('.summary .badge.succeeded').waitFor();
  await page.emulateMedia({ colorScheme: 'light' });
  await shot(page, 'page-finished', true);
  await page.setViewportSize({ width: 360, height: 740 });
  await shot(page, 'page-narrow', true);
  await page.goto(`${service.apiUrl}/ui/#/plans/11111111-2222-4333-8444-555555555555/preview`);
  await page.getByRole('alert').first().waitFor();
  await shot(page, 'page-refused');
  await web.goto(`${service.webUrl}/namespaces/default/workflows/rollback-${plan}`);
  await web.getByText('vm-', { exact: false }).first().waitFor();
  await shot(web, 'temporal-finished');
  await countRows(web, service, plan, "RollbackState != 'SUCCEEDED'");
  await countRows(web, service, plan, "RollbackState = 'SUCCEEDED'");
  await shot(web, 'temporal-list');
}

/** A saved view of docs/operations.md, as the Web UI answers it. */
async function countRows(web, service, plan, condition) {
  const query = `WorkflowType = 'RollbackActionPlan' AND ${condition}`;
  const path = `/namespaces/default/workflows?query=${encodeURIComponent(query)}`;
  await web.goto(`${service.webUrl}${path}`);
  await web.waitForLoadState('networkidle');
  say(`${query}: ${await web.getByText(`rollback-${plan}`).count()} rows`);
}

await ensureBuilt();
mkdirSync(IMAGES, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'watcher-rollback-pictures-'));
const all = await startAll(folder);
const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args });
try {
  await pictures(browser, all);
} finally {
  await browser.close();
  await all.service.stop();
  await all.sim.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

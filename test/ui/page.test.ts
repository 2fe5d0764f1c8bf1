/** The page for operators in a real Chromium, with the whole service and a simulated cloud behind it. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { PreviewResult } from '../../src/domain/preview.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { startTemporal } from '../support/temporal.js';
import { maintenanceScene, type Scene } from '../service/scene.js';
import {
  type ServiceForTest,
  type ServiceOptions,
  startServiceForTest,
} from '../service/service.js';
import { complaintsOf, describeInChromium, startBrowser, UI_FOLDER } from './browser.js';
import { startCable } from './proxy.js';

const WITHIN_MS = 15_000;

describeInChromium('the page in Chromium', () => {
  let temporal: TestWorkflowEnvironment;
  let browser: Browser;
  let service: ServiceForTest;
  let complaints: string[] = [];

  beforeAll(async () => {
    [temporal, browser] = await Promise.all([startTemporal(), startBrowser()]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await temporal?.teardown();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await service.close();
    // Neither the policy nor the page's own code has anything to complain of, whatever a test did.
    expect(complaints).toEqual([]);
  });

  async function start(options: Partial<ServiceOptions> = {}): Promise<ServiceForTest> {
    service = await startServiceForTest({
      temporal: temporal.address,
      uiFolder: UI_FOLDER,
      ...options,
    });
    return service;
  }

  async function open(path = '', options: BrowserContextOptions = {}, url = service.url) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(WITHIN_MS);
    const page = await context.newPage();
    complaints = complaintsOf(page);
    await page.goto(`${url}/ui/${path}`);
    return page;
  }

  async function openLoggedIn(path: string, options: BrowserContextOptions = {}, url?: string) {
    const page = await open(path, options, url);
    const token = service.sim.issueToken({ userName: 'anna', roles: ['admin'] });
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByLabel('Token', { exact: true }).press('Enter');
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    return page;
  }

  const begin = (plan: string) => service.post(plan, { prefer: 'respond-async' });

  test('by keyboard alone: log in, preview, start, and watch it to its end', async () => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim);
    const letGo = holdMigrations(sim, scene);
    const page = await open();
    await page.getByRole('heading', { name: 'Log in', level: 1 }).waitFor();
    for (const text of [sim.env['OS_USERNAME'], sim.env['OS_PASSWORD']]) {
      await page.keyboard.press('Tab');
      await page.keyboard.type(text ?? '');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Rollbacks', level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type(scene.plan);
    await page.keyboard.press('Enter');

    await page.getByRole('button', { name: 'Start the rollback…' }).waitFor();
    expect(await columnText(page, 'compute-1')).toContain('nova-compute: before enabled');
    await tabTo(page, 'Start the rollback…');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Roll this action plan back?' });
    await dialog.waitFor();
    const promised = await dialog.innerText();
    expect(promised).toContain('5 changes will be made to the cloud, in this order:');
    expect(promised).toMatch(/live-migrate vm-1: compute-[23] → compute-1/);
    // Whoever presses Enter once too often has done nothing yet.
    expect(await focused(page)).toBe('Back');
    expect((await service.get(scene.plan)).status).toBe(404);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');

    await state(page, 'ONGOING');
    letGo();
    await now(page, 'compute-1', 'vm-1').waitFor();
    await state(page, 'SUCCEEDED');
    expect(await now(page, 'compute-1').count()).toBe(scene.servers.length);
    expect(await now(page, 'compute-2').count()).toBe(0);
    await page.getByText('5 of 5 actions done').waitFor();
    await expectText(page, '#announcements', 'The rollback is SUCCEEDED');
    expect(await page.locator('.history li').first().innerText()).toContain('ended SUCCEEDED');
    // Who is logged in by password is so in the page's memory alone.
    expect(await page.evaluate('[localStorage.length, sessionStorage.length]')).toEqual([0, 0]);
    expect(await page.context().cookies()).toEqual([]);
    expect(sim.snapshot()).toEqual(scene.before);
    expect(await page.getByRole('button', { name: 'Pause…' }).count()).toBe(0);
  });

  test('a refused login and a refused plan say the sentences of the REST API', async () => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim);
    const page = await open(`#/plans/${scene.plan}/preview`);
    await page.getByLabel('User', { exact: true }).fill('anna');
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).first().click();
    await alertSays(page, 'Keystone does not accept this user, password, domain and project');
    const token = sim.issueToken({ userName: 'anna', roles: ['admin'] });
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Log in' }).last().click();
    await page.getByRole('button', { name: 'Start the rollback…' }).click();
    // It grows too old while the operator reads.
    const updatedAt = new Date(Date.now() - 5 * 3_600_000).toISOString();
    sim.hand.setActionPlan(scene.plan, { updatedAt });
    const { fault } = await service.post(scene.plan);
    expect(fault).not.toBe('');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Start the rollback' }).click();
    await alertSays(page, withoutTimes(fault));
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Start the rollback…');
    await page.reload();
    // The token was in memory only.
    await page.getByRole('heading', { name: 'Log in', level: 1 }).waitFor();
  });

  test('what is started is what was previewed: other options are previewed first', async () => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim);
    const page = await openLoggedIn(`#/plans/${scene.plan}/preview`);
    const button = page.getByRole('button', { name: 'Start the rollback…' });
    await button.waitFor();
    await page.getByText('Options', { exact: true }).click();
    await page.getByLabel('Compute services and node power').selectOption('keep');
    expect(await button.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Preview with these' }).click();
    await page.locator('button.primary:not([disabled])', { hasText: 'Start the' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Start the rollback' }).click();
    await page.locator('.summary .state').waitFor();
    const { options } = await service.ended(scene.plan);
    expect(options.hosts).toBe('keep');
  });

  test('a lost connection is shown, and what happened meanwhile is caught up with', async () => {
    const { sim, url } = await start();
    const scene = await maintenanceScene(sim);
    const letGo = holdMigrations(sim, scene);
    await begin(scene.plan);
    const cable = await startCable(url);
    const page = await openLoggedIn(`#/plans/${scene.plan}`, {}, cable.url);
    await state(page, 'ONGOING');
    cable.cut();
    await page.getByText('Connection lost').waitFor();
    await page.getByText('the rollback itself goes on').waitFor();
    letGo();
    expect((await service.ended(scene.plan)).state).toBe('SUCCEEDED');
    expect(await page.locator('.summary .state').innerText()).toContain('ONGOING');
    cable.mend();
    // The page tries again at most 15 s later.
    await state(page, 'SUCCEEDED', 2 * WITHIN_MS);
    expect(await now(page, 'compute-1').count()).toBe(scene.servers.length);
    await page.getByText('Connection lost').waitFor({ state: 'hidden' });
    await cable.close();
  }, 90_000);

  test('a lost connection while it runs comes back live', async () => {
    const { sim, url } = await start();
    const scene = await maintenanceScene(sim);
    const letGo = holdMigrations(sim, scene);
    await begin(scene.plan);
    const cable = await startCable(url);
    const page = await openLoggedIn(`#/plans/${scene.plan}`, {}, cable.url);
    await page.getByText('● Live').waitFor();
    cable.cut();
    await page.getByText('Connection lost').waitFor();
    cable.mend();
    await page.getByText('Live again').waitFor();
    letGo();
    await state(page, 'SUCCEEDED');
    await cable.close();
  });

  test('a narrow screen: all is there, nothing is wider; pause, resume, cancel say what they do', async () => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim, { running: 6, shutOff: 0 });
    const letGo = holdMigrations(sim, scene);
    await begin(scene.plan);
    const narrow = { viewport: { width: 360, height: 700 }, colorScheme: 'dark' } as const;
    const page = await openLoggedIn(`#/plans/${scene.plan}`, narrow);
    await state(page, 'ONGOING');
    await fits(page);
    await control(page, 'Pause', 'let finish');
    await state(page, 'PAUSED');
    await control(page, 'Resume', 'waiting will begin');
    await state(page, 'ONGOING');
    await page.getByRole('button', { name: 'Cancel…' }).click();
    await fits(page);
    const dialog = page.getByRole('dialog');
    expect(await dialog.innerText()).toContain('no server is left half moved');
    await dialog.getByRole('button', { name: 'Cancel the rollback' }).click();
    letGo();
    // What was in flight is let finish; it may have been all.
    const end = await service.ended(scene.plan);
    await state(page, end.state);
    await page.getByRole('link', { name: 'Rollbacks' }).click();
    await page.getByRole('cell', { name: scene.plan }).waitFor();
    await fits(page);
    const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(paper).toBe('rgb(18, 22, 27)');
  });

  test('one compensation is left alone, a failed one is tried again', async () => {
    const settings = { ROLLBACK_CONCURRENCY: '1' };
    const { sim } = await start({ simulated: { times: { liveMigration: 2000 } }, settings });
    const scene = await maintenanceScene(sim, { running: 4, shutOff: 0 });
    const { first, last } = await endsOfOrder(service, scene.plan);
    sim.failMigrations(first.id, 'no luck with this one');
    await begin(scene.plan);
    const page = await openLoggedIn(`#/plans/${scene.plan}`);
    await page.getByRole('button', { name: `Leave alone… ${last.name}` }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.innerText()).toMatch(
      new RegExp(`will not be done: live-migrate ${last.name}: compute-\\d → compute-1`),
    );
    await dialog.getByRole('button', { name: 'Leave it alone' }).click();
    await row(page, last.name, 'KEPT').waitFor();
    await row(page, first.name, 'no luck with this one').waitFor();
    await page.getByRole('button', { name: `Try again… ${first.name}` }).click();
    expect(await dialog.innerText()).toContain('This will be done as soon as it may begin');
    await dialog.getByRole('button', { name: 'Try again' }).click();
    await row(page, first.name, 'SUCCEEDED').waitFor();
    const end = await service.ended(scene.plan);
    expect(end.counts).toMatchObject({ KEPT: 1 });
    expect(end.counts.FAILED).toBeUndefined();
  });

  test('the order is walked by arrow keys and read aloud; what the cloud says is never markup', async () => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim);
    const name = '<img src=x onerror=alert(1)>';
    sim.addServer({ name, host: 'compute-3', status: 'ACTIVE' });
    const page = await openLoggedIn(`#/plans/${scene.plan}/preview`);
    const graph = page.getByRole('group', { name: /^Order of \d compensations/ });
    await graph.waitFor();
    await page.evaluate(`document.querySelector('.node[tabindex="0"]').focus()`);
    const first = await focused(page);
    await page.keyboard.press('ArrowDown');
    const second = await focused(page);
    expect(second).not.toBe(first);
    expect(second).toMatch(/: PENDING, (waits for nothing|after )/);
    await page.keyboard.press('ArrowUp');
    expect(await focused(page)).toBe(first);
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('TR');
    expect(await page.evaluate(UNNAMED)).toEqual([]);
    expect(await page.locator('main img').count()).toBe(0);
    for (const role of ['banner', 'main', 'navigation'] as const) {
      expect(await page.getByRole(role).count()).toBe(1);
    }
  });
});

/** What can be operated and has no name that a screen reader could say. */
const UNNAMED = `[...document.querySelectorAll('a, button, input, select, summary, [role=button]')]
  .filter((it) => !(it.getAttribute('aria-label') || it.textContent.trim() || (it.labels && it.labels.length > 0)))
  .map((it) => it.outerHTML)`;

/** What makes the page wider than the screen; nothing where it is no wider. */
const WIDER = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
  .filter((it) => it.getBoundingClientRect().right > innerWidth && !it.closest('.graph'))
  .map((it) => it.tagName + '.' + (it.getAttribute('class') ?? ''))`;

/** They end when the page has been looked at, however long that takes; what is returned lets them. */
function holdMigrations(sim: SimulatedCloud, scene: Scene): () => void {
  for (const id of scene.servers) sim.hand.hangMigrations(id);
  return () => sim.clearFaults();
}

async function state(page: Page, word: string, timeout = WITHIN_MS): Promise<void> {
  const badge = page.locator('.summary .state .badge').filter({ hasText: word });
  await badge.waitFor({ timeout });
}

function now(page: Page, host: string, server?: string) {
  const chips = page.locator(`[data-host="${host}"] .now .server`);
  return server === undefined ? chips : chips.filter({ hasText: server });
}

/** As a screen reader has it, with what is for it alone. */
function columnText(page: Page, host: string): Promise<string | null> {
  return page.getByRole('listitem', { name: `Host ${host}` }).textContent();
}

function row(page: Page, name: string, text: string) {
  return page.locator('tbody tr').filter({ hasText: name }).filter({ hasText: text });
}

/** The servers whose migrations are begun first and last where one is begun at a time. */
async function endsOfOrder(service: ServiceForTest, plan: string) {
  const { body } = await service.call<PreviewResult>(
    'GET',
    `/v1/action_plans/${plan}/rollback/preview`,
  );
  const moves = body.preview.order.flatMap((id) =>
    body.compensations.filter(
      ({ action_uuid, kind }) => action_uuid === id && kind === 'live_migrate',
    ),
  );
  const serverOf = (at: number) => {
    const move = moves.at(at);
    return { id: move?.resource_id ?? '', name: move?.resource_name ?? '' };
  };
  return { first: serverOf(0), last: serverOf(-1) };
}

async function control(page: Page, verb: string, says: string): Promise<void> {
  await page.getByRole('button', { name: `${verb}…` }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.innerText()).toContain(says);
  await dialog.getByRole('button', { name: verb, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

async function alertSays(page: Page, sentence: string): Promise<void> {
  await page.getByRole('alert').filter({ hasText: sentence }).waitFor();
}

async function expectText(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).waitFor({ state: 'attached' });
}

/** The name or text of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(
    `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`,
  );
}

async function tabTo(page: Page, name: string): Promise<void> {
  for (let press = 0; press < 30; press += 1) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === name) return;
  }
  throw new Error(`the tab key does not reach "${name}"`);
}

async function fits(page: Page): Promise<void> {
  expect(await page.evaluate(WIDER)).toEqual([]);
}

/** A refusal that names an age differs from second to second. */
function withoutTimes(fault: string): string {
  return fault.split(/\d/, 1)[0] ?? fault;
}

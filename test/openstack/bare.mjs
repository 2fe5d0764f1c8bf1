/**
 * The lower bound that the service is measured against: live migrations asked for all at once with plain HTTP and
 * polled until Nova says that each has ended. No order, no proof, no record; nothing could do it in less requests.
 */
import { hostOf, pause, taskOf } from './cloud.mjs';

const POLL_MS = 100;
const LIMIT_MS = 120_000;

/** Moves each server to its host. @returns {Promise<number>} ms from the first request to the last server at rest. */
export async function migrateAtOnce(site, moves) {
  const { cloud } = site;
  await cloud.token();
  const startedAt = Date.now();
  const answers = await Promise.all(moves.map(({ id, host }) => cloud.liveMigrate(id, host)));
  const refused = answers.find((answer) => answer.status !== 202);
  if (refused !== undefined) throw new Error(`Nova refused: ${JSON.stringify(refused.body)}`);
  while (Date.now() - startedAt < LIMIT_MS) {
    const now = new Map((await cloud.servers()).map((server) => [server.id, server]));
    const atRest = moves.filter(({ id }) => taskOf(now.get(id)) === null);
    const lost = atRest.find(({ id, host }) => hostOf(now.get(id)) !== host);
    if (lost !== undefined) throw new Error(`${lost.id} came to rest, but not on ${lost.host}`);
    if (atRest.length === moves.length) return Date.now() - startedAt;
    await pause(POLL_MS);
  }
  throw new Error(`the migrations did not end within ${LIMIT_MS / 1000} s`);
}

/** The servers' source records turn `completed` a moment after the servers are at rest; the next step waits for it. */
export async function settled(site) {
  const open = ['accepted', 'queued', 'preparing', 'running', 'post-migrating'];
  for (let round = 0; round < 100; round++) {
    const { body } = await site.cloud.nova('GET', '/os-migrations?limit=20', { expect: [200] });
    if (!body.migrations.some((record) => open.includes(record.status))) return;
    await pause(POLL_MS);
  }
}

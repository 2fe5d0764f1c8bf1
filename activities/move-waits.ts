/** What a move waits for before it can go on. Reads only. */
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { hostObstacle } from './move-decision.js';
import type { MoveDecision, MoveView } from './move-decision.js';
import { wellBefore } from './nova-time.js';
import { readComputeService } from './reading.js';
import { report } from './reports.js';
import type { CompensationReport } from './types.js';
import { clockSeconds, poll } from './waiting.js';
import type { Run } from './waiting.js';

type Wait = MoveDecision & { do: 'wait' };

/** One attempt's waits: a limit holds for all waits for the same kind of thing that follow each other. */
export class MoveWaits {
  private waiting: { for: Wait['for']; since: number } | null = null;

  constructor(
    private readonly kit: Kit,
    private readonly run: Run,
    private readonly serverName: string,
  ) {}

  /** The server is not being waited for any more. */
  over(): void {
    this.waiting = null;
  }

  /**
   * Until the judgement changes: true. false where a record does not close although the server rests. Fails:
   * ServerBusy, for a task after busy_timeout, for somebody's migration after migration_timeout.
   */
  async until(
    wait: Wait,
    view: MoveView & { server: NonNullable<MoveView['server']> },
    decide: (view: MoveView) => MoveDecision,
  ): Promise<boolean> {
    const { settings, timing } = this.kit;
    const limits = {
      task: settings.busy_timeout,
      migration: settings.migration_timeout,
      record: timing.record_settles,
    };
    const limit = limits[wait.for];
    if (this.waiting?.for !== wait.for) this.waiting = { for: wait.for, since: clockSeconds() };
    const { since } = this.waiting;
    const changed = await this.kit.watch.follow<boolean>({
      serverId: view.server.id,
      since: wellBefore(view.records[0]?.createdAt ?? view.server.updatedAt),
      signal: this.run.signal,
      judge: ({ records, server }) => {
        if (server === undefined) return 'read-server';
        const seen = records.length === 0 ? view.records : records;
        const now = decide({ ...view, server, records: seen });
        if (now.do !== 'wait' || now.for !== wait.for) return { done: true };
        return clockSeconds() - since > limit ? { done: false } : 'wait';
      },
    });
    if (changed || wait.for === 'record') return changed;
    throw failure('ServerBusy', `${this.serverName} was busy for ${limit} s: ${wait.what}`);
  }

  /** Until nova-compute is up (or else hindered now); a report where that takes longer than host_up_timeout. */
  async untilHostIsUp(host: string): Promise<CompensationReport | undefined> {
    const up = await poll(this.kit, this.run, this.kit.settings.host_up_timeout, async () => {
      const service = await readComputeService(this.kit, this.run, host);
      const obstacle = service === null ? null : hostObstacle(service);
      return obstacle?.mayPass === true ? undefined : true;
    });
    if (up === true) return undefined;
    return { ...report('BLOCKED', `nova-compute on ${host} is down`, null), needs: host };
  }
}

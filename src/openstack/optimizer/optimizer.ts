/**
 * Watcher (Infrastructure Optimization API v1): plans, their actions and audits, read only. It must not judge states beyond
 * knowing which plans may still change by themselves.
 */
import type {
  CallOptions,
  InfraOptim,
  WatcherAction,
  WatcherActionPlan,
  WatcherAudit,
} from '../cloud.js';
import { PAGE_SIZE, readPages } from '../pages.js';
import { segment, ServiceClient, type ServiceCall } from '../service-client.js';
import type { Session } from '../session.js';
import { actionPlanSchema, actionPlansSchema, actionsSchema, auditsSchema } from './schemas.js';

/**
 * All that is read here is in 1.0, so nothing is negotiated; asking for it by name makes a Watcher that has given
 * it up say so (406) instead of answering with something else.
 */
const HEADERS = { 'openstack-api-version': 'infra-optim 1.0' };

/** States in which Watcher itself is at work on a plan (watcher/objects/action_plan.py). */
const IN_PROGRESS = new Set(['PENDING', 'ONGOING', 'CANCELLING']);

/** Catalogs name the address with or without "/v1". */
export function optimizerRoot(base: string): string {
  return `${base.replace(/\/v1$/u, '')}/v1`;
}

export class WatcherClient implements InfraOptim {
  private readonly client: ServiceClient;

  constructor(session: Session) {
    this.client = new ServiceClient(session, 'infra-optim', optimizerRoot);
  }

  async getActionPlan(uuid: string, options?: CallOptions): Promise<WatcherActionPlan> {
    return this.client.json(get(`/action_plans/${segment(uuid)}`), actionPlanSchema, options);
  }

  async listActions(planUuid: string, options?: CallOptions): Promise<WatcherAction[]> {
    return readPages({
      service: 'infra-optim',
      what: 'actions/detail',
      markerOf: (action) => action.uuid,
      read: async (marker) => {
        const query = { action_plan_uuid: planUuid, limit: String(PAGE_SIZE), marker };
        const call = get('/actions/detail', query);
        const page = await this.client.json(call, actionsSchema, options);
        return { items: page.actions, more: typeof page.next === 'string' };
      },
    });
  }

  /** With details, because the interval is among them (watcher/api/controllers/v1/audit.py). */
  async listAudits(options?: CallOptions): Promise<WatcherAudit[]> {
    return readPages({
      service: 'infra-optim',
      what: 'audits/detail',
      markerOf: (audit) => audit.uuid,
      read: async (marker) => {
        const call = get('/audits/detail', { limit: String(PAGE_SIZE), marker });
        const page = await this.client.json(call, auditsSchema, options);
        return { items: page.audits, more: typeof page.next === 'string' };
      },
    });
  }

  /**
   * By descending id, which is the order of creation: created_at has whole seconds only. With `changedSince`, plans
   * that Watcher is not at work on and has not touched since then are left out, and reading stops after a page of
   * only those.
   */
  async listActionPlans(
    filter: { changedSince?: string },
    options?: CallOptions,
  ): Promise<WatcherActionPlan[]> {
    const since = filter.changedSince === undefined ? null : Date.parse(filter.changedSince);
    const isOfInterest = (plan: WatcherActionPlan): boolean =>
      since === null ||
      IN_PROGRESS.has(plan.state) ||
      Date.parse(plan.updatedAt ?? plan.createdAt) >= since;
    const plans = await readPages<WatcherActionPlan>({
      service: 'infra-optim',
      what: 'action_plans/detail',
      markerOf: (plan) => plan.uuid,
      stopAfter: (page) => !page.some(isOfInterest),
      read: async (marker) => {
        const query = { sort_key: 'id', sort_dir: 'desc', limit: String(PAGE_SIZE), marker };
        const call = get('/action_plans/detail', query);
        const page = await this.client.json(call, actionPlansSchema, options);
        return { items: page.action_plans, more: typeof page.next === 'string' };
      },
    });
    return plans.filter(isOfInterest);
  }
}

function get(path: string, query: Record<string, string | undefined> = {}): ServiceCall {
  return { method: 'GET', path, query, headers: HEADERS, accept: [200] };
}

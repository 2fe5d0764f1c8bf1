/**
 * Nova (Compute API v2.1): one method per call of the contract. It must not judge what an answer means: a 202 says
 * that a request was taken, not that anything happens. Nova's sources decide what is noted here, below
 * nova/api/openstack/compute.
 */
import type {
  Accepted,
  CallOptions,
  Compute,
  ComputeMigration,
  ComputeServer,
  ComputeService,
} from '../cloud.js';
import { OpenStackBadAnswerError } from '../errors.js';
import { MicroversionNegotiator, type Microversion } from '../microversion.js';
import { readPages } from '../pages.js';
import { raceAbort } from '../race-abort.js';
import { segment, ServiceClient, type ServiceCall } from '../service-client.js';
import type { Session } from '../session.js';
import { limitationsOf, NEEDED, NEWEST_FOR_HYPERVISORS, NEWEST_KNOWN } from './microversions.js';
import { changedServersQuery, migrationsQuery, pageQuery } from './queries.js';
import {
  actionDetailSchema,
  actionsSchema,
  hasNext,
  hypervisorsSchema,
  migrationsInProgressSchema,
  migrationsSchema,
  oneServerSchema,
  serversSchema,
  servicesSchema,
  updatedServiceSchema,
  versionSchema,
} from './schemas.js';

/** Catalogs name ".../v2.1", the legacy ".../v2/<project>" (which knows no microversions), or no version at all. */
export function computeRoot(base: string): string {
  return `${base.replace(/\/v2(\.\d+)?(\/[^/]*)?$/u, '')}/v2.1`;
}

type Needed = keyof typeof NEEDED;

export class NovaClient implements Compute {
  private readonly client: ServiceClient;
  private readonly microversions: MicroversionNegotiator;

  constructor(session: Session) {
    this.client = new ServiceClient(session, 'compute', computeRoot);
    this.microversions = new MicroversionNegotiator('compute', () => this.readMaximum());
  }

  /** What this cloud's Nova is too old to tell, a sentence each; [] where it is new enough for all. */
  async limitations(options?: CallOptions): Promise<string[]> {
    return limitationsOf(await raceAbort(this.microversions.cloudMaximum(), options?.signal));
  }

  /** Services of a cell that is down are left out: Nova then tells neither id nor state (services.py, 2.69). */
  async listServices(
    filter: { host?: string },
    options?: CallOptions,
  ): ReturnType<Compute['listServices']> {
    const query = { binary: 'nova-compute', host: filter.host };
    const call = await this.call('serviceById', options, {
      method: 'GET',
      path: '/os-services',
      query,
    });
    const { services } = await this.client.json(call, servicesSchema, options);
    const known = services.filter((service): service is ComputeService => !('unknown' in service));
    if (filter.host !== undefined && known.length < services.length)
      throw this.badAnswer('/os-services', `the cell of host ${filter.host} is down`);
    return known;
  }

  /** `disabledReason` (1 to 255 characters) only with "disabled": Nova answers 400 to it with "enabled". */
  async setServiceStatus(
    serviceId: string,
    status: 'enabled' | 'disabled',
    disabledReason: string | null,
    options?: CallOptions,
  ): ReturnType<Compute['setServiceStatus']> {
    const reason =
      status === 'disabled' && disabledReason !== null ? { disabled_reason: disabledReason } : {};
    const call = await this.call('serviceById', options, {
      method: 'PUT',
      path: `/os-services/${segment(serviceId)}`,
      json: { status, ...reason },
    });
    return (await this.client.json(call, updatedServiceSchema, options)).service;
  }

  /** Hypervisors without a compute service are not among them (hypervisors.py). */
  async listHypervisors(options?: CallOptions): ReturnType<Compute['listHypervisors']> {
    return readPages({
      service: 'compute',
      what: 'os-hypervisors',
      markerOf: (hypervisor) => hypervisor.id,
      read: async (marker) => {
        const call = await this.call(
          'serviceById',
          options,
          { method: 'GET', path: '/os-hypervisors/detail', query: pageQuery(marker) },
          NEWEST_FOR_HYPERVISORS,
        );
        const page = await this.client.json(call, hypervisorsSchema, options);
        return { items: page.hypervisors, more: hasNext(page.hypervisors_links) };
      },
    });
  }

  async getServer(id: string, options?: CallOptions): Promise<ComputeServer> {
    const call = await this.call('server', options, {
      method: 'GET',
      path: `/servers/${segment(id)}`,
    });
    return (await this.client.json(call, oneServerSchema, options)).server;
  }

  /**
   * Without all_tenants Nova answers with the caller's own project only; to a caller who may not ask for it, with
   * 403. Deleted servers are not among them. From a caller without the policy allow_all_filters Nova drops `host`
   * without a word and answers with every server (servers.py, remove_invalid_options): so it is applied here as
   * well. A server whose host Nova does not tell is kept, for a host must not be taken for empty.
   */
  async listServers(filter: { host?: string }, options?: CallOptions): Promise<ComputeServer[]> {
    const { host } = filter;
    const servers = await readPages<ComputeServer>({
      service: 'compute',
      what: 'servers/detail',
      markerOf: (server) => server.id,
      read: async (marker) => {
        const call = await this.call('server', options, {
          method: 'GET',
          path: '/servers/detail',
          query: { all_tenants: '1', host, ...pageQuery(marker) },
        });
        const page = await this.client.json(call, serversSchema, options);
        return { items: page.servers, more: hasNext(page.servers_links) };
      },
    });
    return servers.filter(
      (server) => host === undefined || server.host === null || server.host === host,
    );
  }

  /**
   * A caller who is no admin gets deleted ones all the same, without a word: so they are left out here too. updated_at is empty
   * until a server's first change (nova/db/main/api.py, _get_query_nova_resource_by_changes_time), and has an index.
   */
  async listChangedServers(
    filter: Parameters<Compute['listChangedServers']>[0],
    options?: CallOptions,
  ): Promise<ComputeServer[]> {
    const maximum = await raceAbort(this.microversions.cloudMaximum(), options?.signal);
    const query = changedServersQuery(filter, maximum);
    if (query === null) return [];
    const request = { method: 'GET', path: '/servers/detail', query } as const;
    const call = await this.call('server', options, request);
    const { servers } = await this.client.json(call, serversSchema, options);
    return servers.filter(({ status }) => status !== 'DELETED');
  }

  /**
   * Newest first by created_at. `changedSince` is updated_at >= it (nova/db/main/api.py): a record that was never
   * updated has none and is left out, for the moment until Nova has begun with it. `host` is source or destination.
   */
  async listMigrations(
    filter: Parameters<Compute['listMigrations']>[0],
    options?: CallOptions,
  ): Promise<ComputeMigration[]> {
    return readPages({
      service: 'compute',
      what: 'os-migrations',
      markerOf: (migration) => migration.uuid,
      read: async (marker) => {
        const call = await this.call('migrations', options, {
          method: 'GET',
          path: '/os-migrations',
          query: migrationsQuery(filter, marker),
        });
        const page = await this.client.json(call, migrationsSchema, options);
        return { items: page.migrations, more: hasNext(page.migrations_links) };
      },
    });
  }

  async listMigrationsInProgress(
    serverId: string,
    options?: CallOptions,
  ): ReturnType<Compute['listMigrationsInProgress']> {
    const call = await this.call('migrationInProgress', options, {
      method: 'GET',
      path: `/servers/${segment(serverId)}/migrations`,
    });
    return (await this.client.json(call, migrationsInProgressSchema, options)).migrations;
  }

  async abortLiveMigration(
    serverId: string,
    migrationId: number,
    options?: CallOptions,
  ): Promise<Accepted> {
    const call = await this.call('migrationInProgress', options, {
      method: 'DELETE',
      path: `/servers/${segment(serverId)}/migrations/${migrationId}`,
    });
    const answer = await this.client.send({ ...call, accept: [202] }, options);
    return { requestId: answer.header('x-openstack-request-id') };
  }

  /** Newest first; of deleted servers as well. */
  async listInstanceActions(
    serverId: string,
    options?: CallOptions,
  ): ReturnType<Compute['listInstanceActions']> {
    return readPages({
      service: 'compute',
      what: 'os-instance-actions',
      markerOf: (action) => action.requestId,
      read: async (marker) => {
        const call = await this.call('instanceActions', options, {
          method: 'GET',
          path: `/servers/${segment(serverId)}/os-instance-actions`,
          query: pageQuery(marker),
        });
        const page = await this.client.json(call, actionsSchema, options);
        return { items: page.instanceActions, more: hasNext(page.links) };
      },
    });
  }

  async getInstanceAction(
    serverId: string,
    requestId: string,
    options?: CallOptions,
  ): ReturnType<Compute['getInstanceAction']> {
    const call = await this.call('instanceActions', options, {
      method: 'GET',
      path: `/servers/${segment(serverId)}/os-instance-actions/${segment(requestId)}`,
    });
    return (await this.client.json(call, actionDetailSchema, options)).instanceAction;
  }

  /** The scheduler still checks the host: `force` (2.30 to 2.67) is never sent. */
  liveMigrate(serverId: string, host: string, options?: CallOptions): Promise<Accepted> {
    const body = { 'os-migrateLive': { host, block_migration: 'auto' } };
    return this.act('liveMigrate', serverId, body, 202, options);
  }

  coldMigrate(serverId: string, host: string, options?: CallOptions): Promise<Accepted> {
    return this.act('coldMigrateToHost', serverId, { migrate: { host } }, 202, options);
  }

  /** 204 where the others are 202 (servers.py). */
  confirmResize(serverId: string, options?: CallOptions): Promise<Accepted> {
    return this.act('confirmOrRevert', serverId, { confirmResize: null }, 204, options);
  }

  revertResize(serverId: string, options?: CallOptions): Promise<Accepted> {
    return this.act('confirmOrRevert', serverId, { revertResize: null }, 202, options);
  }

  startServer(serverId: string, options?: CallOptions): Promise<Accepted> {
    return this.act('start', serverId, { 'os-start': null }, 202, options);
  }

  private async act(
    needed: Needed,
    serverId: string,
    json: unknown,
    status: number,
    options: CallOptions | undefined,
  ): Promise<Accepted> {
    const path = `/servers/${segment(serverId)}/action`;
    const call = await this.call(needed, options, { method: 'POST', path, json });
    const answer = await this.client.send({ ...call, accept: [status] }, options);
    return { requestId: answer.header('x-openstack-request-id') };
  }

  private async call(
    needed: Needed,
    options: CallOptions | undefined,
    call: Omit<ServiceCall, 'accept' | 'headers'>,
    wanted: Microversion = NEWEST_KNOWN,
  ): Promise<ServiceCall> {
    const what = (): string => `${call.method} ${call.path.split('/')[1] ?? ''} (${needed})`;
    const version = await this.microversions.choose(NEEDED[needed], wanted, what, options?.signal);
    return { ...call, accept: [200], headers: { 'openstack-api-version': `compute ${version}` } };
  }

  /** GET /v2.1/ names the newest microversion as "version" (versions.py). */
  private async readMaximum(): Promise<Microversion> {
    const call: ServiceCall = { method: 'GET', path: '/', accept: [200] };
    return (await this.client.json(call, versionSchema, undefined)).version.version;
  }

  private badAnswer(what: string, reason: string): OpenStackBadAnswerError {
    return new OpenStackBadAnswerError({ service: 'compute', method: 'GET', url: what }, reason);
  }
}

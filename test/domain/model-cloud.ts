/**
 * A model of a cloud, as small as the rules allow: hosts with service and power, servers with host and status. It applies
 * a plan as Watcher's applier and Nova would, writing the records that they would write, and it executes compensations
 * as activities would, refusing what Nova would refuse. For property tests only.
 */
import type { Action, Facts, Migration } from '../../src/domain/facts.js';
import type { CompensationWork } from '../../src/domain/layout-types.js';
import { at, facts, host, node, PLAN, record, server, WATCHER_USER } from './facts-builder.js';

export interface ModelHost {
  name: string;
  enabled: boolean;
  reason: string | null;
  on: boolean;
}
export interface ModelServer {
  id: string;
  host: string;
  status: 'ACTIVE' | 'SHUTOFF' | 'PAUSED' | 'VERIFY_RESIZE';
  flavor: string;
}

export interface Wish {
  type: 'migrate' | 'resize' | 'stop' | 'enable' | 'disable' | 'on' | 'off' | 'nop';
  server: number;
  host: number;
  /** The applier's word and whether the effect happened, where they differ. */
  fate: 'good' | 'failed' | 'gave-up' | 'left-unconfirmed';
  naming: 'service' | 'uuid' | 'fqdn' | 'none';
}

export class ModelCloud {
  readonly hosts: ModelHost[];
  readonly servers: ModelServer[];
  readonly actions: Action[] = [];
  readonly migrations: Migration[] = [];
  readonly stops: { serverId: string; startedAt: string }[] = [];
  private clock = 0;
  /** Status and flavor to go back to from VERIFY_RESIZE. */
  private readonly unconfirmed = new Map<
    string,
    { status: ModelServer['status']; flavor: string }
  >();

  constructor(hosts: ModelHost[], servers: ModelServer[]) {
    this.hosts = hosts.map((one) => ({ ...one }));
    this.servers = servers.map((one) => ({ ...one }));
  }

  snapshot(): string {
    const services = this.hosts.map(({ name, enabled, on }) => `${name} ${enabled} ${on}`);
    const servers = this.servers.map((one) => `${one.id} ${one.host} ${one.status}`);
    return [...services, ...servers].join('\n');
  }

  private tick(): string {
    this.clock += 10;
    return at(this.clock);
  }

  private mustHost(name: string): ModelHost {
    const found = this.hosts.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  }

  private mustServer(id: string): ModelServer {
    const found = this.servers.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no server ${id}`);
    return found;
  }

  private isEmpty(name: string): boolean {
    // A server in VERIFY_RESIZE is on both its hosts until somebody confirms or reverts.
    const isHeld = this.migrations.some(
      ({ status, sourceCompute }) => status === 'finished' && sourceCompute === name,
    );
    return !isHeld && this.servers.every((one) => one.host !== name);
  }

  /** One action of the plan, where it can work; one that is to fail changes nothing. */
  apply(wish: Wish): void {
    const target = this.hosts[wish.host % this.hosts.length];
    const subject = this.servers[wish.server % this.servers.length];
    if (target === undefined || subject === undefined) return;
    const started = this.tick();
    const works = wish.fate !== 'failed';
    if (works && !this.can(wish, target, subject)) return;
    const from = subject.host;
    const enabledBefore = target.enabled;
    if (works) this.change(wish, target, subject, started);
    const updatedAt = this.tick();
    // Nothing proves an enabling or a power change that Watcher does not vouch for.
    const isProvable = wish.type !== 'enable' && wish.type !== 'on' && wish.type !== 'off';
    // Disabled before already, a failed disabling with the same reason would look as if it had worked.
    const gaveUp =
      wish.fate === 'gave-up' && isProvable && (wish.type !== 'disable' || enabledBefore);
    const left =
      wish.fate === 'left-unconfirmed' && (wish.type === 'resize' || wish.type === 'migrate');
    this.actions.push({
      uuid: `action-${this.actions.length}`,
      planUuid: PLAN,
      type: TYPES[wish.type],
      state: works && !gaveUp && !left ? 'SUCCEEDED' : works ? 'CANCELLED' : 'FAILED',
      parameters: this.parametersOf(wish, target, subject, from),
      parents: [],
      createdAt: at(0),
      updatedAt,
    });
  }

  /** Whether the state is such that the action changes it: plans are made for that. */
  private can(wish: Wish, target: ModelHost, subject: ModelServer): boolean {
    switch (wish.type) {
      case 'migrate':
      case 'resize':
        return (
          target.name !== subject.host &&
          target.enabled &&
          target.on &&
          this.mustHost(subject.host).on &&
          (subject.status === 'SHUTOFF' ||
            subject.status === 'ACTIVE' ||
            (subject.status === 'PAUSED' &&
              wish.type === 'migrate' &&
              wish.fate !== 'left-unconfirmed'))
        );
      case 'stop':
        return subject.status === 'ACTIVE' && this.mustHost(subject.host).on;
      case 'enable':
        return !target.enabled;
      case 'disable':
        return target.enabled;
      case 'on':
        return !target.on;
      case 'off':
        return target.on && this.isEmpty(target.name);
      case 'nop':
        return true;
      default:
        return wish.type satisfies never;
    }
  }

  private change(wish: Wish, target: ModelHost, subject: ModelServer, startedAt: string): void {
    switch (wish.type) {
      case 'migrate':
      case 'resize': {
        const isLeft = wish.fate === 'left-unconfirmed';
        const isCold = isLeft || wish.type === 'resize' || subject.status === 'SHUTOFF';
        this.migrations.push(
          record(this.migrations.length + 1, subject.id, subject.host, target.name, {
            type: wish.type === 'resize' ? 'resize' : isCold ? 'migration' : 'live-migration',
            status: isLeft ? 'finished' : isCold ? 'confirmed' : 'completed',
            createdAt: startedAt,
            updatedAt: startedAt,
          }),
        );
        if (isLeft) {
          this.unconfirmed.set(subject.id, { status: subject.status, flavor: subject.flavor });
          subject.status = 'VERIFY_RESIZE';
        }
        if (wish.type === 'resize') subject.flavor = 'm1.large';
        subject.host = target.name;
        return;
      }
      case 'stop':
        subject.status = 'SHUTOFF';
        this.stops.push({ serverId: subject.id, startedAt });
        return;
      case 'enable':
      case 'disable':
        target.enabled = wish.type === 'enable';
        target.reason = target.enabled ? null : 'watcher_maintaining';
        return;
      case 'on':
      case 'off':
        target.on = wish.type === 'on';
        return;
      default:
    }
  }

  private parametersOf(
    wish: Wish,
    target: ModelHost,
    subject: ModelServer,
    from: string,
  ): Record<string, unknown> {
    const name = (of: string): string =>
      wish.naming === 'uuid'
        ? `hypervisor-${of}`
        : wish.naming === 'fqdn'
          ? `${of}.example.org`
          : of;
    switch (wish.type) {
      case 'migrate':
        return {
          migration_type: 'live',
          resource_id: subject.id,
          source_node: name(from),
          ...(wish.naming !== 'none' && { destination_node: name(target.name) }),
        };
      case 'resize':
        return { resource_id: subject.id, flavor: 'm1.large' };
      case 'stop':
        return { resource_id: subject.id };
      case 'enable':
        return { resource_id: name(target.name), state: 'enabled' };
      case 'disable':
        return {
          resource_id: name(target.name),
          state: 'disabled',
          disabled_reason: 'watcher_maintaining',
        };
      case 'on':
      case 'off':
        return { resource_id: `node-${target.name}`, state: wish.type };
      case 'nop':
        return {};
      default:
        return wish.type satisfies never;
    }
  }

  facts(): Facts {
    const end = at(this.clock);
    return facts({
      plan: {
        uuid: PLAN,
        state: 'SUCCEEDED',
        strategyName: null,
        createdAt: at(0),
        updatedAt: end,
      },
      actions: this.actions,
      hosts: this.hosts.map(({ name, enabled, reason, on }) =>
        host(name, {
          status: enabled ? 'enabled' : 'disabled',
          disabledReason: reason,
          state: on ? 'up' : 'down',
        }),
      ),
      servers: this.servers.map(({ id, host: on, status, flavor }) =>
        server(id, on, { status, flavor }),
      ),
      migrations: this.migrations,
      instanceActions: this.stops.map(({ serverId, startedAt }) => ({
        serverId,
        action: 'stop',
        requestId: 'req-1',
        userId: WATCHER_USER,
        startedAt,
        updatedAt: null,
        message: null,
      })),
      nodes: this.hosts.map(({ name, on }) =>
        node(`node-${name}`, {
          powerState: on ? 'power on' : 'power off',
          hypervisorId: `hypervisor-${name}`,
        }),
      ),
    });
  }

  /** One compensation, strictly: throws where Nova or Ironic would refuse or do nothing. */
  execute(work: CompensationWork): void {
    switch (work.kind) {
      case 'live_migrate':
      case 'cold_migrate':
        this.moveBack(work);
        return;
      case 'revert_resize': {
        const subject = this.mustServer(work.serverId);
        const was = this.unconfirmed.get(work.serverId);
        const of = this.migrations.findIndex(({ id }) => id === work.migrationId);
        const undone = this.migrations[of];
        if (was === undefined || undone?.status !== 'finished')
          throw new Error('nothing to revert');
        if (!this.mustHost(work.to).on || !this.mustHost(work.from).on)
          throw new Error('host is off');
        this.migrations[of] = { ...undone, status: 'reverted' };
        Object.assign(subject, was, { host: work.to });
        return;
      }
      case 'start_server': {
        const subject = this.mustServer(work.serverId);
        if (subject.status === 'ACTIVE') return;
        if (subject.status !== 'SHUTOFF') throw new Error(`cannot start from ${subject.status}`);
        if (!this.mustHost(subject.host).on) throw new Error('host is off');
        subject.status = 'ACTIVE';
        return;
      }
      case 'set_service_status': {
        const target = this.mustHost(work.host);
        if (work.to === 'enabled' && target.reason !== work.reason) throw new Error('not ours');
        if (work.to === 'enabled' && !target.on) throw new Error('enabled while it is off');
        target.enabled = work.to === 'enabled';
        target.reason = target.enabled ? null : work.reason;
        return;
      }
      case 'set_node_power': {
        if (work.host === null) throw new Error('which host?');
        const target = this.mustHost(work.host);
        if (work.to === 'power off' && !this.isEmpty(target.name)) throw new Error('not empty');
        target.on = work.to === 'power on';
        return;
      }
      default:
        work satisfies never;
    }
  }

  /** false where Nova or Ironic would refuse; nothing is changed then. */
  tryToExecute(work: CompensationWork): boolean {
    try {
      this.execute(work);
      return true;
    } catch {
      return false;
    }
  }

  private moveBack(
    work: Extract<CompensationWork, { kind: 'live_migrate' | 'cold_migrate' }>,
  ): void {
    const subject = this.mustServer(work.serverId);
    const [source, target] = [this.mustHost(subject.host), this.mustHost(work.to)];
    if (subject.host !== work.from) throw new Error(`${subject.id} is not on ${work.from}`);
    if (!target.enabled) throw new Error(`${target.name} is disabled`);
    if (!target.on || !source.on) throw new Error('a host is off');
    if (subject.status === 'VERIFY_RESIZE') throw new Error('not confirmed');
    const when = this.tick();
    this.migrations.push(
      record(this.migrations.length + 1, subject.id, subject.host, work.to, {
        userId: 'user-own',
        status: subject.status === 'SHUTOFF' ? 'confirmed' : 'completed',
        createdAt: when,
        updatedAt: when,
      }),
    );
    subject.host = work.to;
  }
}

const TYPES: Record<Wish['type'], string> = {
  migrate: 'migrate',
  resize: 'resize',
  stop: 'stop',
  enable: 'change_nova_service_state',
  disable: 'change_nova_service_state',
  on: 'change_node_power_state',
  off: 'change_node_power_state',
  nop: 'nop',
};

/**
 * Compute hosts by any of the ways in which plans name them. Pure.
 *
 * A plan says a hypervisor's uuid (host_maintenance and noisy_neighbor put the uuid into `source_node`), a hypervisor's
 * hostname (maybe an FQDN) or the compute service host. Nova's calls want the service host.
 */
import type { Host } from './facts.js';

export class HostIndex {
  private readonly byService = new Map<string, Host>();
  private readonly byHypervisorId = new Map<string, Host>();
  /** null: two hosts claim this hostname (several nodes of one service), so it names nobody. */
  private readonly byHypervisorName = new Map<string, Host | null>();

  constructor(hosts: Iterable<Host>) {
    for (const host of hosts) {
      this.byService.set(host.name, host);
      if (host.hypervisorId !== null) this.byHypervisorId.set(host.hypervisorId, host);
      if (host.hypervisorHostname !== null) {
        const known = this.byHypervisorName.get(host.hypervisorHostname);
        const clash = known !== undefined && known?.name !== host.name;
        this.byHypervisorName.set(host.hypervisorHostname, clash ? null : host);
      }
    }
  }

  /** The host of a compute service name, as migration records and servers give it. */
  get(serviceHost: string): Host | undefined {
    return this.byService.get(serviceHost);
  }

  /**
   * The host that a plan means. The service host goes first: it is the name that Nova itself uses, so where one
   * name is the service of one host and the hostname of another, the service is meant.
   */
  resolve(name: string): Host | undefined {
    return (
      this.byService.get(name) ??
      this.byHypervisorId.get(name) ??
      this.byHypervisorName.get(name) ??
      undefined
    );
  }

  ofHypervisor(hypervisorId: string | null): Host | undefined {
    return hypervisorId === null ? undefined : this.byHypervisorId.get(hypervisorId);
  }
}

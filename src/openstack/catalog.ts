/** Finds a service's address in Keystone's catalog. Pure; knows no service's paths. */
import type { CloudConfig } from './cloud-config.js';
import { OpenStackUnsupportedError, type OpenStackService } from './errors.js';
import type { Catalog } from './identity/schemas.js';

export type CatalogService = Exclude<OpenStackService, 'identity'>;

/** The names that one service goes by in catalogs (OpenStack's service types authority, with its aliases). */
const TYPES: Record<CatalogService, readonly string[]> = {
  compute: ['compute'],
  baremetal: ['baremetal', 'bare-metal'],
  'infra-optim': ['infra-optim', 'resource-optimization'],
  placement: ['placement'],
};

const OVERRIDE_VARIABLES: Record<CatalogService, string> = {
  compute: 'OS_COMPUTE_ENDPOINT_OVERRIDE',
  baremetal: 'OS_BAREMETAL_ENDPOINT_OVERRIDE',
  'infra-optim': 'OS_INFRA_OPTIM_ENDPOINT_OVERRIDE',
  placement: 'OS_PLACEMENT_ENDPOINT_OVERRIDE',
};

export type EndpointChoice = Pick<CloudConfig, 'region' | 'interface' | 'endpointOverrides'>;

/** Throws OpenStackUnsupportedError, saying what to do, where there is no such endpoint. */
export function findEndpoint(
  catalog: Catalog,
  service: CatalogService,
  choice: EndpointChoice,
): string {
  const override = choice.endpointOverrides[service];
  if (override !== undefined) return override;
  const variable = OVERRIDE_VARIABLES[service];
  const ofType = endpointsOf(catalog, TYPES[service]);
  if (ofType.length === 0)
    throw new OpenStackUnsupportedError(
      service,
      `The catalog has no ${service} service: register its endpoint in Keystone, or set ${variable}.`,
    );
  return choose(ofType, { service, name: service, variable }, choice);
}

/** The rollback service's own entry in the catalog. */
export const ROLLBACK_TYPE = 'infra-optim-rollback';

/** null where the catalog has no such entry; else as findEndpoint. */
export function findRollbackEndpoint(catalog: Catalog, choice: EndpointChoice): string | null {
  const ofType = endpointsOf(catalog, [ROLLBACK_TYPE]);
  if (ofType.length === 0) return null;
  const wanted = { service: 'infra-optim', name: ROLLBACK_TYPE, variable: 'ROLLBACK_URL' } as const;
  return choose(ofType, wanted, choice);
}

type Endpoint = Catalog[number]['endpoints'][number];

function endpointsOf(catalog: Catalog, types: readonly string[]): Endpoint[] {
  return catalog.filter((entry) => types.includes(entry.type)).flatMap((entry) => entry.endpoints);
}

function choose(
  ofType: readonly Endpoint[],
  wanted: { service: CatalogService; name: string; variable: string },
  choice: EndpointChoice,
): string {
  const { service, name, variable } = wanted;
  const ofInterface = ofType.filter(
    (endpoint) => endpoint.interface.replace(/URL$/u, '') === choice.interface,
  );
  const found = ofInterface.filter(
    (endpoint) => choice.region === null || regionOf(endpoint) === choice.region,
  );
  const regions = [...new Set(found.map(regionOf))];
  if (regions.length > 1)
    throw new OpenStackUnsupportedError(
      service,
      `The catalog has ${name} in the regions ${regions.join(', ')}: set OS_REGION_NAME to one of them.`,
    );
  const [first] = found;
  if (first !== undefined && URL.canParse(first.url)) return first.url;
  const known = ofType.map((endpoint) => `${endpoint.interface} in ${regionOf(endpoint)}`);
  throw new OpenStackUnsupportedError(
    service,
    `The catalog has no usable ${choice.interface} endpoint of ${name} in region ${choice.region ?? '(any)'}, ` +
      `only ${known.slice(0, 10).join(', ')}: correct OS_REGION_NAME or OS_INTERFACE, or set ${variable}.`,
  );
}

function regionOf(endpoint: Endpoint): string {
  return endpoint.region_id ?? endpoint.region ?? '(none)';
}

/** Which cloud a catalog is of. Pure; knows no requests. */
import type { CloudConfig } from './cloud-config.js';
import type { CloudIdentity } from './cloud.js';
import type { Catalog } from './identity/schemas.js';

const TYPES = ['identity', 'compute', 'infra-optim', 'resource-optimization'];
/** Of a catalog in a file (keystone/catalog/backends/templated.py) the type itself is the id: that tells nothing. */
const RANDOM_ID = /^[\da-f]{32}$|^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu;

export function cloudIdentityOf(
  catalog: Catalog,
  config: Pick<CloudConfig, 'authUrl' | 'region'>,
): CloudIdentity {
  const services = catalog.filter(({ type }) => TYPES.includes(type));
  const ids = services.flatMap(({ id }) =>
    id !== null && id !== undefined && RANDOM_ID.test(id) ? [id] : [],
  );
  const regions = new Set(
    services.flatMap(({ endpoints }) =>
      endpoints.map((one) => one.region_id ?? one.region ?? null),
    ),
  );
  const [only = null] = regions;
  return {
    authUrl: config.authUrl,
    region: config.region ?? (regions.size === 1 ? only : null),
    serviceIds: [...new Set(ids)].toSorted(),
  };
}

import {
  type CloudId,
  cloudMark,
  cloudName,
  isCloudId,
  isMarked,
  isSameCloud,
} from '../../src/domain/cloud-id.js';
import { cloudIdentityOf } from '../../src/openstack/cloud-identity.js';

const id = (char: string): string => char.repeat(32);
const cloud = (more: Partial<CloudId> = {}): CloudId => ({
  auth_url: 'https://keystone/v3',
  region: 'RegionOne',
  service_ids: [id('a'), id('b'), id('c')],
  ...more,
});

test.each<[string, Partial<CloudId>, boolean]>([
  ['itself', {}, true],
  ['itself by its internal address', { auth_url: 'http://10.0.0.1:5000/v3' }, true],
  [
    'with two of three services registered anew',
    { service_ids: [id('a'), id('x'), id('y')] },
    true,
  ],
  ['another region of the same Keystone', { region: 'RegionTwo' }, false],
  ['another Keystone', { service_ids: [id('d'), id('e'), id('f')] }, false],
  ['another Keystone behind the same name', { service_ids: [id('d')] }, false],
  ['a region that is not known', { region: null }, true],
  ['no ids, the same address', { service_ids: [] }, true],
  ['no ids, another address', { service_ids: [], auth_url: 'https://other/v3' }, false],
])('%s', (_name, other, same) => {
  expect(isSameCloud(cloud(), cloud(other))).toBe(same);
  expect(isSameCloud(cloud(other), cloud())).toBe(same);
  // As compensations carry it.
  expect(isMarked(cloud(), cloudMark(cloud(other)))).toBe(same);
  expect(isMarked(cloud(other), cloudMark(cloud()))).toBe(same);
});

test('what a catalog says: the ids of Keystone, Nova and Watcher, and the one region', () => {
  const entry = (type: string, own: string | null, ...regions: string[]) => ({
    id: own,
    type,
    endpoints: regions.map((region) => ({
      interface: 'public',
      url: 'http://x',
      region_id: region,
    })),
  });
  const config = { authUrl: 'https://keystone/v3', region: null };
  const catalog = [
    entry('identity', id('a'), 'RegionOne'),
    entry('compute', id('b'), 'RegionOne'),
    entry('resource-optimization', id('c'), 'RegionOne'),
    entry('image', id('9'), 'RegionOne', 'RegionTwo'),
  ];
  expect(cloudIdentityOf(catalog, config)).toEqual({
    authUrl: config.authUrl,
    region: 'RegionOne',
    serviceIds: cloud().service_ids,
  });
  const two = [entry('compute', id('b'), 'RegionOne', 'RegionTwo')];
  expect(cloudIdentityOf(two, config).region).toBeNull();
  expect(cloudIdentityOf(two, { ...config, region: 'RegionTwo' }).region).toBe('RegionTwo');
  // A catalog in a file has the types for ids: every such cloud would be the same.
  expect(cloudIdentityOf([entry('compute', 'compute'), entry('identity', null)], config)).toEqual({
    authUrl: config.authUrl,
    region: null,
    serviceIds: [],
  });
});

test('how it is named, and what is none', () => {
  expect(cloudName(cloud())).toBe('https://keystone/v3, region RegionOne');
  expect(cloudName(cloud({ region: null }))).toBe('https://keystone/v3');
  const none = [null, 7, 'x', [], {}, { ...cloud(), region: 7 }, { ...cloud(), service_ids: [7] }];
  for (const value of none) expect(isCloudId(value)).toBe(false);
});

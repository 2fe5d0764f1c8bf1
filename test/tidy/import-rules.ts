/** Who may import whom: the table of ARCHITECTURE.md as data. The first rule whose folder fits decides. */
import type { Import } from './sources.js';

interface Rule {
  folder: string;
  /** What may be imported as a value: paths from the root (a folder ends in "/") or packages ("node:*" for all of Node's). */
  values: string[];
  /** As types only, besides. */
  types?: string[];
}

const CONFIG = ['src/config.ts', 'src/config/', 'src/log.ts'];
const ACTIVITY_SETTINGS = ['activities/settings.ts'];

export const IMPORT_RULES: Rule[] = [
  {
    folder: 'workflows/',
    values: ['@temporalio/workflow', '@temporalio/common', 'src/domain/'],
    types: ['activities/types.ts'],
  },
  { folder: 'src/domain/', values: [] },
  { folder: 'bench/model/', values: ['src/domain/'] },
  { folder: 'src/requests/', values: ['zod', 'src/domain/'] },
  {
    folder: 'activities/',
    values: [
      '@temporalio/activity',
      '@temporalio/common',
      'zod',
      'node:*',
      'src/domain/',
      'src/requests/',
      'src/openstack/',
      'src/metrics.ts',
    ],
  },
  { folder: 'src/openstack/', values: ['undici', 'yaml', 'zod', 'node:*', 'src/token-text.ts'] },
  { folder: 'src/simulated-cloud/', values: ['node:*'] },
  {
    folder: 'src/api/',
    values: [
      'express',
      'httpxy',
      'zod',
      'node:*',
      'src/domain/',
      'src/requests/',
      'src/openstack/',
      'src/metrics.ts',
      'src/log.ts',
      'src/turns.ts',
      'src/within.ts',
    ],
    types: ['workflows/messages.ts', 'activities/types.ts', ...CONFIG],
  },
  {
    folder: 'src/temporal/',
    values: [
      '@temporalio/client',
      '@temporalio/common',
      '@temporalio/envconfig',
      '@temporalio/proto',
      '@temporalio/worker',
      'zod',
      'node:*',
      'src/domain/',
      'src/api/errors.ts',
      'src/turns.ts',
      'src/within.ts',
      'workflows/messages.ts',
      'workflows/search-attributes.ts',
      'workflows/stop-messages.ts',
    ],
    types: ['workflows/', 'activities/types.ts', 'src/api/rollbacks.ts', ...CONFIG],
  },
  {
    folder: 'src/temporal-server/',
    values: ['@temporalio/client', '@temporalio/common', '@temporalio/testing', 'zod', 'node:*'],
    types: ['src/config.ts'],
  },
  {
    folder: 'src/worker/',
    values: ['@temporalio/worker', 'node:*', 'src/temporal/'],
    types: ['@temporalio/common', 'activities/types.ts', ...CONFIG],
  },
  // Runs in a browser, without a bundler: nothing but its own files is served.
  { folder: 'src/ui/', values: [], types: ['src/domain/'] },
  { folder: 'src/config/', values: ['node:*'] },
  { folder: 'src/config.ts', values: ['src/config/'], types: ACTIVITY_SETTINGS },
  // A client of the REST API like any other; only its doctor looks at Temporal, and `serve` is the program itself.
  {
    folder: 'src/cli/',
    values: [
      'cli-table3',
      'commander',
      'eventsource-parser',
      'log-update',
      'undici',
      'zod',
      'node:*',
      'src/domain/',
      'src/openstack/',
      'src/temporal/',
      // The doctor looks at the files of the API's certificate as a start would.
      'src/service/api-certificate.ts',
      'src/service/start-error.ts',
      'src/main.ts',
      ...CONFIG,
    ],
  },
];

/** A sentence per breach; none for folders without a rule (they join the parts). */
export function breachesOf(path: string, it: Import): string[] {
  const rule = IMPORT_RULES.find(({ folder }) => path.startsWith(folder));
  if (rule === undefined) return [];
  const name = it.target?.replace(/\.js$/, '.ts') ?? it.specifier;
  const allowed = [rule.folder, ...rule.values, ...(it.typeOnly ? (rule.types ?? []) : [])];
  if (allowed.some((one) => fits(name, one))) return [];
  const how = it.typeOnly ? 'types of ' : '';
  return [`${path} may not import ${how}${it.specifier}`];
}

function fits(name: string, allowed: string): boolean {
  if (allowed.endsWith('/')) return name.startsWith(allowed);
  if (allowed === 'node:*') return name.startsWith('node:');
  return name === allowed || (allowed.startsWith('@') && name.startsWith(`${allowed}/`));
}

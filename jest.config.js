// Jest runs the TypeScript sources through swc as CommonJS (Temporal's own test helpers load that way too);
// `npm run typecheck` is what checks types.
import { availableParallelism } from 'node:os';

/** Every worker may run a Temporal server of its own. */
const WORKERS_MAX = 4;

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/openstack/'],
  // The source before a script of the same name.
  moduleFileExtensions: ['ts', 'js', 'cjs', 'mjs', 'json', 'node'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  extensionsToTreatAsEsm: [],
  transform: {
    '^.+\\.(ts|mjs)$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Packages that ship ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!httpxy/)'],
  testTimeout: 30_000,
  maxWorkers: Math.min(availableParallelism(), WORKERS_MAX),
  reporters: ['default', '<rootDir>/scripts/jest-total.cjs'],
};

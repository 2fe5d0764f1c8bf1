/** Whether what is kept of this version and of the released ones is complete and unchanged. Reads no files. */
import type { Release } from './release.js';

export interface Kept {
  /** Of package.json: what is being worked on. */
  version: string;
  /** "<workflow> <scenario>" of every scenario there is. */
  scenarios: string[];
  /** Checksums of all recorded histories, by path: "<workflow>/<version>-<scenario>.json". */
  histories: Record<string, string>;
  releases: Release[];
  /** Checksums of their programs, by version. */
  programs: Record<string, string>;
}

const PATH = /^([A-Za-z]+)\/(\d+\.\d+\.\d+)-([a-z0-9-]+)\.json$/;

/** Sentences; none is as it should be. */
export function problemsOf(kept: Kept): string[] {
  const { version, scenarios, histories, releases, programs } = kept;
  const here = new Map(Object.keys(histories).map((path) => [path, parts(path)]));
  const wanted = scenarios.map((scenario) => pathOf(scenario, version));
  const released = new Map(releases.map((release) => [release.version, release]));
  return [
    ...wanted
      .filter((path) => !here.has(path))
      .map((path) => `${path} is missing: a scenario without a history of this version`),
    ...[...here].flatMap(([path, of]) => {
      if (of === null) return [`${path} is no name of a history`];
      const release = released.get(of.version);
      if (release !== undefined) {
        if (Object.hasOwn(release.histories, path)) return [];
        return [`${path} is not of version ${of.version}, which was released without it`];
      }
      if (of.version !== version) return [`${path} is of a version that was never released`];
      return wanted.includes(path) ? [] : [`${path} has no scenario`];
    }),
    ...releases.flatMap((release) => [
      ...differing(release, histories),
      ...(programs[release.version] === release.program
        ? []
        : [`the program of version ${release.version} is not what was released`]),
    ]),
  ];
}

function differing({ version, histories: released }: Release, is: Kept['histories']): string[] {
  return Object.entries(released).flatMap(([path, checksum]) => {
    if (is[path] === checksum) return [];
    const what = is[path] === undefined ? 'is missing' : 'was changed';
    return [`${path} ${what}: version ${version} was released with it`];
  });
}

function pathOf(scenario: string, version: string): string {
  const [workflow = '', name = ''] = scenario.split(' ');
  return `${workflow}/${version}-${name}.json`;
}

function parts(path: string): { version: string } | null {
  const version = PATH.exec(path)?.[2];
  return version === undefined ? null : { version };
}

/** The build of the Temporal CLI, with a `go` that only pretends. The real one takes minutes. */
import { existsSync } from 'node:fs';
import { buildCli } from '../../src/temporal-server/build-cli.js';
import { Scene } from './scene.js';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.remove());

/** The shell's own words only: the system's programs are not on PATH here. */
function go(version: string, install: string): void {
  scene.program(
    'bin/go',
    `if [ "$1" = version ]; then echo "go version ${version} linux/amd64"; exit; fi\n${install}`,
  );
}

function build() {
  return buildCli(scene.path('temporal'), scene.path('work'), scene.env, scene.say);
}

test('it asks Go for the pinned version and puts the program in its place when it is whole', async () => {
  go(
    'go1.22.1',
    `echo "$*" > ${scene.path('asked')}; echo "#!/bin/sh" > "$GOBIN/temporal"; /bin/chmod +x "$GOBIN/temporal"`,
  );
  expect(await build()).toEqual({ path: scene.path('temporal') });
  expect(existsSync(scene.path('temporal'))).toBe(true);
  expect(existsSync(scene.path('work'))).toBe(false);
  expect(scene.read('asked').trim()).toBe('install github.com/temporalio/cli/cmd/temporal@v1.5.1');
  expect(scene.said[0]).toMatch(/2 to 4 minutes/);
});

test('a build that fails leaves nothing behind and says why in its own last words', async () => {
  go('go1.26.8', 'echo half > "$GOBIN/temporal"; echo "dial tcp: no route" >&2; exit 1');
  expect(await build()).toEqual({ reason: '"go install" failed: dial tcp: no route' });
  expect(existsSync(scene.path('temporal'))).toBe(false);
  expect(existsSync(scene.path('work'))).toBe(false);
});

test('without Go, or with one that is too old, it does not try', async () => {
  expect(await build()).toEqual({ reason: 'Go is not installed' });
  go('go1.19.8', 'exit 1');
  expect(await build()).toEqual({ reason: 'Go is 1.19.8, and 1.21.0 or newer is needed' });
  expect(scene.said).toEqual([]);
});

/** A folder of its own per test, with programs that only pretend. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'temporal-server-'));
  readonly said: string[] = [];
  readonly say = (sentence: string): void => {
    this.said.push(sentence);
  };
  /** The system's own programs, one folder of ours before them. */
  readonly env: Record<string, string | undefined>;

  constructor() {
    mkdirSync(this.path('bin'));
    // Where the real machine has a temporal or a go, they must not be found.
    this.env = {
      PATH: `${this.path('bin')}:/usr/bin-of-nobody`,
      XDG_CACHE_HOME: this.path('cache'),
    };
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** A shell script. */
  program(path: string, body: string): string {
    const file = this.path(path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  temporal(path: string, server = '1.29.1'): string {
    return this.program(path, `echo "temporal version 1.5.1 (Server ${server}, UI 2.42.1)"`);
  }

  read(path: string): string {
    return existsSync(this.path(path)) ? readFileSync(this.path(path), 'utf8') : '';
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Certificates for tests, made by openssl in a folder of their own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificates {
  file(name: string): string;
  pem(name: string): string;
  /** `<name>.pem` and `<name>.key`, by itself alone, for "localhost" and 127.0.0.1. */
  make(name: string): { cert: string; key: string };
  openssl(...args: string[]): void;
  remove(): void;
}

export function certificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'rollback-tls-'));
  const file = (name: string): string => join(folder, name);
  const pem = (name: string): string => readFileSync(file(name), 'utf8');
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe' });
  };
  return {
    file,
    pem,
    openssl,
    make(name) {
      const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name}`;
      const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
      openssl(...args.split(' '), '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', ...files);
      return { cert: pem(`${name}.pem`), key: pem(`${name}.key`) };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

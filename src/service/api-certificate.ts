/**
 * The API's certificate and key, from the files of the settings: checked at the start, looked at again while it runs, so
 * that a renewed pair needs no restart. What it does with them is the server's affair.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Certificate } from '../api/server.js';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import { codeOf } from '../openstack/thrown.js';
import { StartError } from './start-error.js';

/** Far above any chain; a path that leads to a huge file must not fill the memory. */
const MAX_BYTES = 1024 * 1024;
const LOOK_EVERY_MS = 30_000;

/** null: the API speaks plain HTTP. Throws StartError. */
export function certificateOf({ certFile, keyFile }: Config['tls']): Certificate | null {
  if (certFile === null || keyFile === null) return null;
  const cert = read('ROLLBACK_TLS_CERT_FILE', certFile);
  const key = read('ROLLBACK_TLS_KEY_FILE', keyFile);
  const leaf = wellFormed('ROLLBACK_TLS_CERT_FILE', certFile, 'it holds no PEM certificate', () => {
    return new X509Certificate(cert);
  });
  const own = wellFormed('ROLLBACK_TLS_KEY_FILE', keyFile, keyProblem(key), () =>
    createPrivateKey(key),
  );
  if (!leaf.checkPrivateKey(own)) {
    throw new StartError(
      `ROLLBACK_TLS_KEY_FILE (${keyFile}) is not the key of the first certificate in ROLLBACK_TLS_CERT_FILE (${certFile}): the certificate of the service comes first, then those in between.`,
    );
  }
  // The rest of the chain, and what only TLS itself refuses (too short a key, too weak a digest).
  wellFormed('ROLLBACK_TLS_CERT_FILE', certFile, 'TLS does not take it', () =>
    createSecureContext({ cert, key }),
  );
  return { cert, key };
}

/** Gives `take` each new pair. A bad one is logged once, and the one before stays. Returns what ends the looking. */
export function followCertificate(
  files: Config['tls'],
  first: Certificate,
  { log, take, everyMs = LOOK_EVERY_MS }: FollowOptions,
): () => void {
  let current = first;
  let complaint: string | null = null;
  const look = (): void => {
    try {
      const next = certificateOf(files);
      complaint = null;
      if (next === null || (next.cert === current.cert && next.key === current.key)) return;
      take(next);
      current = next;
      log.info(lifeOf(next), 'renewed certificate of the API is in use');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== complaint) {
        log.error({ problem: message }, 'new certificate of the API is no good; the old one stays');
      }
      complaint = message;
    }
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

interface FollowOptions {
  log: Logger;
  take: (certificate: Certificate) => void;
  /** Tests look more often. */
  everyMs?: number;
}

/** For the log: whose it is and how long it is good. */
export function lifeOf({ cert }: Certificate): { subject: string; validTo: string } {
  const { subject, validTo } = new X509Certificate(cert);
  return { subject: subject.replaceAll('\n', ', '), validTo };
}

function read(setting: string, file: string): string {
  try {
    if (statSync(file).size > MAX_BYTES) throw new Error('it is larger than 1 MiB');
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${setting} (${file}) cannot be read: ${reasonOf(error)}.`);
  }
}

function wellFormed<T>(setting: string, file: string, problem: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    // OpenSSL's own words help nobody, and may quote.
    throw new StartError(`${setting} (${file}) cannot be used: ${problem}.`);
  }
}

function keyProblem(pem: string): string {
  return pem.includes('ENCRYPTED')
    ? 'its key is protected by a passphrase, which the service cannot be asked for'
    : 'it holds no PEM private key';
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this user may not read it';
  return error instanceof Error ? error.message : String(error);
}

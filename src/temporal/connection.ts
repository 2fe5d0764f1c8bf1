/**
 * The way to Temporal, from the profile that the usual TEMPORAL_* variables and temporal.toml give. Knows nothing of
 * rollbacks.
 */
import { Client } from '@temporalio/client';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import type { Environment } from '../config.js';
import { encryptionCodec, type PayloadKeys } from './encryption-codec.js';
import { LazyConnection } from './lazy-connection.js';
import { compressionCodec } from './payload-codec.js';

export interface TemporalProfile {
  /** null where neither a variable nor a file names one. */
  address: string | null;
  namespace: string;
  options: ReturnType<typeof toClientOptions>['connectionOptions'];
  /** What payloads go through on their way to Temporal, in this order. */
  codecs: PayloadCodec[];
}

export const dataConverter = { payloadCodecs: [compressionCodec] };

/** The same way to Temporal, with payloads encrypted: after they are compressed, for encrypted ones cannot be. */
export function withKeys(profile: TemporalProfile, keys: PayloadKeys): TemporalProfile {
  return { ...profile, codecs: [compressionCodec, encryptionCodec(keys)] };
}

/** Reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS*, TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE. */
export function temporalProfile(env: Environment): TemporalProfile {
  const set: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) set[name] = value;
  const profile = loadClientConfigProfile({ overrideEnvVars: set });
  const { connectionOptions, namespace } = toClientOptions(profile);
  return {
    address: profile.address ?? null,
    namespace: namespace ?? 'default',
    options: connectionOptions,
    codecs: dataConverter.payloadCodecs,
  };
}

/** A profile for a server at this address, e.g. the embedded one; the rest as the environment says. */
export function withAddress(profile: TemporalProfile, address: string): TemporalProfile {
  return { ...profile, address, options: { ...profile.options, address } };
}

/** Connects at the first call, and again by itself: the API starts before Temporal does. */
export function lazyClient(profile: TemporalProfile): Client {
  return new Client({
    connection: LazyConnection.to(profile.options),
    namespace: profile.namespace,
    dataConverter: { payloadCodecs: profile.codecs },
  });
}

export function connectNative(profile: TemporalProfile): Promise<NativeConnection> {
  return NativeConnection.connect(profile.options);
}

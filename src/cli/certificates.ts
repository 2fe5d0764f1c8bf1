/** What to do where the certificate of what answers is not believed. Pure. */

const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

const REMEDIES: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    'Use a name in ROLLBACK_URL that the certificate is for, or have one made for this name.',
  CERT_HAS_EXPIRED: 'The certificate of the service has expired: renew it.',
  CERT_NOT_YET_VALID: 'The certificate is not valid yet: check the clocks.',
};

/** null: it is not the certificate. */
export function certificateRemedy(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (UNKNOWN_AUTHORITY.has(code)) {
    return 'Nobody whom this machine trusts vouches for its certificate: set OS_CACERT (or "cacert" in clouds.yaml) to the PEM file of its authority.';
  }
  return REMEDIES[code] ?? null;
}

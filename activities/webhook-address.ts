/**
 * To which addresses notifications may go. The administrator names the webhook, yet a name can be made to lead elsewhere: so
 * it is the address that counts, looked at where the connection is made. It must not know what is sent.
 */
import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

export interface Allowed {
  /** Names, addresses and networks ("10.0.0.0/8") that notifications may go to; []: all but NEVER. */
  allow: readonly string[];
}

/** Where machines of a cloud ask for their own credentials, and what is no address of anybody. */
const NEVER = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '::/128',
  'fe80::/10',
  'fd00:ec2::254/128',
  'ff00::/8',
  // 169.254.0.0/16 through translators and tunnels: NAT64 (RFC 6052, 8215), 6to4, and IPv4 written into IPv6 in older ways.
  '64:ff9b::a9fe:0/112',
  '64:ff9b:1::/48',
  '2002:a9fe::/32',
  '::a9fe:0/112',
  '::ffff:0:a9fe:0/112',
];

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';

  constructor(host: string, address: string) {
    const where = host === address ? host : `${host} is ${address} and`;
    super(`${where} may not be notified: name it in ROLLBACK_WEBHOOK_ALLOW if it is meant`);
  }
}

const never = blockListOf(NEVER);

export function isAllowed(host: string, address: string, { allow }: Allowed): boolean {
  if (allow.length === 0) return !contains(never, address);
  if (allow.includes(host.toLowerCase())) return true;
  return contains(
    blockListOf(allow.filter((entry) => isIP(entry.split('/', 1)[0] ?? '') > 0)),
    address,
  );
}

/** For a host that is an address: those are not looked up. Throws AddressRefused. */
export function demandAllowed(url: URL, allowed: Allowed): void {
  const host = hostOf(url);
  if (isIP(host) > 0 && !isAllowed(host, host, allowed)) throw new AddressRefused(host, host);
}

/** Every address of the name must be allowed: which of them it will be is chance. */
export function guardedLookup(allowed: Allowed): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      const refused = addresses?.find(({ address }) => !isAllowed(host, address, allowed));
      const [first] = addresses ?? [];
      if (error !== null) callback(error, '', 0);
      else if (refused !== undefined) callback(new AddressRefused(host, refused.address), '', 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };
}

export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** Also of an IPv4 address that is written as one of IPv6. */
function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

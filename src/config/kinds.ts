/**
 * The kinds of value that a setting can have: how its text is read and, in words, what is allowed. It must not
 * know which settings there are, nor where their text comes from.
 */
import { isIP, isIPv6 } from 'node:net';

export interface Kind<T> {
  /** Completes the sentence "It must be …". */
  readonly allowed: string;
  /** undefined: the text is none of what is allowed. */
  parse(text: string): T | undefined;
}

function inRange(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

export function wholeNumber(min: number, max: number): Kind<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    parse: (text) => (/^\d{1,15}$/.test(text) ? inRange(Number(text), min, max) : undefined),
  };
}

export function wholeSeconds(min: number, max: number): Kind<number> {
  return {
    ...wholeNumber(min, max),
    allowed: `a whole number of seconds from ${min} to ${max}`,
  };
}

/** Fractions are allowed, e.g. "0.5". */
export function seconds(min: number, max: number): Kind<number> {
  return {
    allowed: `a number of seconds from ${min} to ${max}`,
    parse: (text) =>
      /^\d{1,9}(\.\d{1,6})?$/.test(text) ? inRange(Number(text), min, max) : undefined,
  };
}

/** 0 lets the system choose a free port. */
export function port(): Kind<number> {
  return { ...wholeNumber(0, 65_535), allowed: 'a port number from 0 to 65535' };
}

export function trueOrFalse(): Kind<boolean> {
  return {
    allowed: '"true" or "false"',
    parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  };
}

export function oneOf<const T extends string>(...words: T[]): Kind<T> {
  return {
    allowed: `one of ${words.map((word) => `"${word}"`).join(', ')}`,
    parse: (text) => words.find((word) => word === text),
  };
}

/** A host name or an IP address, without brackets or port. */
export function hostName(): Kind<string> {
  return {
    allowed: 'a host name or an IP address, without a port',
    parse: (text) =>
      /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(text) || isIPv6(text)
        ? text
        : undefined,
  };
}

/** A name that goes into other systems as it is (a task queue). */
export function plainName(): Kind<string> {
  return {
    allowed: 'a name of 1 to 200 letters, digits, ".", "_" or "-"',
    parse: (text) => (/^[A-Za-z0-9._-]{1,200}$/.test(text) ? text : undefined),
  };
}

export function filePath(): Kind<string> {
  return {
    allowed: 'a path of a file',
    parse: (text) => (/^[^\0]{1,4096}$/.test(text) && !text.endsWith('/') ? text : undefined),
  };
}

/** Without the trailing slash, so that paths can be put behind it. User and password are not allowed in it. */
export function httpUrl(): Kind<string> {
  return {
    allowed: 'an http:// or https:// address without user, password, query or fragment',
    parse: (text) => {
      if (!/^https?:\/\/[^\s]+$/.test(text) || !URL.canParse(text)) return undefined;
      const url = new URL(text);
      if (url.username + url.password + url.search + url.hash !== '') return undefined;
      return url.href.replace(/(?<!\/)\/+$/, '');
    },
  };
}

/** Host names, IP addresses and networks, separated by commas, in lower case. */
export function networks(): Kind<readonly string[]> {
  return {
    allowed: 'host names, IP addresses or networks like 10.0.0.0/8, separated by commas',
    parse: (text) => {
      const entries = text.split(',').map((entry) => entry.trim().toLowerCase());
      return entries.every(isNetwork) ? entries : undefined;
    },
  };
}

function isNetwork(entry: string): boolean {
  const [address = '', prefix, more] = entry.split('/');
  const version = isIP(address);
  if (more !== undefined) return false;
  if (prefix === undefined) return version > 0 || /^[a-z\d][a-z\d.-]{0,252}$/.test(entry);
  return version > 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}

/** Names of Keystone roles, separated by commas, in lower case: Keystone and oslo.policy compare them so. */
export function roleNames(): Kind<readonly string[]> {
  return {
    allowed: 'names of roles, separated by commas',
    parse: (text) => {
      const names = text.split(',').map((name) => name.trim().toLowerCase());
      const good = names.every((name) =>
        /^[^\s,\p{Cc}]([^,\p{Cc}]{0,253}[^\s,\p{Cc}])?$/u.test(name),
      );
      return good && names.length <= 50 ? names : undefined;
    },
  };
}

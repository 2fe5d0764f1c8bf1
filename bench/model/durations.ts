/**
 * How long the operations of a made-up cloud take: a seed and a name give a time, so that it does not depend on who asks
 * first. Pure; both the model and a simulated cloud can use it.
 */

/** 3 s ± 50 %: what a small server with a calm memory takes. */
export const LIVE_MIGRATION = { mean: 3000, spread: 0.5 };

/** Whole milliseconds, evenly spread over mean ± spread (a fraction of it). */
export function durationOf(
  seed: number,
  name: string,
  { mean, spread }: { mean: number; spread: number } = LIVE_MIGRATION,
): number {
  return Math.round(mean * (1 + spread * (2 * fractionOf(seed, name) - 1)));
}

/** From 0 to below 1: FNV-1a over the name, begun with the seed, and mixed, because it is weak in its upper bits. */
function fractionOf(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

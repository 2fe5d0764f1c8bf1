/** The element that an arbitrary number means. */
export function at<T>(all: readonly T[], index: number): T {
  const found = all[index % all.length];
  if (found === undefined) throw new Error('there is none');
  return found;
}

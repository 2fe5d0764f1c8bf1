/** The shape of a JSON value: its keys and types, recursively, without its values. */

/** Object → keys with shapes; array → the distinct shapes of its elements, sorted; else the type's name. */
export function shapeOf(value: unknown): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    const shapes = new Map(
      value.map((element) => {
        const shape = shapeOf(element);
        return [JSON.stringify(shape), shape] as const;
      }),
    );
    return [...shapes.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, shape]) => shape);
  }
  if (typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, member]) => [key, shapeOf(member)]),
    );
  }
  return typeof value;
}

/** Every distinct value that the members of these names have anywhere in `value`, by name. */
export function valuesOf(value: unknown, names: readonly string[]): Record<string, string[]> {
  const found = new Map<string, Set<string>>();
  const walk = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return;
    for (const [key, member] of Object.entries(at)) {
      if (names.includes(key) && !Array.isArray(member)) {
        const values = found.get(key) ?? new Set();
        found.set(key, values.add(JSON.stringify(member)));
      }
      walk(member);
    }
  };
  walk(value);
  return Object.fromEntries([...found].map(([name, values]) => [name, [...values].toSorted()]));
}

/** Watcher's and Ironic's errors are JSON in a JSON string: both levels parsed (HTML inside is left as it is). */
export function withInnerJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('error_message' in value)) return value;
  const { error_message: text } = value;
  return typeof text === 'string' && text.startsWith('{') ? JSON.parse(text) : value;
}

/** Finds the route of a request. Knows nothing of OpenStack. */
import type { Route } from './messages.js';

export interface Found {
  route: Route;
  params: Record<string, string>;
}
/** A path that exists with other methods: for 405 and its Allow header. */
export interface WrongMethod {
  allow: string[];
  template: string;
}

interface CompiledRoute {
  route: Route;
  pattern: RegExp;
  names: string[];
}

export class Router {
  readonly #routes: CompiledRoute[];

  constructor(routes: Route[]) {
    this.#routes = routes.map((route) => ({
      route,
      names: [...route.template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''),
      pattern: new RegExp(`^${route.template.replaceAll(/\{\w+\}/g, '([^/]+)')}/?$`),
    }));
  }

  find(method: string, path: string): Found | WrongMethod | null {
    const matching = this.#routes.flatMap((compiled) => {
      const match = compiled.pattern.exec(path);
      return match ? [{ ...compiled, match }] : [];
    });
    const [first] = matching;
    if (!first) return null;
    // A template without placeholders ("/servers/detail") goes before one with ("/servers/{id}").
    const best = matching
      .filter(({ route }) => route.method === method)
      .toSorted((a, b) => a.names.length - b.names.length)[0];
    const most = Math.min(...matching.map(({ names }) => names.length));
    if (!best || best.names.length > most) {
      const same = matching.filter(({ names }) => names.length === most);
      return {
        allow: same.map(({ route }) => route.method).toSorted(),
        template: same[0]?.route.template ?? first.route.template,
      };
    }
    const params = Object.fromEntries(
      best.names.map((name, index) => [name, decodeURIComponent(best.match[index + 1] ?? '')]),
    );
    return { route: best.route, params };
  }
}

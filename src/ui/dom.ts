/** Builds elements without markup: every text is a text node, so nothing that a cloud says can become an element. */

type Handler = (event: Event) => void;
export type Attributes = Readonly<Record<string, string | number | boolean | null | Handler>>;
export type Child = Node | string | null | false;

/** An attribute that is null or false is left out, true is an empty one; "onclick" and the like take a function. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== null && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

/**
 * Puts new children in the place of the old ones. Whoever was on one of them by keyboard stays on the one with the same
 * `data-key`.
 */
export function renew(container: Element, children: Child[]): void {
  const active = document.activeElement;
  const key =
    active !== null && container.contains(active) ? active.getAttribute('data-key') : null;
  container.replaceChildren(...children.filter((child) => child !== null && child !== false));
  if (key === null) return;
  const again = container.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (again instanceof HTMLElement || again instanceof SVGElement)
    again.focus({ preventScroll: true });
}

/** An element that the page's own HTML has. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element "${id}".`);
  return element;
}

/** The page at /ui/: which view is shown at which address, and who is logged in. */
import { Api, Problem } from './api.js';
import { byId, h } from './dom.js';
import { listView } from './list-view.js';
import { loginView } from './login-view.js';
import { previewView } from './preview-view.js';
import { rollbackView } from './rollback-view.js';
import { showStopSwitch } from './stop-part.js';
import { type Context, messageOf, problemBox, type View } from './view.js';

const PLAN = /^\/plans\/([0-9a-f-]{36})(\/preview)?$/i;

class Page {
  private readonly api = new Api();
  private leaving = new AbortController();
  private loggedIn = false;
  /** Whether the service asks for a token at all. */
  private tokens = true;

  constructor() {
    this.api.onUnauthorized = (sentence) => {
      if (this.loggedIn) this.logOut(`${sentence} The token is no longer good: log in again.`);
    };
    window.addEventListener('hashchange', () => this.show());
    byId('skip').addEventListener('click', () => byId('main').focus());
  }

  /** Without a token first: a service that asks for none must not make anybody log in. */
  async begin(): Promise<void> {
    try {
      await this.api.list(null, '');
      this.tokens = false;
      this.loggedIn = true;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) {
        byId('main').replaceChildren(problemBox(messageOf(error), this.retryButton()));
        return;
      }
    }
    this.show();
  }

  private retryButton(): HTMLElement {
    return h('button', { type: 'button', onclick: () => void this.begin() }, 'Try again');
  }

  private logOut(reason: string | null): void {
    this.loggedIn = false;
    this.api.useToken(null);
    this.show(reason);
  }

  private show(reason: string | null = null): void {
    this.leaving.abort();
    this.leaving = new AbortController();
    const context: Context = {
      api: this.api,
      signal: this.leaving.signal,
      go: (path) => {
        if (location.hash === `#${path}`) this.show();
        else location.hash = path;
      },
    };
    const view = this.loggedIn
      ? viewAt(location.hash.slice(1), context)
      : loginView(context, reason, () => {
          this.loggedIn = true;
          this.show();
        });
    this.navigation();
    if (this.loggedIn) showStopSwitch(context);
    place(view);
  }

  private navigation(): void {
    const logOut = h('button', { type: 'button', onclick: () => this.logOut(null) }, 'Log out');
    byId('nav').replaceChildren(
      ...(this.loggedIn ? [h('a', { href: '#/' }, 'Rollbacks')] : []),
      h('a', { href: '/docs' }, 'REST API'),
      ...(this.loggedIn && this.tokens ? [logOut] : []),
    );
  }
}

function viewAt(path: string, context: Context): View {
  const match = PLAN.exec(path);
  const plan = match?.[1]?.toLowerCase();
  if (plan === undefined) return listView(context);
  return match?.[2] === undefined ? rollbackView(context, plan) : previewView(context, plan);
}

/** The focus goes to the heading, so that a screen reader says where one is. */
function place(view: View): void {
  document.title = `${view.title} · Watcher rollback`;
  const heading = h('h1', { tabindex: -1 }, view.title);
  byId('main').replaceChildren(heading, view.element);
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

void new Page().begin();

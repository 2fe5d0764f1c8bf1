/** Says at the top of every view when an administrator has stopped all rollbacks. */
import { byId, h } from './dom.js';
import type { Context } from './view.js';
import { timeText } from './words.js';

const REFRESH_MS = 10_000;

export function showStopSwitch({ api, signal }: Context): void {
  async function look(): Promise<void> {
    try {
      const { stopped, reason, by, since } = await api.stopSwitch();
      if (signal.aborted) return;
      const who = by === null ? '' : ` by ${by}`;
      const when = since === null ? '' : ` since ${timeText(since)}`;
      const why = reason === null ? '' : `: ${reason}`;
      const sentence = `All rollbacks are stopped${when}${who}${why}. Nothing new is begun.`;
      byId('stopped').replaceChildren(...(stopped ? [h('p', { class: 'stopped' }, sentence)] : []));
    } catch {
      // Not everybody may read it, and the view itself says when the service is away.
      byId('stopped').replaceChildren();
    }
  }
  const timer = setInterval(() => void look(), REFRESH_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
  void look();
}

/** What has happened, newest first. */
import type { RollbackResult } from '../domain/result.js';
import { h, renew } from './dom.js';
import { nameOf, timeText } from './words.js';

const ENTRIES_MAX = 300;

export class HistoryPart {
  readonly element = h('ol', { class: 'history', reversed: true });

  show({ history, compensations }: RollbackResult): void {
    const names = new Map(compensations.map((one) => [one.action_uuid, nameOf(one)]));
    const newest = history.slice(-ENTRIES_MAX).toReversed();
    this.element.setAttribute('start', String(history.length));
    renew(
      this.element,
      newest.map(({ time, action_uuid: action, event, message }) =>
        h(
          'li',
          {},
          h('time', { datetime: time }, timeText(time)),
          ' ',
          h('strong', {}, event),
          action !== null && ` ${names.get(action) ?? action}`,
          message !== '' && `: ${message}`,
        ),
      ),
    );
  }
}

/** The head of a rollback: its state, how far it is, who asked, and where more is to be found. */
import type { RollbackResult } from '../domain/result.js';
import { h, renew } from './dom.js';
import { badge } from './view.js';
import { countsText, finished, timeText, total } from './words.js';

export class SummaryPart {
  readonly element = h('section', { class: 'card summary', 'aria-label': 'Summary' });

  show(result: RollbackResult): void {
    const { counts, state, created_at: begun, updated_at: changed, requested_by: by } = result;
    const done = finished(counts);
    const all = total(counts);
    renew(this.element, [
      h('p', { class: 'state' }, badge(state), ` ${countsText(counts)}`),
      h('progress', { max: Math.max(1, all), value: done, 'aria-label': 'Progress' }),
      h('p', {}, `${done} of ${all} actions done`),
      result.failure !== null && h('p', { class: 'failure' }, result.failure.message),
      h(
        'dl',
        {},
        ...pair('Asked for by', by.user_name ?? by.user_id ?? 'nobody known'),
        ...pair('Begun', timeText(begun)),
        ...pair('Last change', timeText(changed)),
        ...pair('Options', optionsText(result)),
        ...pair('Workflow', workflowLink(result)),
      ),
      result.truncated &&
        h(
          'p',
          {},
          'This rollback is large: what is not shown here is in the REST API, a page at a time.',
        ),
    ]);
  }
}

function pair(term: string, value: string | Node): Node[] {
  return [h('dt', {}, term), h('dd', {}, value)];
}

function optionsText({ options }: RollbackResult): string {
  const { on_drift, hosts, allow_cold, abort_stuck, max_failures, actions } = options;
  return [
    `drift: ${on_drift}`,
    `hosts: ${hosts}`,
    allow_cold ? 'running servers may move cold' : 'running servers move live only',
    ...(abort_stuck === true ? ['a migration without progress is aborted'] : []),
    `at most ${max_failures} failures`,
    ...(actions === null ? [] : [`${actions.length} chosen actions only`]),
  ].join(', ');
}

/** Only to an address of the web: it comes from a setting, but this is where it would hurt. */
function workflowLink({ workflow }: RollbackResult): Node | string {
  const { id, web_url: url } = workflow;
  if (url === null || !/^https?:\/\//i.test(url)) return id;
  return h(
    'a',
    { href: url, target: '_blank', rel: 'noopener noreferrer' },
    `${id} in Temporal's Web UI (new tab)`,
  );
}

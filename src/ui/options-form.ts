/** The options of a rollback as a form; empty fields are left to the service's own defaults. */
import { h } from './dom.js';

export class OptionsForm {
  private readonly maxAge = number('max_age', 1);
  private readonly maxFailures = number('max_failures', 1);
  private readonly drift = select('on_drift', [
    ['keep', 'leave it alone'],
    ['restore', 'restore it all the same'],
    ['fail', 'refuse the whole rollback'],
  ]);
  private readonly hosts = select('hosts', [
    ['restore', 'restore them'],
    ['keep', 'leave them as they are'],
  ]);
  private readonly cold = h('input', { type: 'checkbox', id: 'allow_cold' });
  private readonly abort = h('input', { type: 'checkbox', id: 'abort_stuck' });
  readonly element: HTMLElement;
  /** null: all. */
  actions: string[] | null = null;

  /** `onAsk`: a preview with these is wanted. `onInput`: they are not those of the last one any more. */
  constructor(onAsk: () => void, onInput: () => void) {
    this.element = h(
      'form',
      {
        class: 'card',
        'aria-label': 'Options',
        onsubmit: (event) => {
          event.preventDefault();
          onAsk();
        },
        oninput: onInput,
      },
      h(
        'details',
        {},
        h('summary', {}, 'Options'),
        labelled('What somebody changed since the plan', this.drift),
        labelled('Compute services and node power', this.hosts),
        labelled('Greatest age of the plan, seconds (empty: the default)', this.maxAge),
        labelled('Stop after so many failures (empty: the default)', this.maxFailures),
        h(
          'label',
          { class: 'inline', for: 'allow_cold' },
          this.cold,
          h('span', {}, 'A server that cannot go live may be moved cold (it is down meanwhile)'),
        ),
        h(
          'label',
          { class: 'inline', for: 'abort_stuck' },
          this.abort,
          h(
            'span',
            {},
            'Abort a live migration that makes no progress (the server stays where it is)',
          ),
        ),
        h('div', { class: 'buttons' }, h('button', { type: 'submit' }, 'Preview with these')),
      ),
    );
  }

  /** For the preview. */
  query(): URLSearchParams {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(this.body())) {
      query.set(name, Array.isArray(value) ? value.join(',') : String(value));
    }
    return query;
  }

  /** For the start. */
  body(): Record<string, unknown> {
    const { maxAge, maxFailures } = this;
    return {
      on_drift: this.drift.value,
      hosts: this.hosts.value,
      allow_cold: this.cold.checked,
      abort_stuck: this.abort.checked,
      ...(maxAge.value !== '' && { max_age: Number(maxAge.value) }),
      ...(maxFailures.value !== '' && { max_failures: Number(maxFailures.value) }),
      ...(this.actions !== null && { actions: this.actions }),
    };
  }
}

function number(id: string, min: number): HTMLInputElement {
  return h('input', { type: 'number', id, min, step: 1, inputmode: 'numeric' });
}

function select(id: string, options: readonly (readonly [string, string])[]): HTMLSelectElement {
  return h('select', { id }, ...options.map(([value, text]) => h('option', { value }, text)));
}

function labelled(text: string, input: HTMLElement): HTMLElement {
  return h('label', { for: input.id }, h('span', {}, text), input);
}

/**
 * Asks before something is done: a modal dialog that says what will happen, does it, and says so where it was refused.
 * The focus goes back to where it was.
 */
import type { Confirmation } from './confirmations.js';
import { h } from './dom.js';
import { messageOf, problemBox } from './view.js';

/** Resolves to whether it was done. `act` may throw: its message is shown, and the dialog stays. */
export function confirmAnd(confirmation: Confirmation, act: () => Promise<void>): Promise<boolean> {
  const { title, sentences, items, danger } = confirmation;
  const opener = document.activeElement;
  const trouble = h('div');
  const yes = h(
    'button',
    { type: 'button', class: danger ? 'danger' : 'primary' },
    confirmation.act,
  );
  const no = h('button', { type: 'button' }, 'Back');
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'dialog-title', 'aria-describedby': 'dialog-text' },
    h('h2', { id: 'dialog-title' }, title),
    h(
      'div',
      { id: 'dialog-text' },
      ...sentences.map((sentence) => h('p', {}, sentence)),
      items.length > 0 && h('ol', {}, ...items.map((item) => h('li', {}, item))),
    ),
    trouble,
    h('div', { class: 'buttons' }, no, yes),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    let done = false;
    no.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      resolve(done);
    });
    async function doIt(): Promise<void> {
      yes.disabled = true;
      trouble.replaceChildren();
      try {
        await act();
        done = true;
        dialog.close();
      } catch (error) {
        trouble.replaceChildren(problemBox(messageOf(error)));
        yes.disabled = false;
      }
    }
    yes.addEventListener('click', () => void doIt());
    dialog.showModal();
    no.focus();
  });
}

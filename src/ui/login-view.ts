/** Logging in: by user and password, or with a token from Keystone. Neither outlives this page. */
import { h } from './dom.js';
import { type Context, messageOf, problemBox, type View } from './view.js';

export function loginView({ api }: Context, reason: string | null, done: () => void): View {
  const trouble = h('div', {}, reason !== null && problemBox(reason));
  const user = field('User', 'user', { autocomplete: 'username', required: true });
  const password = field('Password', 'password', {
    type: 'password',
    autocomplete: 'current-password',
    required: true,
  });
  const project = field('Project (empty: your default project)', 'project', {});
  const userDomain = field("User's domain", 'user_domain', { value: 'Default', required: true });
  const projectDomain = field("Project's domain", 'project_domain', {
    value: 'Default',
    required: true,
  });
  const token = field('Token', 'token', {
    type: 'password',
    autocomplete: 'off',
    required: true,
    maxlength: 12_000,
  });

  const byPassword = form(
    'With user and password',
    [user, password, project, userDomain, projectDomain],
    async () => {
      const given = project.input.value.trim();
      await api.logIn({
        user: user.input.value,
        password: password.input.value,
        user_domain: userDomain.input.value,
        project_domain: projectDomain.input.value,
        ...(given !== '' && { project: given }),
      });
      password.input.value = '';
    },
  );
  const byToken = form('With a token', [token], async () => {
    api.useToken(token.input.value.trim());
    await api.list(null, '');
    token.input.value = '';
  });

  function form(
    legend: string,
    fields: { label: HTMLElement; input: HTMLInputElement }[],
    act: () => Promise<void>,
  ): HTMLElement {
    const button = h('button', { type: 'submit', class: 'primary' }, 'Log in');
    async function submit(): Promise<void> {
      button.disabled = true;
      trouble.replaceChildren();
      try {
        await act();
        done();
      } catch (error) {
        trouble.replaceChildren(problemBox(messageOf(error)));
        fields[0]?.input.focus();
      } finally {
        button.disabled = false;
      }
    }
    return h(
      'form',
      {
        class: 'card',
        'aria-label': legend,
        onsubmit: (event) => {
          event.preventDefault();
          void submit();
        },
      },
      h('h2', {}, legend),
      ...fields.map(({ label }) => label),
      h('div', { class: 'buttons' }, button),
    );
  }

  const element = h(
    'div',
    {},
    h(
      'p',
      {},
      "Keystone decides who you are. What you type goes to it through this service and is kept in this page's memory only: closing or reloading the page logs you out.",
    ),
    trouble,
    h('div', { class: 'side-by-side' }, byPassword, byToken),
  );
  return { title: 'Log in', element };
}

function field(
  text: string,
  name: string,
  attributes: Record<string, string | number | boolean>,
): { label: HTMLElement; input: HTMLInputElement } {
  const input = h('input', {
    name,
    id: `login-${name}`,
    autocapitalize: 'none',
    spellcheck: 'false',
    ...attributes,
  });
  return { label: h('label', { for: `login-${name}` }, h('span', {}, text), input), input };
}

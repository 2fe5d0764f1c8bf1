/** Lines to paste into another terminal while the demo stays up. Pure. */

export interface TryIt {
  /** OS_* of the simulated cloud. */
  cloud: Readonly<Record<string, string>>;
  apiUrl: string;
  webUrl: string | null;
  /** A plan that has not been rolled back yet. */
  planUuid: string;
}

export function tryItLines({ cloud, apiUrl, webUrl, planUuid }: TryIt): string[] {
  const rollback = `${apiUrl}/v1/action_plans/${planUuid}/rollback`;
  const call = `curl -sS -H "X-Auth-Token: $TOKEN"`;
  return [
    '# the simulated cloud, for curl, openstack and any other client',
    ...Object.entries(cloud).map(([name, value]) => `export ${name}=${quoted(value)}`),
    '# a token of its Keystone',
    `TOKEN=$(curl -sS -D - -o /dev/null -H 'Content-Type: application/json' \\`,
    `  -d ${quoted(JSON.stringify(passwordRequest(cloud)))} \\`,
    `  "$OS_AUTH_URL/auth/tokens" | tr -d '\\r' | awk 'tolower($1) == "x-subject-token:" {print $2}')`,
    '# roll the plan back, and wait for the end',
    `${call} -X POST ${rollback}`,
    '# the same without waiting, then the result so far',
    `${call} -X POST -H 'Prefer: respond-async' ${rollback}`,
    `${call} ${rollback}`,
    '# all rollbacks, newest first',
    `${call} ${apiUrl}/v1/rollbacks`,
    `# the page for operators: ${apiUrl}/ui/`,
    ...(webUrl === null ? [] : [`# Temporal's Web UI: ${webUrl}`]),
  ];
}

/** Body of Keystone's POST /v3/auth/tokens (API reference, "Password authentication with scoped authorization"). */
export function passwordRequest(cloud: Readonly<Record<string, string>>): unknown {
  return {
    auth: {
      identity: {
        methods: ['password'],
        password: {
          user: {
            name: cloud['OS_USERNAME'],
            domain: { name: cloud['OS_USER_DOMAIN_NAME'] },
            password: cloud['OS_PASSWORD'],
          },
        },
      },
      scope: {
        project: {
          name: cloud['OS_PROJECT_NAME'],
          domain: { name: cloud['OS_PROJECT_DOMAIN_NAME'] },
        },
      },
    },
  };
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

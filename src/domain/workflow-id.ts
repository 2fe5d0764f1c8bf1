/** The workflow's id: one rollback per plan. Pure; imports nothing. */
const PREFIX = 'rollback-';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** UUIDs are compared in lower case, as Watcher's are. */
export function workflowIdOf(planUuid: string): string {
  return `${PREFIX}${planUuid.toLowerCase()}`;
}

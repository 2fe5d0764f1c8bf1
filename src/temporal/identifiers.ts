/** Names that tie a rollback to Temporal; every one is made here and nowhere else. */
const PREFIX = 'rollback-';

/** One rollback workflow per plan. UUIDs are compared in lower case, as Watcher's are. */
export function workflowIdOf(planUuid: string): string {
  return `${PREFIX}${planUuid.toLowerCase()}`;
}

/** What the Web UI shows in lists. */
export function staticSummaryOf(planUuid: string): string {
  return `Roll back action plan ${planUuid}`;
}

/** Never that of a rollback: a preview stands in nobody's way. */
export function previewIdOf(planUuid: string, random: string): string {
  return `preview-${planUuid.toLowerCase()}-${random}`;
}

export function previewSummaryOf(planUuid: string): string {
  return `Preview the rollback of action plan ${planUuid}`;
}

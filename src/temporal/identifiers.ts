/** What the Web UI shows of a rollback in lists. */
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

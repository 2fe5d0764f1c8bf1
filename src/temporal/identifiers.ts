/** What the Web UI shows of a rollback in lists. */
export function staticSummaryOf(planUuid: string): string {
  return `Roll back action plan ${planUuid}`;
}

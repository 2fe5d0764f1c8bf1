/** The stop switch over all rollbacks, as it is shown and set. snake_case, because it is an answer. Pure. */

export interface StopSwitch {
  stopped: boolean;
  /** Why it was stopped; null while it is not. */
  reason: string | null;
  /** Who set it, by name or id; null where nobody is known. */
  by: string | null;
  /** ISO 8601, since when it is so; null where it was never set within Temporal's retention. */
  since: string | null;
}

export const NOT_STOPPED: StopSwitch = { stopped: false, reason: null, by: null, since: null };

/** The sentence of a refusal, and of a pause. */
export function stoppedSentence({ reason, by, since }: StopSwitch): string {
  const who = by === null ? '' : ` by ${by}`;
  const when = since === null ? '' : ` since ${since}`;
  const why = reason === null ? '' : `: ${reason}`;
  return `All rollbacks are stopped${when}${who}${why}`;
}

/**
 * nextTurn: does nothing. A workflow that calls it, as a local activity, lets the thread go that it runs on, and what waits for
 * that thread has its turn: queries and tasks of other workflows. A timer would do the same, up to a second later (Temporal
 * fires those of a millisecond together with others). No OpenStack calls.
 */
export interface TurnActivities {
  nextTurn(): Promise<void>;
}

export const turnActivities: TurnActivities = { nextTurn: () => Promise.resolve() };

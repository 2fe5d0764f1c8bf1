// What a workflow has left in Temporal, over all the runs that it went on in.
const NO_RUN = '';

/**
 * Runs, events, bytes (as the server counts them); of the longest run the events, of the largest the bytes; the largest payload;
 * how long the longest workflow task took, from when a worker had it to when the server had its answer; and how many workflow
 * tasks were not taken or answered in time, each of which costs seconds.
 */
export async function historyOf(client, workflowId) {
  const total = { runs: 0, events: 0, bytes: 0, lostTasks: 0 };
  const most = { longestRun: 0, largestRun: 0, largestPayload: 0, longestTaskMs: 0 };
  const atLeast = (what, value) => {
    most[what] = Math.max(most[what], value);
  };
  for (let runId; runId !== NO_RUN;) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const { raw } = await handle.describe();
    const { historyLength, historySizeBytes } = raw.workflowExecutionInfo;
    const { events } = await handle.fetchHistory();
    total.runs += 1;
    total.events += Number(historyLength);
    total.bytes += Number(historySizeBytes);
    total.lostTasks += events.filter((one) => one.workflowTaskTimedOutEventAttributes).length;
    atLeast('longestRun', Number(historyLength));
    atLeast('largestRun', Number(historySizeBytes));
    atLeast('largestPayload', largestIn(events));
    atLeast('longestTaskMs', longestTaskMs(events));
    runId = events[0].workflowExecutionStartedEventAttributes.continuedExecutionRunId ?? NO_RUN;
  }
  return { ...total, ...most };
}

/** Bytes of the largest payload anywhere in it. */
function largestIn(value) {
  if (value === null || typeof value !== 'object') return 0;
  if (value instanceof Uint8Array) return value.length;
  // Numbers of 64 bits are objects too, of no size to speak of.
  return Object.values(value).reduce((most, one) => Math.max(most, largestIn(one)), 0);
}

function longestTaskMs(events) {
  const begun = new Map();
  let longest = 0;
  for (const event of events) {
    const at = msOf(event.eventTime);
    if (event.workflowTaskStartedEventAttributes) begun.set(Number(event.eventId), at);
    const startedId = event.workflowTaskCompletedEventAttributes?.startedEventId;
    if (startedId === undefined || startedId === null) continue;
    longest = Math.max(longest, at - (begun.get(Number(startedId)) ?? at));
  }
  return longest;
}

function msOf({ seconds, nanos }) {
  return Number(seconds ?? 0) * 1000 + (nanos ?? 0) / 1e6;
}

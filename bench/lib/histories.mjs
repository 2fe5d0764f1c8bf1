// What a workflow has left in Temporal, over all the runs that it went on in.
const NO_RUN = '';

/** Runs, events, bytes (as the server counts them), the largest payload, and the events of the longest run. */
export async function historyOf(client, workflowId) {
  const total = { runs: 0, events: 0, bytes: 0, largestPayload: 0, longestRun: 0 };
  for (let runId; runId !== NO_RUN;) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const { raw } = await handle.describe();
    const info = raw.workflowExecutionInfo;
    const { events } = await handle.fetchHistory();
    total.runs += 1;
    total.events += Number(info.historyLength);
    total.longestRun = Math.max(total.longestRun, Number(info.historyLength));
    total.bytes += Number(info.historySizeBytes);
    total.largestPayload = Math.max(total.largestPayload, largestIn(events));
    runId = events[0].workflowExecutionStartedEventAttributes.continuedExecutionRunId ?? NO_RUN;
  }
  return total;
}

/** Bytes of the largest payload anywhere in it. */
function largestIn(value) {
  if (value === null || typeof value !== 'object') return 0;
  if (value instanceof Uint8Array) return value.length;
  // Numbers of 64 bits are objects too, of no size to speak of.
  return Object.values(value).reduce((most, one) => Math.max(most, largestIn(one)), 0);
}

/** Reading a rollback result and the error bodies of the API, for the parts of the acceptance test. */

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** How each compensation ended. */
export const outcomes = (result) =>
  result.compensations.map((one) => `${one.action_type} ${one.state}`).toSorted();

/** undefined where the result has none. */
export const compensationOf = (result, type, resourceId) =>
  result.compensations?.find(
    (one) => one.action_type === type && (!resourceId || one.resource_id === resourceId),
  );

/** Watcher's error body is JSON within JSON; its sentence. Keystone's is plain. */
export function sentenceOf(answer) {
  const { body } = answer;
  if (typeof body?.error_message === 'string') {
    try {
      return JSON.parse(body.error_message).faultstring;
    } catch {
      return body.error_message;
    }
  }
  return body?.error?.message ?? JSON.stringify(body);
}

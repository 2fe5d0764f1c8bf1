/** A layout on its way to the workflow: small ones as they are, and none that says nothing of its compensations. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { layOutInParts } from '../../activities/layout-parts.js';
import type { LayOutInput, RollbackActivities } from '../../activities/types.js';
import type { PreviewLayout } from '../../src/domain/preview.js';

function preview(layout: Partial<PreviewLayout>, in_parts: boolean): Promise<PreviewLayout> {
  const own = { previewRollback: () => Promise.resolve({ notes: [], ...layout }) };
  const sendPart = () => Promise.reject(new Error('nothing is to be sent'));
  const activities = layOutInParts(own as unknown as RollbackActivities, sendPart);
  const input = { in_parts } as unknown as LayOutInput;
  return new MockActivityEnvironment().run(() => activities.previewRollback(input));
}

test.each([true, false])(
  'none that has no compensations at all (in parts: %s)',
  async (inParts) => {
    expect(await preview({ compensations: [] }, inParts)).toEqual({ notes: [], compensations: [] });
    await expect(preview({}, inParts)).rejects.toMatchObject({
      type: 'InternalError',
      nonRetryable: true,
    });
  },
);

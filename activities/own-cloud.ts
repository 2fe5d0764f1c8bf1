/**
 * Activities of a worker that serves one cloud: what is meant for another one, or another region, is refused before anything is
 * changed. Two clouds whose workers share a task queue would otherwise be told apart by chance only.
 */
import { Context } from '@temporalio/activity';
import {
  type CloudId,
  type CloudMark,
  isMarked,
  isSameCloud,
  otherCloudSentence,
} from '../src/domain/cloud-id.js';
import type { CloudIdentity, Identity } from '../src/openstack/cloud.js';
import { failure, toFailure, withDetails } from './failures.js';
import type { RollbackActivities, Traced } from './types.js';

export function ofOneCloud(
  activities: RollbackActivities,
  identity: Pick<Identity, 'cloudIdentity'>,
): RollbackActivities {
  const readOwn = async (): Promise<CloudId> => cloudIdOf(await identity.cloudIdentity());
  /** `another`: a worker of the right cloud may take it up at the next attempt. */
  const guard =
    <I extends Traced & { of_cloud?: CloudMark }, O>(
      body: (input: I) => Promise<O>,
      another = false,
    ) =>
    async (input: I): Promise<O> => {
      const { cloud, of_cloud: mark } = input;
      if (cloud !== undefined || mark !== undefined) {
        const own = await readOrFail(readOwn);
        if (cloud !== undefined && !isSameCloud(cloud, own)) throw otherCloud(cloud, own, another);
        if (mark !== undefined && !isMarked(own, mark)) {
          throw otherCloud({ ...SOME_CLOUD, region: mark[0] }, own, another);
        }
      }
      return await body(input);
    };
  return {
    ...activities,
    async readActionPlan(input, layOut) {
      // The workflow compares: an older worker, beside this one during an upgrade, takes no more in its input.
      const cloud = await readOrFail(readOwn);
      // The workflow is about to refuse what this worker says.
      const isOther = layOut?.cloud !== undefined && !isSameCloud(layOut.cloud, cloud);
      try {
        const reading = await activities.readActionPlan(input, isOther ? undefined : layOut);
        return { ...reading, cloud };
      } catch (error) {
        throw error instanceof Error ? withDetails(error, { asked: false, cloud }) : error;
      }
    },
    layOutRollback: guard((input) => activities.layOutRollback(input)),
    previewRollback: guard((input) => activities.previewRollback(input)),
    verifyRollback: guard((input) => activities.verifyRollback(input)),
    liveMigrateServer: guard((input) => activities.liveMigrateServer(input), true),
    coldMigrateServer: guard((input) => activities.coldMigrateServer(input), true),
    revertResize: guard((input) => activities.revertResize(input), true),
    startServer: guard((input) => activities.startServer(input), true),
    setComputeServiceStatus: guard((input) => activities.setComputeServiceStatus(input), true),
    setNodePowerState: guard((input) => activities.setNodePowerState(input), true),
  };
}

export function cloudIdOf({ authUrl, region, serviceIds }: CloudIdentity): CloudId {
  return { auth_url: authUrl, region, service_ids: serviceIds };
}

/** A mark does not tell where it is. */
const SOME_CLOUD = { auth_url: 'another address', service_ids: [] };

function otherCloud(asked: CloudId, own: CloudId, retryable: boolean): Error {
  const sentence = otherCloudSentence(asked, own, 'the worker that took it');
  return withDetails(failure('OtherCloud', sentence, { retryable }), { asked: false });
}

/** The workflow has to know that this attempt asked the cloud for nothing. */
async function readOrFail(readOwn: () => Promise<CloudId>): Promise<CloudId> {
  try {
    return await readOwn();
  } catch (error) {
    throw withDetails(toFailure(error, Context.current().cancellationSignal), { asked: false });
  }
}

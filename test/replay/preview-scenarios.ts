/** Previews: made, and refused. */
import type { PreviewResult } from '../../src/domain/preview.js';
import { disableAction, maintenanceScene } from '../service/scene.js';
import { expectState, pathOf, type Scenario } from './play.js';

export const PREVIEW_SCENARIOS: Readonly<Record<string, Scenario>> = {
  preview: {
    workflow: 'PreviewRollback',
    async play(service) {
      const { plan } = await maintenanceScene(service.sim, { running: 2, shutOff: 1 });
      const { body } = await service.call<PreviewResult>('GET', `${pathOf(plan)}/preview`);
      expectState(body.state, 'PENDING');
      return body.workflow.id;
    },
  },
  'preview-refused': {
    workflow: 'PreviewRollback',
    async play(service, client) {
      const plan = await service.sim.applyPlan({ state: 'ONGOING', actions: [disableAction('x')] });
      expectState(`${(await service.call('GET', `${pathOf(plan)}/preview`)).status}`, '400');
      // A refusal does not name the workflow.
      const ids = client.workflow.list({ query: `WorkflowType = 'PreviewRollback'` });
      for await (const { workflowId } of ids) {
        if (workflowId.startsWith(`preview-${plan}-`)) return workflowId;
      }
      throw new Error('the preview is not listed');
    },
  },
};

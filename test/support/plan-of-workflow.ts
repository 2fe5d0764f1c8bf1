import { Context } from '@temporalio/activity';
import { workflowIdOf } from '../../src/domain/workflow-id.js';

/** In an activity of a rollback: its plan, which names the workflow. */
export function planOfWorkflow(): string {
  return Context.current().info.workflowExecution?.workflowId.slice(workflowIdOf('').length) ?? '';
}

/** Every exported function becomes a workflow type: nothing else may be exported here. */
export { RollbackActionPlan } from './rollback-action-plan.js';

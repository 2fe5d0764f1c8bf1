/** Every exported function becomes a workflow type: nothing else may be exported here. */
export { RollbackHandOver } from './hand-over.js';
export { PreviewRollback } from './preview-rollback.js';
export { RollbackActionPlan } from './rollback-action-plan.js';
export { RollbackStopSwitch } from './stop-switch.js';

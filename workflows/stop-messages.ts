/** Names and messages of the stop switch, for its workflow, for rollbacks that meet it, and for the API. */
import { defineSignal } from '@temporalio/workflow';
import type { StopSwitch } from '../src/domain/stop-switch.js';

/** One per namespace, as rollbacks are. It runs exactly while all rollbacks are stopped. */
export const STOP_SWITCH_ID = 'rollback-stop-switch';
export const STOP_SWITCH_TYPE = 'RollbackStopSwitch';
/** Memo of a run of the switch: a StopSwitch. Read by describe, so that no worker is needed to know. */
export const STOP_SWITCH_MEMO = 'stop_switch';

/** Another reason while it is on, or off. */
export const changeSwitchSignal = defineSignal<[StopSwitch]>('change_switch');
/** A rollback that holds asks to be told when the switch goes off: its workflow id. */
export const waitForSwitchSignal = defineSignal<[string]>('wait_for_switch');

/** To a rollback: the switch is on, hold. */
export const stopSignal = defineSignal<[StopSwitch]>('stopped_by_switch');
/** To a rollback: the switch is off, go on. */
export const releaseSignal = defineSignal('released_by_switch');

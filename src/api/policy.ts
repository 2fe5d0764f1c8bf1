/**
 * Which operation needs which role. The roles are settings; by default those of Watcher's own policy. It must not know
 * how a caller is known (authenticate.ts does).
 */
import type { Response } from 'express';
import type { OperationRoles } from '../config.js';
import { ApiError } from './errors.js';
import { contextOf } from './request-context.js';

export type Operation = keyof OperationRoles;

const SETTING: Record<Operation, string> = {
  read: 'ROLLBACK_ROLES_READ',
  preview: 'ROLLBACK_ROLES_PREVIEW',
  start: 'ROLLBACK_ROLES_START',
  control: 'ROLLBACK_ROLES_CONTROL',
  admin: 'ROLLBACK_ROLES_ADMIN',
};

/** What the holder of these roles may do. Role names compare without case, as in oslo.policy's RoleCheck. */
export function operationsOf(roles: readonly string[], needed: OperationRoles): Set<Operation> {
  const held = new Set(roles.map((role) => role.toLowerCase()));
  const all: Operation[] = ['read', 'preview', 'start', 'control', 'admin'];
  return new Set(all.filter((operation) => needed[operation].some((role) => held.has(role))));
}

/** Throws ApiError Forbidden unless one of the operations is allowed. */
export function demand(res: Response, needed: OperationRoles, ...operations: Operation[]): void {
  const { operations: allowed } = contextOf(res);
  if (allowed === null || operations.some((operation) => allowed.has(operation))) return;
  const [operation = 'read'] = operations;
  const roles = needed[operation].join(' or ');
  throw new ApiError(
    'Forbidden',
    `Policy doesn't allow rollback:${operation} to be performed: the token lacks the role ${roles} (${SETTING[operation]}).`,
  );
}

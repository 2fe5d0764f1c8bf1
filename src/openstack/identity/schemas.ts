/** What is read of Keystone's answers; everything else in them is ignored. */
import { z } from 'zod';
import { timeSchema } from '../times.js';

const catalogSchema = z.array(
  z.object({
    id: z.string().nullish(),
    type: z.string(),
    endpoints: z
      .array(
        z.object({
          interface: z.string(),
          url: z.string(),
          region: z.string().nullish(),
          region_id: z.string().nullish(),
        }),
      )
      .default([]),
  }),
);
export type Catalog = z.output<typeof catalogSchema>;

export const tokenSchema = z.object({
  token: z.object({
    user: z.object({ id: z.string(), name: z.string() }),
    /** Not there for an unscoped, a domain's or a system's token. */
    project: z.object({ id: z.string() }).nullish(),
    roles: z.array(z.object({ name: z.string() })).default([]),
    issued_at: timeSchema,
    expires_at: timeSchema,
    catalog: catalogSchema.default([]),
  }),
});
export type KeystoneToken = z.output<typeof tokenSchema>['token'];

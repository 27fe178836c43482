// The files of --credentials and --acls, in the form of Mesos' own.
import { z } from 'zod';
import { ACL_OBJECTS } from './master/acls.ts';

export const credentialsSchema = z.object({
  credentials: z.array(z.strictObject({ principal: z.string().min(1), secret: z.string() })).min(1),
});

const entity = z.union([
  z.strictObject({ values: z.array(z.string()) }),
  z.strictObject({ type: z.enum(['ANY', 'NONE']) }),
]);

const rules = Object.entries(ACL_OBJECTS).map(([action, object]) => [
  action,
  z.array(z.strictObject({ principals: entity, [object]: entity })).optional(),
]);

export const aclsSchema = z.strictObject({
  permissive: z.boolean().optional(),
  ...(Object.fromEntries(rules) as Record<string, z.ZodType>),
});

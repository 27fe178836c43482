// The one schema of a cluster's spec. Strict: an unknown key is refused. Defaults are safe in production.
import { z } from 'zod';

const nodeGroup = (defaults: { count: number; cpus: number; memMb: number; heapMb: number; diskMb: number }) =>
  z.strictObject({
    count: z.int().min(1).default(defaults.count),
    cpus: z.number().min(0.1).default(defaults.cpus),
    memMb: z.int().min(256).default(defaults.memMb),
    heapMb: z.int().min(64).default(defaults.heapMb),
    jvmOptions: z.array(z.string()).default([]),
    disk: z
      .strictObject({ type: z.enum(['ROOT', 'MOUNT']).default('ROOT'), sizeMb: z.int().min(64).default(defaults.diskMb) })
      .prefault({}),
    port: z.int().min(0).max(65535).default(0),
  });

export const clusterSpecSchema = z.strictObject({
  name: z.string(),
  kafka: z
    .strictObject({
      version: z.string().default('4.4.0'),
      config: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
      artifact: z.union([z.strictObject({ uri: z.string() }), z.strictObject({ path: z.string() })]).optional(),
    })
    .prefault({}),
  java: z.union([z.strictObject({ path: z.string() }), z.strictObject({ uri: z.string() })]).optional(),
  brokers: nodeGroup({ count: 3, cpus: 1, memMb: 2048, heapMb: 1024, diskMb: 10240 }).prefault({}),
  controllers: nodeGroup({ count: 3, cpus: 0.5, memMb: 1024, heapMb: 512, diskMb: 2048 }).prefault({}),
  placement: z
    .strictObject({
      brokers: z.array(z.union([z.string(), z.array(z.string())])).default([['hostname', 'UNIQUE']]),
      controllers: z.array(z.union([z.string(), z.array(z.string())])).default([['hostname', 'UNIQUE']]),
    })
    .prefault({}),
  killGraceSeconds: z.int().min(1).default(60),
  role: z.string().optional(),
  principal: z.string().default('millrace'),
  user: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
});

/** A spec with every default filled in. */
export type ClusterSpec = z.output<typeof clusterSpecSchema>;
/** A spec as a user writes it. */
export type ClusterSpecInput = z.input<typeof clusterSpecSchema>;

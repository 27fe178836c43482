// The one schema of a cluster's spec. Strict: an unknown key is refused. Defaults are safe in production.
//
// Only what concerns a single field is here, so that the schema stays convertible to JSON Schema; rules between fields,
// and what a JSON Schema cannot say, are in `rules.ts`. Each error text completes the sentence "<field> is <value>, but".
import { z } from 'zod';
import { javaPlace, kafkaPlace, network, rlimits, secret } from './container-schema.ts';
import { mapError, text, whole } from './fields.ts';
import { DEFAULT_VERSION } from './versions.ts';

/** Largest amount of memory or disk of one node in MB (16 TB): beyond it is a typing error. */
const MAX_MB = 16_777_216;
/** Ids of brokers stay below those of controllers, which begin at 3000. */
const MAX_BROKERS = 1000;
/** A quorum of more only gets slower. */
const MAX_CONTROLLERS = 9;
/** Size of the one disk of each node whose spec says none. */
export const DEFAULT_DISK_MB = { brokers: 10_240, controllers: 2_048 } as const;
/** Each is a mount of its own, and Kafka gains nothing from more. */
const MAX_DISKS = 32;
/** A day; Kafka's own controlled shutdown takes minutes at most. */
const MAX_KILL_GRACE_SECONDS = 86_400;
const MAX_FIRST_BACKOFF_SECONDS = 3_600;
const MAX_BACKOFF_SECONDS = 86_400;
/** An agent is away for a moment at each restart of its own: nothing is replaced in less than a minute. */
const MIN_REPLACE_AFTER_SECONDS = 60;
/** 30 days: whoever wants more wants a person to decide. */
const MAX_REPLACE_SECONDS = 2_592_000;

const CPUS_ERROR = 'must be a number of CPUs; accepted: 0.1 to 1024';

interface GroupDefaults {
  count: number;
  maxCount: number;
  cpus: number;
  memMb: number;
  heapMb: number;
  diskMb: number;
}

const diskSchema = <Size extends z.ZodType>(sizeMb: Size) =>
  z.strictObject(
    {
      type: z
        .enum(['ROOT', 'MOUNT'], { error: 'must be the kind of the disk; accepted: ROOT, MOUNT' })
        .default('ROOT')
        .describe(
          "ROOT: a part of the agent's work directory. MOUNT: a whole disk that the agent offers by itself.",
        ),
      sizeMb: sizeMb.describe(
        'Size of the persistent volume of each node in MB; for MOUNT the least that the disk must have.',
      ),
      profile: text('the profile of a disk')
        .optional()
        .describe(
          'Profile that a MOUNT disk must have. Default: only disks without one. While no agent has such a disk, the node waits.',
        ),
    },
    { error: mapError },
  );

const nodeGroup = (what: string, port: string, defaults: GroupDefaults) =>
  z.strictObject(
    {
      count: whole('', 1, defaults.maxCount).default(defaults.count).describe(`Number of ${what}.`),
      cpus: z
        .number({ error: CPUS_ERROR })
        .min(0.1, { error: CPUS_ERROR })
        .max(1024, { error: CPUS_ERROR })
        .default(defaults.cpus)
        .describe('CPUs of each node; 0.1 more go to its Mesos executor.'),
      memMb: whole(' of MB', 256, MAX_MB)
        .default(defaults.memMb)
        .describe(
          'Memory of each node in MB: heap, metaspace, threads, buffers and page cache; 32 more go to its executor.',
        ),
      heapMb: whole(' of MB', 64, MAX_MB)
        .default(defaults.heapMb)
        .describe('Java heap of each node in MB (-Xms and -Xmx). At least 64 less than memMb.'),
      jvmOptions: z
        .array(text('an option of the JVM such as -XX:+UseZGC'), {
          error: 'must be a list of options of the JVM',
        })
        .default([])
        .describe(
          'Further options of the JVM, one an entry. They replace those of Millrace that set the same thing; with a ' +
            'garbage collector of your own, all that concern G1 are left out.',
        ),
      disk: diskSchema(whole(' of MB', 64, MAX_MB).default(defaults.diskMb))
        .optional()
        .describe('The persistent volume that keeps the data of a node over restarts.'),
      port: whole(', the TCP port', 0, 65_535).default(0).describe(`${port}; 0 = any that the agent offers.`),
    },
    { error: mapError },
  );

const ROW_ERROR = 'must be a row of text such as [hostname, UNIQUE] or "hostname:UNIQUE"';
const ROWS_ERROR = 'must be a list of rows such as [[hostname, UNIQUE]]';
const placementRows = (what: string) =>
  z
    .union(
      [
        z.array(z.union([z.string(), z.array(z.string())], { error: ROW_ERROR }), { error: ROWS_ERROR }),
        z.string(),
      ],
      { error: ROWS_ERROR },
    )
    .default([['hostname', 'UNIQUE']])
    .describe(
      `Where ${what} may go: rows of field (hostname, @zone, @region, an attribute of the agents), operator (UNIQUE, ` +
        'MAX_PER, GROUP_BY, CLUSTER, LIKE, UNLIKE, IS) and parameter, as lists or as "field:OPERATOR:parameter"; text with ' +
        `commas between rows, or JSON, is taken too. All must hold; only ${what} of this cluster are counted. Default: one a host.`,
    );

const recovery = z
  .strictObject(
    {
      backoff: z
        .strictObject(
          {
            initialSeconds: whole(' of seconds', 1, MAX_FIRST_BACKOFF_SECONDS)
              .default(5)
              .describe('The first pause; it doubles with each launch.'),
            maxSeconds: whole(' of seconds', 1, MAX_BACKOFF_SECONDS)
              .default(300)
              .describe('The longest pause; not less than initialSeconds.'),
          },
          { error: mapError },
        )
        .prefault({})
        .describe('Pause between launches of a node whose task ends again and again.'),
      replaceAfterSeconds: whole(' of seconds', MIN_REPLACE_AFTER_SECONDS, MAX_REPLACE_SECONDS)
        .optional()
        .describe(
          "How long an agent may be out of reach before its nodes are replaced elsewhere, when Kafka's safety allows. " +
            'Default: never without a person.',
        ),
      minSecondsBetweenReplacements: whole(' of seconds', 0, MAX_REPLACE_SECONDS)
        .default(1800)
        .describe('The least time between two such replacements in this cluster.'),
    },
    { error: mapError },
  )
  .prefault({})
  .describe('How nodes that end, or whose agents vanish, are brought back.');

const update = z
  .strictObject(
    {
      strategy: z
        .enum(['serial', 'canary', 'rack-parallel'], {
          error: 'must be the way in which brokers are restarted; accepted: serial, canary, rack-parallel',
        })
        .default('serial')
        .describe(
          'serial: one broker after the other. canary: the first ones, then the others when a person approves. rack-parallel: all ' +
            'brokers of a rack at once, one rack after the other; each is stopped only when every partition can do without the whole rack.',
        ),
      canaries: whole(' of brokers', 1, MAX_BROKERS)
        .default(1)
        .describe('How many brokers go first with the strategy canary.'),
      spareless: z
        .enum(['wait', 'allow'], {
          error: 'must be what becomes of nodes without a spare; accepted: wait, allow',
        })
        .default('wait')
        .describe(
          'Partitions whose replication factor is not above min.insync.replicas, and quorums of one or two controllers, can spare no ' +
            'node. wait: such a node is never stopped. allow: it is, while all others are in sync, and what it has is away meanwhile.',
        ),
    },
    { error: mapError },
  )
  .optional()
  .describe('How nodes are restarted. Default: one after the other, and none that has no spare.');

/** A spec as a user writes it. */
export const clusterSpecInputSchema = z.strictObject(
  {
    name: text('the name of the cluster, for example orders or team/orders').describe(
      'Name of the cluster: DNS labels, with "/" between folders, 200 characters at most. No part may be "session".',
    ),
    kafka: z
      .strictObject(
        {
          version: text(`a release such as "${DEFAULT_VERSION}", in quotes`)
            .default(DEFAULT_VERSION)
            .describe(
              'Release of Apache Kafka, 4.0.0 or newer. One that Millrace does not know needs an artifact.',
            ),
          config: z
            .record(
              z.string(),
              z.union([z.string(), z.number(), z.boolean()], {
                error: 'must be text, a number, true or false',
              }),
              { error: 'must be a map of broker properties, for example {num.partitions: 6}' },
            )
            .default({})
            .describe(
              'Broker properties of Kafka. Those that Millrace sets itself (node.id, listeners, log.dirs, …) are refused. ' +
                'Not set, replication factors are 3 (or the number of brokers), min.insync.replicas is 2 with 3 replicas, ' +
                'and topics are not created by use.',
            ),
          artifact: kafkaPlace
            .optional()
            .describe(
              'The Kafka distribution: a tarball, with the SHA-256 that it must have; a directory on the agents; or an image such ' +
                'as apache/kafka:4.1.1, with Kafka in /opt/kafka. Default: what the site provides for the version, else the official tarball.',
            ),
        },
        { error: mapError },
      )
      .prefault({}),
    java: javaPlace
      .optional()
      .describe(
        "The Java runtime, 17 or newer; a path is one of the image, when there is one. Default: the image's, else what the site " +
          "provides, else java in Mesos' own PATH.",
      ),
    brokers: nodeGroup('brokers', "The brokers' port", {
      count: 3,
      maxCount: MAX_BROKERS,
      cpus: 1,
      memMb: 2048,
      heapMb: 1024,
      diskMb: DEFAULT_DISK_MB.brokers,
    })
      .extend({
        disks: z
          .array(diskSchema(whole(' of MB', 64, MAX_MB)), {
            error: 'must be a list of disks such as [{type: MOUNT, sizeMb: 100000}]',
          })
          .min(1, { error: 'must have one disk at least' })
          .max(MAX_DISKS, { error: `has too many disks; accepted: up to ${MAX_DISKS}` })
          .optional()
          .describe(
            'Several disks of each broker, in place of disk: each with type, sizeMb and profile, and each a volume and a log ' +
              'directory of its own.',
          ),
      })
      .prefault({}),
    controllers: nodeGroup('controllers, which keep the metadata; odd', "The controllers' port", {
      count: 3,
      maxCount: MAX_CONTROLLERS,
      cpus: 0.5,
      memMb: 1024,
      heapMb: 512,
      diskMb: DEFAULT_DISK_MB.controllers,
    }).prefault({}),
    placement: z
      .strictObject(
        {
          brokers: placementRows('brokers'),
          controllers: placementRows('controllers'),
          region: text('the name of a region')
            .optional()
            .describe(
              'Region whose agents all nodes go to. Default: that of the Mesos masters, unless a row says @region.',
            ),
        },
        { error: mapError },
      )
      .prefault({}),
    rack: text('@zone, @region, hostname or an attribute of the agents')
      .optional()
      .describe(
        "What Kafka is told as each broker's rack: @zone, @region, hostname, or the name of an attribute of the agents. Agents " +
          'without it get no broker. Default: none.',
      ),
    network,
    rlimits,
    secrets: z
      .array(secret, { error: 'must be a list of secrets such as [{secret: orders/key, file: key.pem}]' })
      .optional()
      .describe(
        'Secrets of Mesos that each node gets, by reference: {secret, env} as a variable, {secret, file} as a file in its sandbox.',
      ),
    killGraceSeconds: whole(' of seconds', 1, MAX_KILL_GRACE_SECONDS)
      .default(60)
      .describe('Seconds that a node has for its controlled shutdown before Mesos kills it.'),
    recovery,
    update,
    role: text('a Mesos role')
      .optional()
      .describe('Mesos role of the cluster. Default: <name>-role, with "__" for "/".'),
    principal: text('the Mesos principal')
      .default('millrace')
      .describe('Mesos principal of the framework and its reservations.'),
    user: text('a user of the operating system')
      .optional()
      .describe("User that the nodes run as. Default: the framework's."),
    labels: z
      .record(z.string(), text('the value of a label'), {
        error: 'must be a map of labels, for example {team: payments}',
      })
      .default({})
      .describe("Labels of each node's Mesos task."),
  },
  { error: mapError },
);

/** A spec with everything filled in, as it is stored and answered. */
export const clusterSpecSchema = clusterSpecInputSchema.extend({
  role: text('a Mesos role').describe('Mesos role of the cluster.'),
});

/** A spec with every default filled in. Made by `parseSpec`, which checks the rules between fields too. */
export type ClusterSpec = z.output<typeof clusterSpecSchema>;
/** A spec as a user writes it. */
export type ClusterSpecInput = z.input<typeof clusterSpecInputSchema>;
/** Resources and options of all brokers, or of all controllers. */
export type NodeGroup = ClusterSpec['brokers'];
/** One persistent volume of each node of a group. */
export type DiskSpec = NonNullable<NodeGroup['disk']>;

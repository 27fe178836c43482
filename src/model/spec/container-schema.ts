// The part of a spec's schema about what a node's container is made of.
import { z } from 'zod';
import { isMap, mapError, text } from './fields.ts';

const fetched = z.strictObject({ uri: z.string(), sha256: z.string().optional() });
const onAgent = z.strictObject({ path: z.string() });
const image = z.strictObject({ image: z.string() });
const placeError = (forms: string, what: string, example: string) => ({
  error: `must be ${forms}: ${what}; accepted: for example ${example}`,
});

const ENV_NAME_ERROR = 'the name of a variable such as DB_PASSWORD';
/** One secret of Mesos. */
export const secret = z.union(
  [
    z.strictObject({ secret: z.string(), env: z.string() }),
    z.strictObject({ secret: z.string(), file: z.string() }),
  ],
  {
    error: `must be {secret: …, env: …} or {secret: …, file: …}: the path of a secret of Mesos, and ${ENV_NAME_ERROR} or a file in the sandbox`,
  },
);

const LIMIT_ERROR = 'must be a whole number from 0, or unlimited';
/** Of what Mesos knows (RLimitInfo), by the names of ulimit and prlimit. */
const rlimit = (what: string) =>
  z
    .union([z.int({ error: LIMIT_ERROR }).min(0, { error: LIMIT_ERROR }), z.literal('unlimited')], {
      error: LIMIT_ERROR,
    })
    .optional()
    .describe(`${what}: a number, both soft and hard, or unlimited. Default: that of the agent.`);
/** Limits of a node's processes. */
export const rlimits = z
  .strictObject(
    {
      nofile: rlimit('Open files'),
      nproc: rlimit('Processes and threads of the user'),
      memlock: rlimit('Locked memory in bytes'),
      core: rlimit('Size of a core dump in bytes'),
      stack: rlimit('Size of the stack in bytes'),
    },
    { error: mapError },
  )
  .optional()
  .describe("Limits of each node's processes; they need the agents' isolator posix/rlimits.");

/** The network of a node's container. */
export const network = z
  .strictObject(
    {
      name: text('the name of a CNI network that the agents have').describe('The CNI network of the nodes.'),
      labels: z
        .record(z.string(), text('the value of a label'), { error: isMap })
        .optional()
        .describe('Labels that its plugin is given.'),
      domain: text('a DNS domain').describe(
        'DNS domain in which a container of the network is found as <node>.<domain>, for example orders.mesos with Mesos-DNS: ' +
          'controllers have to know each other before any of them has an address.',
      ),
    },
    { error: mapError },
  )
  .optional()
  .describe("The nodes' network. Default: that of their hosts.");

/** Where Kafka comes from. */
export const kafkaPlace = z.union(
  [fetched, onAgent, image],
  placeError(
    '{uri: …}, {path: …} or {image: …}',
    'the Kafka distribution, as a tarball for the Mesos fetcher, as a directory that is on every agent already or as a container image',
    '{path: /opt/kafka}',
  ),
);

/** Where Java comes from. */
export const javaPlace = z.union(
  [fetched, onAgent],
  placeError(
    '{uri: …} or {path: …}',
    'a tarball of a Java runtime for the Mesos fetcher, or a Java home or executable on every agent',
    '{path: /opt/java}',
  ),
);

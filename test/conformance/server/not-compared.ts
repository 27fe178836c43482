// What the replay does not compare between a recording and local Mesos, and why. Everything else has to be equal.

/** The one table of exceptions; the tests use its entries, so that none can be added silently. */
export const NOT_COMPARED = {
  ids: 'Ids, uuids, stream ids and container ids are made up by each side. They are bound at first sight and must agree from then on.',
  times: 'timestamp, Date and the times of registration, start and drain are the clock.',
  lengths:
    'Content-Length of JSON depends on how numbers are written: 4 here, 4.0 there. The content is compared.',
  directories: 'Sandboxes lie below the state directory of local Mesos, not below /var/lib/mesos.',
  deadly:
    'The end of 05 brings the real master down, on purpose. That local Mesos refuses both inputs has a test of its own.',
  oldEndpoints:
    'Endpoints of the v0 API other than /health, /version, /redirect and /flags, the web UI and /help are not part of local Mesos.',
  ownContent:
    'Flags, metrics, and who built it are those of the program that is asked; that they are answered is compared.',
  agentApi:
    '07 is the API of agents. Agents of local Mesos have no port: one process is master and all agents, and containers are plain processes, so that nested container calls would have nothing to act on.',
  pids: 'executor_pid is a process id.',
  masterPort: 'The master of the recordings had port 5050; local Mesos has the one that the test was given.',
  masterPorts:
    'The three masters of 11 had ports 5061 to 5063; those of local Mesos are compared by which master they mean.',
  agentPorts:
    'The port in the url of an offer is compared by its distance from that of the first agent, which was 5071 in 11. Nothing listens there.',
  processes:
    'What was done to the processes of the recordings (the notes) is done to local Mesos through its masters and agents.',
  heartbeats:
    'How many HEARTBEATs come depends on how long the replay takes; the first must follow SUBSCRIBED.',
  eventOrder:
    'Events of different tasks, FAILURE, OFFERS and responses race. Updates of one task must keep their order, and no event may be missing or left over.',
  resourceOrder:
    'The order of resources within an offer, and of offers within one event, is that of a hash table.',
  waits:
    'The client of the recordings waited some seconds here and there; the replay waits for the condition instead. refuse_seconds of 1 becomes 0.05, and 03 retries updates after 2 s instead of 10 s.',
  pace: '09 is about times: its replay keeps the pace of the recording, and runs four times as fast, as do offer timeout and filters.',
  redeliveries:
    'An update that is sent again on a stream which the client closes or tears down in the same moment may show or not.',
  groupStarting:
    'TASK_STARTING of a task group sometimes had network_infos and executor_pid and mostly not: a race within the executor.',
  checkRace:
    'A check and a health check of one task race: whether the update of one carries the result of the other is chance.',
  protobuf: 'Local Mesos speaks JSON only; the one protobuf chunk of 12 is left out.',
  oldState: 'GET /state, an endpoint of the v0 API, is not part of local Mesos.',
  bigBody: 'The 3 MB body of 12 was shortened in the recording; the replay sends one of 3 MB of its own.',
  compressedBytes:
    'What a compressed answer unpacks to is compared with the uncompressed one, not with the recording.',
} as const;

export type NotCompared = keyof typeof NOT_COMPARED;

/** Keys whose values are only compared by type. */
export const VOLATILE_KEYS: Readonly<Record<string, NotCompared>> = {
  timestamp: 'times',
  registered_time: 'times',
  reregistered_time: 'times',
  unregistered_time: 'times',
  estimated_drain_start_time: 'times',
  start_time: 'times',
  elected_time: 'times',
  build_user: 'ownContent',
  git_sha: 'ownContent',
  executor_pid: 'pids',
  // Of unreachable_time.
  nanoseconds: 'times',
};

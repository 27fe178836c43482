// Broker properties that change while Kafka runs: validated first, changed for all brokers at once, read back on each.
import { isThreadPool, nextPoolSize } from '../model/change/dynamic-keys.ts';
import { MillraceError } from '../model/errors.ts';
import { askAny, demand } from './admin-requests.ts';
import { askEach, sayUnanswered } from './ask.ts';
import { NONE, UNKNOWN_TOPIC_OR_PARTITION } from './wire/error-codes.ts';
import {
  CONFIG_RESOURCE,
  CONFIG_SOURCE,
  describeConfigs,
  type ConfigEntry,
} from './wire/messages/describe-configs.ts';
import { incrementalAlterConfigs, type ConfigChange } from './wire/messages/incremental-alter-configs.ts';
import type { AskOptions, KafkaAddress, Readiness } from './types.ts';

/** What all brokers are to have: null = Kafka's default. */
export type DynamicValues = Readonly<Record<string, string | null>>;

/** What one broker has of one property. */
interface Found extends ConfigEntry {
  broker: number;
}

/**
 * Goes one step towards the wanted values, and says what is still to come. Pools of threads change to at most double or half at once;
 * all others in one go. May be repeated at any point.
 *
 * A property that is unset is deleted where no broker was started with a value of its own for it; else it gets Kafka's default, since
 * a running broker would fall back to what it was started with. A value that somebody gave to one broker by hand would outrank it, and is deleted.
 *
 * @returns ready when every broker that answers has every value; brokers that do not answer have to be waited for
 * @throws MillraceError KAFKA_REFUSED with the property and Kafka's words, KAFKA_UNREACHABLE, KAFKA_NOT_READY
 */
export async function applyDynamicConfig(
  wanted: DynamicValues,
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<Readiness> {
  const answers = await readConfigs(Object.keys(wanted), brokers, options);
  const silent = answers.filter((answer) => 'why' in answer);
  if (silent.length > 0)
    return {
      ready: false,
      waitingFor: `every broker to tell its configuration (${sayUnanswered('broker', silent)})`,
    };
  const found = answers.flatMap((answer) => ('said' in answer ? answer.said : []));
  const missing = Object.keys(wanted).find((key) => found.every((entry) => entry.key !== key));
  if (missing !== undefined)
    throw new MillraceError('KAFKA_REFUSED', `Kafka has no broker property ${missing}; nothing was changed.`);
  const changes = changesFor(wanted, found);
  if (changes.length === 0) return { ready: true };
  const shared = changes.filter(({ name }) => name === '');
  for (const change of changes.filter(({ name }) => name !== '')) {
    const itself = brokers.filter(({ nodeId }) => String(nodeId) === change.name);
    await alterConfigs([change], itself, options);
  }
  if (shared.length > 0) {
    await alterConfigs(shared, brokers, { ...options, validateOnly: true });
    await alterConfigs(shared, brokers, options);
  }
  return {
    ready: false,
    waitingFor: `every broker to have ${Object.keys(wanted).sort().join(', ')} as wanted`,
  };
}

/**
 * Changes named values, of topics and brokers, and leaves all others.
 *
 * @throws MillraceError KAFKA_REFUSED with Kafka's words, KAFKA_UNREACHABLE, KAFKA_NOT_READY
 */
export async function alterConfigs(
  changes: readonly ConfigChange[],
  brokers: readonly KafkaAddress[],
  {
    validateOnly = false,
    ignoreMissing = false,
    ...options
  }: AskOptions & { validateOnly?: boolean; ignoreMissing?: boolean } = {},
): Promise<void> {
  if (changes.length === 0) return;
  const asked = sayChanges(changes);
  const results = await askAny({ brokers, asked, options }, (connection) =>
    connection.request(incrementalAlterConfigs, { changes, validateOnly }),
  );
  for (const { errorCode, errorMessage } of results)
    if (!ignoreMissing || errorCode !== UNKNOWN_TOPIC_OR_PARTITION) demand(asked, errorCode, errorMessage);
}

function sayChanges(changes: readonly ConfigChange[]): string {
  const one = ({ type, name, values }: ConfigChange) => {
    const what = Object.entries(values).map(([key, value]) =>
      value === null ? `unset ${key}` : `set ${key} to ${value}`,
    );
    const where =
      type === CONFIG_RESOURCE.TOPIC ? `topic ${name}` : name === '' ? 'all brokers' : `broker ${name}`;
    return `${what.join(', ')} of ${where}`;
  };
  return changes.map(one).join('; ');
}

function readConfigs(keys: readonly string[], brokers: readonly KafkaAddress[], options: AskOptions) {
  return askEach(brokers, options, async (connection, { nodeId }): Promise<Found[]> => {
    const resources = [{ type: CONFIG_RESOURCE.BROKER, name: String(nodeId) }];
    const [described] = await connection.request(describeConfigs, { resources, keys });
    if (!described || described.errorCode !== NONE)
      throw new Error(`it does not tell its configuration (code ${described?.errorCode ?? 'none'})`);
    return described.entries.map((entry) => ({ ...entry, broker: nodeId }));
  });
}

/** What has to be altered, as resources; the wildcard broker has an empty name. */
function changesFor(wanted: DynamicValues, found: readonly Found[]): ConfigChange[] {
  const shared: Record<string, string | null> = {};
  const own = new Map<number, Record<string, string | null>>();
  for (const [key, value] of Object.entries(wanted)) {
    const entries = found.filter((entry) => entry.key === key);
    for (const { broker, synonyms } of entries)
      if (synonyms.some((synonym) => synonym.key === key && synonym.source === CONFIG_SOURCE.DYNAMIC_BROKER))
        own.set(broker, { ...own.get(broker), [key]: null });
    const next = nextValue(key, value, entries);
    if (next !== undefined) shared[key] = next;
  }
  return [
    ...[...own].map(([broker, values]) => ({ type: CONFIG_RESOURCE.BROKER, name: String(broker), values })),
    ...(Object.keys(shared).length > 0 ? [{ type: CONFIG_RESOURCE.BROKER, name: '', values: shared }] : []),
  ];
}

/** The dynamic value that a property gets next for all brokers; null deletes it, undefined = it is as wanted everywhere. */
function nextValue(key: string, value: string | null, entries: readonly Found[]): string | null | undefined {
  const dynamicOf = ({ synonyms }: Found) =>
    synonyms.find((synonym) => synonym.key === key && synonym.source === CONFIG_SOURCE.DYNAMIC_DEFAULT)
      ?.value;
  if (value === null) {
    const isStatic = entries.some(({ synonyms }) =>
      synonyms.some(({ source }) => source === CONFIG_SOURCE.STATIC),
    );
    if (!isStatic) {
      if (entries.every((entry) => dynamicOf(entry) === undefined)) return undefined;
      // The default has to be within reach of a pool before the value goes.
      const step = isThreadPool(key) ? poolStep(entries, defaultOf(key, entries)) : null;
      return step === null || step === defaultOf(key, entries) ? null : step;
    }
  }
  const goal = value ?? defaultOf(key, entries);
  if (entries.every((entry) => isSame(entry.value, goal))) return undefined;
  return isThreadPool(key) ? poolStep(entries, goal) : goal;
}

/** The next size on the way of a pool: of the pools there are, the one that is farthest from the goal decides how far it goes. */
function poolStep(entries: readonly Found[], goal: string): string {
  const sizes = entries.map((entry) => Number(entry.value));
  const steps = sizes.map((size) => nextPoolSize(size, Number(goal)));
  const growing = Number(goal) > Math.min(...sizes);
  return String(growing ? Math.min(...steps) : Math.max(...steps));
}

/** Kafka shows numbers as it read them: 0.50 is 0.5. */
function isSame(present: string | null, goal: string): boolean {
  if (present === goal) return true;
  return present !== null && present.trim() !== '' && goal.trim() !== '' && Number(present) === Number(goal);
}

function defaultOf(key: string, entries: readonly Found[]): string {
  const synonyms = entries.flatMap((entry) => entry.synonyms);
  const found = synonyms.find((synonym) => synonym.key === key && synonym.source === CONFIG_SOURCE.DEFAULT);
  if (typeof found?.value === 'string') return found.value;
  throw new MillraceError(
    'KAFKA_REFUSED',
    `Kafka says no default of ${key}, and brokers were started with a value for it, so it cannot be unset while they run; nothing of it was changed. Set it to a value in the spec, or skip the step: it is unset with the next restart of each broker.`,
  );
}

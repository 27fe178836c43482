// Clusters for the planner's tests and its measurement: balanced ones, of which brokers come or go.
import { planReassignment } from '../../../src/model/reassignment/planner.ts';
import type { PartitionNow, ReassignmentPlan, TargetBroker } from '../../../src/model/reassignment/types.ts';

/** Brokers 0, 1, …; `racks` names how many are in each rack. */
export function brokersIn(racks: readonly number[]): TargetBroker[] {
  let id = 0;
  return racks.flatMap((size, rack) =>
    Array.from({ length: size }, () => ({ id: id++, ...(racks.length > 1 ? { rack: `r${rack}` } : {}) })),
  );
}

/** Topics of so many partitions, balanced over the brokers. */
export function balanced(
  { topics, partitions, factor }: { topics: number; partitions: number; factor: number },
  brokers: readonly TargetBroker[],
): PartitionNow[] {
  const raw = Array.from({ length: topics }, (_topic, topic) =>
    Array.from({ length: partitions }, (_partition, partition) => ({
      topic: `t${topic}`,
      partition,
      replicas: Array.from(
        { length: factor },
        (_replica, at) => brokers[(topic * 7 + partition + at) % brokers.length]!.id,
      ),
    })),
  ).flat();
  return apply(raw, planReassignment(raw, brokers));
}

/** The partitions as they are when a plan was carried out. */
export function apply(partitions: readonly PartitionNow[], plan: ReassignmentPlan): PartitionNow[] {
  const moved = new Map(plan.moves.map((move) => [`${move.topic}-${move.partition}`, move.to]));
  return partitions.map((one) => ({
    ...one,
    replicas: moved.get(`${one.topic}-${one.partition}`) ?? one.replicas,
  }));
}

export interface Scenario {
  name: string;
  before: TargetBroker[];
  after: TargetBroker[];
  topics: number;
  partitions: number;
  /** Replicas that have to move at the very least. */
  optimum: number;
}

const without = (brokers: TargetBroker[], ...ids: number[]) => brokers.filter(({ id }) => !ids.includes(id));
const plus = (brokers: TargetBroker[], ...racks: (string | undefined)[]) => [
  ...brokers,
  ...racks.map((rack, index) => ({ id: brokers.length + index, ...(rack === undefined ? {} : { rack }) })),
];
const six = brokersIn([6]);
const nine = brokersIn([3, 3, 3]);
const twelve = brokersIn([4, 4, 4]);
const ten = brokersIn([5, 3, 2]);
const twentySeven = brokersIn([9, 9, 9]);

/** As Kafka clusters change; all with replication factor 3. */
export const SCENARIOS: Scenario[] = [
  {
    name: '6 -> 7, no racks',
    before: six,
    after: plus(six, undefined),
    topics: 12,
    partitions: 100,
    optimum: 514,
  },
  {
    name: '9 -> 12, 3 racks',
    before: nine,
    after: plus(nine, 'r0', 'r1', 'r2'),
    topics: 12,
    partitions: 100,
    optimum: 900,
  },
  {
    name: 'remove 1 of 20',
    before: brokersIn([20]),
    after: without(brokersIn([20]), 7),
    topics: 30,
    partitions: 100,
    optimum: 450,
  },
  {
    name: 'remove 1 of 12, 3 racks',
    before: twelve,
    after: without(twelve, 11),
    topics: 12,
    partitions: 100,
    optimum: 300,
  },
  {
    name: 'lose a rack, 12 -> 8',
    before: twelve,
    after: without(twelve, 8, 9, 10, 11),
    topics: 12,
    partitions: 100,
    optimum: 1_200,
  },
  {
    name: 'unequal racks 5/3/2 -> 5/4/3',
    before: ten,
    after: plus(ten, 'r1', 'r2'),
    topics: 12,
    partitions: 100,
    optimum: 700,
  },
  { name: 'balanced already', before: nine, after: nine, topics: 12, partitions: 100, optimum: 0 },
  {
    name: '27 -> 30, 3 racks',
    before: twentySeven,
    after: plus(twentySeven, 'r0', 'r1', 'r2'),
    topics: 100,
    partitions: 100,
    optimum: 3_000,
  },
];

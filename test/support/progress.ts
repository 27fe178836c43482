// What tests ask of the progress of an operation.
import type { OperationState } from '../../src/model/cluster.ts';
import type { PlanProgress, StepProgress } from '../../src/model/plan/plan.ts';
import { findStep, operationState } from '../../src/model/plan/progress.ts';

export const stepsOf = ({ phases }: PlanProgress): StepProgress[] => phases.flatMap(({ steps }) => steps);

export const stepIs = (step: string, status: string) => (progress: PlanProgress) =>
  findStep(progress, step)?.status === status;

export const stateIs = (state: OperationState) => (progress: PlanProgress) =>
  operationState(progress) === state;

/** All its steps have ended, and its cluster knows: it is ready for the next operation. */
export const isComplete = stateIs('COMPLETE');

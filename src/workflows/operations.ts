// The operations as Temporal shows them: one workflow type each, all made of a plan and its steps.
import { setPersonHandlers } from './operation/messages.ts';
import { beginOperation, setEntityHandlers } from './operation/operation.ts';
import { runPlan } from './operation/plan-runner.ts';
import { executeStep, reportSkipped } from './steps/steps.ts';
import type { OperationInput, OperationResult } from './contract.ts';

/** Brings a cluster up: reserve, start controllers and brokers, verify. */
export async function install(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Takes a cluster down and gives everything back: stop, release, deregister. */
export async function uninstall(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Starts nodes again whose task has ended, where they are. */
export async function recover(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Gives a node another agent, port and volume under its `node.id`. */
export async function replace(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Stops the nodes of an agent that goes into maintenance, and starts them when it is over. */
export async function drain(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Goes on as a new framework with what a removed one left. */
export async function adopt(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

async function run(input: OperationInput): Promise<OperationResult> {
  const operation = beginOperation(input);
  // In this order, since the Temporal UI offers the signals in it.
  setPersonHandlers(operation);
  setEntityHandlers(operation);
  return runPlan(operation, {
    execute: (step) => executeStep(operation, step),
    reportSkipped: (step) => reportSkipped(operation, step),
  });
}

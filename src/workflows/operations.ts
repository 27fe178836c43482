// The operations as Temporal shows them: one workflow type each, all made of a plan and its steps.
import { setPersonHandlers } from './operation/messages.ts';
import { beginOperation, setEntityHandlers } from './operation/operation.ts';
import { runPlan } from './operation/plan-runner.ts';
import { putActiveLast } from './steps/active-last.ts';
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

/** Brings a cluster to another spec. */
export async function update(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Adds nodes to a cluster, or takes some away. */
export async function scale(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Restarts nodes one after the other. */
export async function restart(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Moves replicas until all brokers have their share. */
export async function rebalance(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Stops a broker and keeps it stopped. */
export async function pause(input: OperationInput): Promise<OperationResult> {
  return run(input);
}

/** Starts a broker that was kept stopped. */
export async function resume(input: OperationInput): Promise<OperationResult> {
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
    putActiveLast: (phase) => putActiveLast(operation, phase),
  });
}

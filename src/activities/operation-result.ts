// How an operation ended, for an entity that has no handle of it any more.
import { WorkflowFailedError, type Client } from '@temporalio/client';
import type { OperationResult } from '../workflows/contract.ts';

/**
 * Waits for the result of an operation's workflow. One that did not end by itself (terminated, failed) has ended all the
 * same, ABORTED with the reason: asking again would not help.
 */
export async function operationResult(client: Client, operationWorkflowId: string): Promise<OperationResult> {
  try {
    return (await client.workflow.getHandle(operationWorkflowId).result()) as OperationResult;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { state: 'ABORTED', outcome: `its workflow ended: ${error.cause?.message ?? error.message}` };
  }
}

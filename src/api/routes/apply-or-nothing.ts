// The answer to an apply that may have nothing to do.
import type { FastifyReply } from 'fastify';
import { MillraceError } from '../../model/errors.ts';
import type { OperationAccepted } from '../../workflows/contract.ts';
import { acceptedView, type Links } from '../views.ts';

/** An equal spec is no error: nothing happens. */
export async function applyOrNothing(
  reply: FastifyReply,
  links: Links,
  apply: () => Promise<OperationAccepted>,
): Promise<FastifyReply> {
  try {
    return await reply.code(202).send(acceptedView(await apply(), links));
  } catch (error) {
    const generation = error instanceof MillraceError ? error.details?.['generation'] : undefined;
    if (!(error instanceof MillraceError) || error.code !== 'NOTHING_TO_DO' || generation === undefined)
      throw error;
    return reply.code(200).send({ unchanged: true, generation });
  }
}

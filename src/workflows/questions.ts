// Questions about placement: short-lived workflows that change nothing. The API starts them and hands their results on.
import { isCancellation } from '@temporalio/workflow';
import type { PlacementAnswer } from '../model/placement/explain.ts';
import { question, questionOnSession } from './activity-proxies.ts';
import type {
  PreflightAnswer,
  PreflightInput,
  PreviewAnswer,
  PreviewInput,
  ReplacePreviewAnswer,
  ReplacePreviewInput,
  WhyInput,
} from './contract.ts';

/** Why nodes wait: asked where the session's offers are, and elsewhere (without them) when nobody answers there. */
export async function why(input: WhyInput): Promise<PlacementAnswer> {
  const summary = `why ${input.waiting.length} nodes of ${input.cluster} wait`;
  if (input.session !== null) {
    try {
      const { explainPlacement } = questionOnSession(input.session.taskQueue);
      return await explainPlacement.executeWithOptions({ summary }, [input]);
    } catch (error) {
      if (isCancellation(error)) throw error;
    }
  }
  return question.explainPlacement.executeWithOptions({ summary: `${summary}, without its offers` }, [input]);
}

/** Whether a cluster would fit now. */
export async function preflight(input: PreflightInput): Promise<PreflightAnswer> {
  return question.preflight.executeWithOptions({ summary: `whether ${input.spec.name} would fit` }, [input]);
}

/** Which replicas would move. */
export async function preview(input: PreviewInput): Promise<PreviewAnswer> {
  return question.previewMoves.executeWithOptions({ summary: 'which replicas would move' }, [input]);
}

/** What giving up a broker's disk would mean. */
export async function replacePreview(input: ReplacePreviewInput): Promise<ReplacePreviewAnswer> {
  const summary = `what broker ${input.nodeId} alone has, and how much would be copied`;
  return question.previewReplace.executeWithOptions({ summary }, [input]);
}

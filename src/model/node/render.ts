// Everything that a node's task runs with: a pure function of the spec, the node, where it was placed and the quorum.
import { NODE_KIND } from '../cluster.ts';
import { canonicalJson, sha256Hex } from '../hash.ts';
import { disksOf } from '../spec/disks.ts';
import { nodeCommand } from './command.ts';
import { fetchedUris, nodeContainer, type FetchedUri, type NodeContainer } from './container.ts';
import { jvmOptions } from './jvm-options.ts';
import { log4j2Properties } from './log4j2.ts';
import { metaVariable, VARIABLE } from './paths.ts';
import { propertiesText } from './properties-text.ts';
import { nodeGroup } from './resources.ts';
import { metaProperties, serverProperties, type NodeInput } from './server-properties.ts';

export type { NodeInput } from './server-properties.ts';

export interface RenderedNode {
  /** Text of `server.properties`. */
  serverProperties: string;
  /** Text of `log4j2.properties`. */
  log4j2: string;
  /** Text of `meta.properties`, with which a broker's empty volume is begun; a controller's is made by its format. */
  metaProperties: string;
  jvmOptions: string[];
  /** For `sh -c`, in the sandbox. */
  command: string;
  /** Carries the texts above to the command. Each is below Linux's limit of 128 KiB, as the spec's rules see to. */
  environment: Record<string, string>;
  uris: FetchedUri[];
  container: NodeContainer;
  /** SHA-256 of all the others: a node has to be restarted when and only when it differs from what it runs with. */
  hash: string;
}

/**
 * Renders a node.
 *
 * @throws MillraceError INTERNAL when the node or a controller of the first quorum has no place yet
 */
export function renderNode(input: NodeInput): RenderedNode {
  const { spec, node } = input;
  const properties = propertiesText(serverProperties(input));
  const meta = propertiesText(metaProperties(input));
  const log4j2 = log4j2Properties();
  const options = jvmOptions(nodeGroup(spec, node.kind));
  const rendered: Omit<RenderedNode, 'hash'> = {
    serverProperties: properties,
    log4j2,
    metaProperties: meta,
    jvmOptions: options,
    command: nodeCommand(input, options),
    environment: {
      [VARIABLE.SERVER_PROPERTIES]: properties,
      [VARIABLE.LOG4J2]: log4j2,
      ...(node.kind === NODE_KIND.BROKER || node.joins !== undefined ? metaTexts(input) : {}),
    },
    uris: fetchedUris(spec),
    container: nodeContainer(spec),
  };
  return { ...rendered, hash: sha256Hex(canonicalJson(rendered)) };
}

/** The text of each log directory's `meta.properties`, by the variable that carries it. */
function metaTexts(input: NodeInput): Record<string, string> {
  return Object.fromEntries(
    disksOf(nodeGroup(input.spec, input.node.kind)).map((_disk, index) => [
      metaVariable(index),
      propertiesText(metaProperties(input, index)),
    ]),
  );
}

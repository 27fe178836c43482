// Reads the body of a call and turns it into a message, or into the refusal that a real master gives.
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ConversionError, convertMessage } from '../wire/convert-message.ts';
import { parseJsonText } from '../wire/json-text.ts';
import { headerOf, methodNotAllowed, text } from './response.ts';
import type { Answer } from './response.ts';

/** Far above any sensible call: 3 MB were accepted by a real master. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** The message of a POST, or the answer that refuses it. */
export async function readCall<T>(
  request: IncomingMessage,
  messageName: string,
): Promise<{ call: T } | { refusal: Answer }> {
  if (request.method !== 'POST') return { refusal: methodNotAllowed('POST', request.method ?? '') };
  const contentType = headerOf(request, 'content-type');
  if (contentType === undefined) return { refusal: text(400, "Expecting 'Content-Type' to be present") };
  if (contentType !== 'application/json' && contentType !== 'application/x-protobuf')
    return { refusal: text(415, "Expecting 'Content-Type' of application/json or application/x-protobuf") };
  const body = await readBody(request);
  if (body === undefined) return { refusal: text(400, 'Failed to read or decompress the body') };
  if (contentType === 'application/x-protobuf')
    return { refusal: text(400, 'Failed to parse body into Call protobuf') };
  const parsed = parseJsonText(body.toString('utf8'));
  if ('error' in parsed) return { refusal: text(400, `Failed to parse body into JSON: ${parsed.error}`) };
  try {
    return { call: convertMessage<T>(messageName, parsed.value) };
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    return { refusal: text(400, `Failed to convert JSON into Call protobuf: ${error.message}`) };
  }
}

/** The whole body, unpacked; undefined when it is too large, broken off or not what its encoding says. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > MAX_BODY_BYTES) return undefined;
      chunks.push(bytes);
    }
    const body = Buffer.concat(chunks);
    return headerOf(request, 'content-encoding') === 'gzip'
      ? await promisify(gunzip)(body, { maxOutputLength: MAX_BODY_BYTES })
      : body;
  } catch {
    return undefined;
  }
}

// Cuts a stream of bytes into Kafka's frames: four bytes of length, then that many bytes.

/** Kafka's own limit for a request (socket.request.max.bytes): what is larger is no Kafka, e.g. an HTTP server. */
const MAX_FRAME_BYTES = 104_857_600;
const LENGTH_BYTES = 4;
/** The correlation id that every answer begins with. */
const MIN_FRAME_BYTES = 4;

/**
 * Returns a function that takes the next chunk, however it is cut, and calls `onFrame` for each frame that is complete.
 * That function throws when a length cannot be Kafka's.
 */
export function splitFrames(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let buffered = 0;
  let needed = LENGTH_BYTES;
  return (chunk) => {
    chunks.push(chunk);
    buffered += chunk.length;
    // Joined only when a whole frame is there: a large answer in many chunks is copied once.
    while (buffered >= needed) {
      const joined = chunks.length === 1 ? (chunks[0] ?? chunk) : Buffer.concat(chunks);
      const length = joined.readInt32BE(0);
      if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES)
        throw new Error('what answers there does not speak the Kafka protocol in plain text');
      const end = LENGTH_BYTES + length;
      if (buffered < end) {
        chunks = [joined];
        needed = end;
        return;
      }
      onFrame(joined.subarray(LENGTH_BYTES, end));
      chunks = buffered > end ? [joined.subarray(end)] : [];
      buffered -= end;
      needed = LENGTH_BYTES;
    }
  };
}

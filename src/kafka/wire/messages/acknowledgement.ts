// The answer of several admin requests: done, or refused with a code and perhaps words.
import type { Reader } from '../reader.ts';

export interface Acknowledgement {
  errorCode: number;
  errorMessage: string | null;
}

/** Throttle time, error code, error message: the whole body. */
export function readAcknowledgement(reader: Reader): Acknowledgement {
  reader.int32(); // throttle time
  return { errorCode: reader.int16(), errorMessage: reader.nullableString() };
}

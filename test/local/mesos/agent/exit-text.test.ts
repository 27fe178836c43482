import { describe, expect, it } from 'vitest';
import { commandEnd } from '../../../../src/local/mesos/agent/exit-text.ts';

describe('the end of a command', () => {
  it.each([
    [0, true, 'Command exited with status 0'],
    [7 << 8, false, 'Command exited with status 7'],
    // A JVM that ends on SIGTERM exits with 143; a shell that dies of it does not.
    [143 << 8, false, 'Command exited with status 143'],
    [15, false, 'Command terminated with signal Terminated'],
    [9, false, 'Command terminated with signal Killed'],
    [11 | 0x80, false, 'Command terminated with signal Segmentation fault'],
  ])('with wait status %i is told as Mesos tells it', (status, succeeded, text) => {
    expect(commandEnd(status)).toEqual({ succeeded, text });
  });
});

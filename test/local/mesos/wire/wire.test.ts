import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convertMessage } from '../../../../src/local/mesos/wire/convert-message.ts';
import { debugString } from '../../../../src/local/mesos/wire/debug-string.ts';
import { parseJsonText } from '../../../../src/local/mesos/wire/json-text.ts';
import { callProblem, deadlyProblem } from '../../../../src/local/mesos/wire/validate-call.ts';
import type { Call } from '../../../../src/local/mesos/wire/call-types.ts';

describe('JSON text', () => {
  it.each([
    ['{nope', 'syntax error at line 1 near: nope'],
    ['{"a":1} xx', 'Parsed JSON included non-whitespace trailing characters:  xx'],
    ['', 'syntax error at line 1 near: '],
    ['{"a":\n[1,,2]}', 'syntax error at line 2 near: ,2]}'],
  ])("%j is refused in a real master's words", (text, error) => {
    expect(parseJsonText(text)).toEqual({ error });
  });

  it('is parsed whatever JSON it is, and refused otherwise, never thrown at', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJsonText(text)).toEqual({ value: JSON.parse(text) as unknown });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Object.keys(parseJsonText(text))).toHaveLength(1);
      }),
    );
    expect(parseJsonText('['.repeat(1_000_000))).toHaveProperty('error');
  });
});

describe('a message', () => {
  it('names every required field that is missing, with its path', () => {
    const accept = { operations: [{ type: 'LAUNCH', launch: { task_infos: [{ name: 'x', task_id: {} }] } }] };
    expect(() => convertMessage('Call', { accept })).toThrow(
      'Missing required fields: accept.operations[0].launch.task_infos[0].task_id.value, accept.operations[0].launch.task_infos[0].agent_id',
    );
  });

  it.each([
    [[], 'Expecting a JSON object'],
    [{ type: 1 }, "Not expecting a JSON number for field 'type'"],
    [{ kill: 'x' }, "Not expecting a JSON string for field 'kill'"],
    [{ kill: { task_id: { value: { a: 1 } } } }, "Not expecting a JSON object for field 'value'"],
    [{ kill: { task_id: { value: ['a'] } } }, "Not expecting a JSON array for field 'value'"],
    [{ kill: { task_id: { value: true } } }, "Not expecting a JSON boolean for field 'value'"],
  ])('%j is refused', (json, message) => {
    expect(() => convertMessage('Call', json)).toThrow(message);
  });

  it('drops unknown fields, unknown enum values and nulls', () => {
    expect(
      convertMessage('Call', { type: 'NOPE', bogus: 1, revive: null, suppress: { roles: ['a', null] } }),
    ).toEqual({
      suppress: { roles: ['a'] },
    });
  });

  it('is refused or converted, never anything else, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        try {
          convertMessage('Call', {
            framework_id: json,
            accept: json,
            subscribe: json,
            kill: { task_id: json },
          });
        } catch (error) {
          expect((error as Error).constructor.name).toBe('ConversionError');
        }
      }),
    );
  });
});

describe('a call', () => {
  it('is refused when it is one of the two that bring a real master down', () => {
    const tasks = ['a', 'a'].map((value) => ({ name: 'x', task_id: { value }, agent_id: { value: 's' } }));
    const operation = {
      type: 'LAUNCH_GROUP',
      launch_group: { executor: { executor_id: { value: 'e' } }, task_group: { tasks } },
    };
    expect(deadlyProblem({ type: 'ACCEPT', accept: { operations: [operation] } })).toContain(
      'brings a real Mesos master down'.slice(7),
    );
    expect(deadlyProblem({ type: 'UNKNOWN' })).toContain('real Mesos master');
    expect(deadlyProblem({ type: 'REVIVE' })).toBeUndefined();
  });

  it.each<[Call, string]>([
    [{}, "Expecting 'type' to be present"],
    [{ type: 'SUBSCRIBE' }, "Expecting 'subscribe' to be present"],
    [{ type: 'REVIVE' }, "Expecting 'framework_id' to be present"],
    [
      { type: 'RECONCILE_OPERATIONS', framework_id: { value: 'f' } },
      "Expecting 'reconcile_operations' to be present",
    ],
    [
      { type: 'SUBSCRIBE', subscribe: { framework_info: { user: 'u', name: 'n', id: { value: 'f' } } } },
      "'framework_id' differs from 'subscribe.framework_info.id'",
    ],
  ])('%j is refused as recorded', (call, problem) => {
    expect(callProblem(call)).toBe(problem);
  });
});

describe('the text format of protobuf', () => {
  it('prints fields in the order of their numbers', () => {
    const executor = {
      type: 'DEFAULT',
      resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } }],
      executor_id: { value: 'e' },
    };
    expect(debugString('Executor', executor)).toBe(
      'executor_id {\n  value: "e"\n}\nresources {\n  name: "cpus"\n  type: SCALAR\n  scalar {\n    value: 0.1\n  }\n}\ntype: DEFAULT\n',
    );
  });
});

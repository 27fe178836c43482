// Door of the local stack.
export { argumentsOf, processesIn } from './processes.ts';
export { openStack, startStack, type Stack, type StackOptions } from './stack.ts';

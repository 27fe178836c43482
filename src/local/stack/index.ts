// Door of the local stack.
export { argumentsOf, processesIn } from './processes.ts';
export { openStack, stackDirectory, startStack, type Stack, type StackOptions } from './stack.ts';

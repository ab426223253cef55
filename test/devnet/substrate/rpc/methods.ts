/** The request-and-answer methods of a node; `subscriptions.ts` has the others. */
import { authorMethods } from './authorMethods.ts';
import { chainMethods } from './chainMethods.ts';
import { grandpaMethods } from './grandpaMethods.ts';
import type { Node } from './node.ts';
import { stateMethods } from './stateMethods.ts';
import { systemMethods } from './systemMethods.ts';

/** Parameters are positional, as unmodified clients send them. */
export type Methods = Readonly<Record<string, (node: Node, params: readonly unknown[]) => unknown>>;

const COMMON: Methods = { ...systemMethods, ...chainMethods, ...stateMethods, ...authorMethods };
const WITH_FINALITY: Methods = { ...COMMON, ...grandpaMethods };

export function methodsOf(node: Node): Methods {
  return node.grandpa === undefined ? COMMON : WITH_FINALITY;
}

/**
 * The consensus library reads its preset from the environment when it is imported, so this has to be evaluated before
 * it: one preset for a process. Only `lodestar.ts` imports this.
 */
process.env['LODESTAR_PRESET'] ??= 'minimal';

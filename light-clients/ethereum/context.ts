/** What every check of one network needs: its parameters, its containers and the BLS implementation. */
import type { Bls } from './bls.ts';
import type { Containers } from './containers.ts';
import type { EthereumParameters } from './parameters.ts';

export interface Context {
  readonly parameters: EthereumParameters;
  readonly containers: Containers;
  readonly bls: Bls;
}

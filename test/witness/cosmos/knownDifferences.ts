/**
 * Where the local chain is knowingly not what a real one is, and why that is no matter. Printed into docs/WITNESSES.md. Each
 * has to occur: one that does not is stale, and the witness says so.
 */

export interface KnownDifference {
  /** Names of steps. */
  readonly step: RegExp;
  /** Places in the answer. */
  readonly path: RegExp;
  readonly what: string;
  readonly why: string;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    step: /^no gas at all$/,
    path: /^log$/,
    what: 'The place that the text of code 11 names when a transaction has no gas at all.',
    why: 'It is the name of a store operation; gas is fitted to the real one here, not counted by operations.',
  },
  {
    step: /^account that does not exist$/,
    path: /^log$/,
    what: 'The text of code 9 has the payer as bech32; the SDK prints the raw bytes of the account.',
    why: 'The bytes are no text. Code and codespace are the same.',
  },
  {
    step: /^(body of rubbish|rubbish|query of rubbish)$/,
    path: /^log$/,
    what: 'What is wrong with bytes that do not decode, in the text of code 2 or 18.',
    why: 'They are the words of two protobuf decoders. Code, codespace and the end of the text are the same.',
  },
  {
    step: /^rpc genesis$/,
    path: /^genesis\.(app_state|validators)$/,
    what: 'The genesis has validators and no application state; that of an SDK chain has it the other way round.',
    why: 'There are no modules here that a genesis would set up, and no staking that validators would come from.',
  },
  {
    step: /^rpc (empty )?block_results( of height 1)?$/,
    path: /^finalize_block_events$/,
    what: 'Blocks have no events of their own.',
    why: 'There is no minting, no distribution and no slashing here. No root covers these events, and nothing reads them.',
  },
  {
    step: /^rpc tx_search of (rubbish|nothing)$/,
    path: /^data$/,
    what: 'What is wrong with a query that does not parse.',
    why: "They are the words of CometBFT's parser. The error and its code are the same.",
  },
  {
    step: /^rpc with parameters by position$/,
    path: /./,
    what: 'Parameters by position are passed over.',
    why: 'cosmjs and this project name them.',
  },
];

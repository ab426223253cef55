/** Everything that can grow has its maximum here, with the reason for the number. */

/** Bytes of a packet: one Keccak-256 block (136) less the padding byte. */
export const PACKET_BYTES = 135;
/** Bytes of an account in a packet: the longest native account of the three families (AccountId32). */
export const ACCOUNT_BYTES_MAX = 32;
/** Packets in a frame: the most that stay under 64 kB, where the cost of a NATS message is amortised. */
export const FRAME_PACKETS_MAX = 480;
/** Packets in a chunk: 512 fresh holders cost 13.8 M gas, under the 16.78 M of EIP-7825. */
export const CHUNK_PACKETS_MAX = 512;
/** Packets in a chunk below which no proposer goes: of fewer, what a transaction costs by itself outweighs the payments. */
export const CHUNK_PACKETS_MIN = 32;
/** Packets in a chunk paid by a Substrate vault: 459 minted payouts were the most that a block of a modern asset hub took. */
export const SUBSTRATE_CHUNK_PACKETS_MAX = 256;
/** Chunks in a checkpoint: proofs stay at 8 siblings. */
export const CHECKPOINT_CHUNKS_MAX = 256;
/** Packets in a checkpoint. */
export const CHECKPOINT_PACKETS_MAX = CHUNK_PACKETS_MAX * CHECKPOINT_CHUNKS_MAX;
/** Members of a signer set: a linear scan on chain; larger sets want another verifier. */
export const SIGNERS_MAX = 32;
/** Bytes of one bus message: nats-server's default `max_payload` is 1 MiB; the rest is room for headers. */
export const BUS_MESSAGE_BYTES_MAX = 1_000_000;
/** Bytes of derivation evidence held at once for one chain: 480k deposits. No further reason. */
export const EVIDENCE_BYTES_MAX = 64 * 1024 * 1024;
/** Blocks asked of an endpoint at once: the smallest `eth_getLogs` range that public endpoints commonly allow. */
export const BLOCK_RANGE_MAX = 500;
/** Bytes of one answer of an endpoint: a page of logs of 20,000 deposits. */
export const RPC_RESPONSE_BYTES_MAX = 32 * 1024 * 1024;
/** Bytes of one answer whose list is read while it comes: the logs of the 240,000 deposits that one evidence holds. */
export const RPC_LIST_BYTES_MAX = 256 * 1024 * 1024;
/** Milliseconds an endpoint may take to answer. */
export const RPC_TIMEOUT_MS = 10_000;
/** Work items of one target chain handed out and not yet resolved: 16 of each of 16 accounts, 18 MB on the bus. */
export const WORK_IN_FLIGHT_MAX = 256;
/** Transactions of one account broadcast and not yet resolved: geth keeps 64 executable ones per account. */
export const ACCOUNT_IN_FLIGHT_MAX = 16;
/**
 * Times as many operations of an account of a Substrate vault: an opening, its finality, the approvals and the execution wait for a
 * block each, and each of the four takes as long as a transaction elsewhere.
 */
export const SUBSTRATE_ROUNDS = 4;
/** Bytes of a request to the API: it takes no bodies today. */
export const API_BODY_BYTES_MAX = 16 * 1024;
/** Milliseconds between the first and the second try of anything that is retried. */
export const RETRY_MS_MIN = 200;
/** Milliseconds between later tries. */
export const RETRY_MS_MAX = 30_000;
/** Open statements of one lane that an attester keeps: a few per member and turn; the oldest gives way. */
export const VOTES_PENDING_MAX = 64;
/** Things one process remembers to have reported: lanes, chains, accounts, alerts. No further reason. */
export const TELEMETRY_KEYS_MAX = 10_000;
/** Frames searched for a transfer id, newest first, per lane: 96k packets, some 0.1 s of hashing. */
export const ID_SEARCH_FRAMES_MAX = 200;
/** Seconds that a header's time may lie ahead of the clock: Ethereum's clients allow 15; hosts drift a little too. */
export const HEADER_DRIFT_SECONDS_MAX = 30;
/** Bytes of the family's own terms in a request to a vault's members: a bitmap of a chunk and some numbers. */
export const RELEASE_TERMS_BYTES_MAX = 1_024;
/** Milliseconds that a vault's members have to answer: they sync a disk and sign, and may be a continent away. */
export const RELEASE_ANSWER_MS = 5_000;
/** Accounts of one vault: as many chunks can be paid at once; no further reason. */
export const VAULT_ACCOUNTS_MAX = 16;

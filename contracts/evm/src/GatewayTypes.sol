// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// The vocabulary of the gateway: what is signed, what is stored, and the limits on both.

/// @dev Bytes of a packet: one Keccak-256 block (136) less the padding byte.
uint256 constant PACKET_BYTES = 135;
/// @dev Packets in a chunk: 512 fresh holders stay under the 16.78 M gas of a transaction (EIP-7825).
uint256 constant CHUNK_PACKETS_MAX = 512;
/// @dev Chunks in a checkpoint: proofs stay at 8 siblings.
uint256 constant CHECKPOINT_CHUNKS_MAX = 256;
/// @dev Members of a signer set: larger sets want another verifier.
uint256 constant SIGNERS_MAX = 32;
/// @dev Assets of a gateway: a chunk keeps one running sum for each in memory and scans them.
uint256 constant ASSETS_MAX = 256;
/// @dev Decimals of a token: 10^38 times a u128 still fits a word.
uint8 constant DECIMALS_MAX = 38;

/// @notice The signed statement about a contiguous range of a lane.
struct Checkpoint {
    bytes32 laneId;
    uint64 signerEpoch;
    bytes32 signerSetHash;
    bytes32 manifestHash;
    uint64 firstSequence;
    uint32 packetCount;
    uint32 chunkSize;
    bytes32 root;
    uint64 sourceHeight;
    bytes32 sourceBlockHash;
}

/// @notice Who may attest. Members are strictly ascending; the threshold is above half of them.
struct SignerSet {
    uint64 epoch;
    uint32 threshold;
    address[] members;
}

/// @notice How the gateway holds an asset: the chain's own coin, an ERC-20 kept here, or a token minted here.
enum Custody {
    None,
    Native,
    Lock,
    Mint
}

/// @notice Why a transfer was refused and sent back.
enum Refusal {
    None,
    Expired,
    AssetUnknown,
    ReceiverMalformed,
    OverLimit,
    PaymentFailed,
    AmountNotRepresentable
}

/// @notice A lane that starts here.
struct OutboundLane {
    uint64 nextSequence;
    /// @dev Exact bytes of a receiver on the remote chain.
    uint8 receiverLength;
    bool registered;
    /// @dev Sends are allowed. Returns of refused packets always are.
    bool enabled;
}

/// @notice A lane that ends here.
struct InboundLane {
    /// @dev First sequence that no accepted checkpoint covers.
    uint64 acceptedSequence;
    /// @dev Chunks of all accepted checkpoints: the next checkpoint's chunk base.
    uint64 acceptedChunks;
    uint16 chunkSizeMax;
    bool registered;
    /// @dev True when `verifiers[laneId]` replaces the signatures.
    bool hasVerifier;
}

/// @notice An asset on this chain. Never changes once registered.
struct Asset {
    address token;
    Custody custody;
    uint8 localDecimals;
    uint8 canonicalDecimals;
}

/// @notice The terms of an asset on an outgoing lane, in canonical units.
struct LaneAsset {
    uint128 minAmount;
    uint128 maxAmount;
    /// @dev Amounts are multiples of this, so that the coarser side can represent them.
    uint128 granularity;
    bool enabled;
}

/// @notice Whether an incoming lane may carry an asset. Unknown ones were never allowed.
enum LanePass {
    Unknown,
    Disabled,
    Enabled
}

/// @notice The token bucket that bounds an asset's outflow, in canonical units.
struct ValueLimit {
    uint128 available;
    uint64 updatedAt;
    uint64 windowSeconds;
    uint128 capacity;
}

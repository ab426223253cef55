// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint, Custody, LanePass, SignerSet} from "./GatewayTypes.sol";
import {IGatewayErrors} from "./IGatewayErrors.sol";

/// @title The bridge's presence on an EVM chain.
/// @notice Users send packets into outgoing lanes; relayers deliver the packets of incoming lanes under checkpoints that
/// the signer set attested. A relayer has no authority: anyone may accept and deliver.
///
/// Deployment: `Gateway(address owner, SignerSet signers)`; the set's epoch is any number above zero. Then the owner calls
/// 1. `setGuardian(account, true)` for whoever may pause;
/// 2. `registerLane(remoteChain, remoteGateway, receiverLength, chunkSizeMax)` for each remote gateway: makes the outgoing
///    and the incoming lane. `chunkSizeMax` is 512 where all assets are minted here, and at most 128 where native coin or
///    locked tokens are paid out: a payment may burn PAYMENT_GAS, and a chunk has to fit a transaction of 16.78 M gas;
/// 3. `registerAsset(assetId, token, custody, canonicalDecimals)` for each asset (token zero for native coin; a `Mint`
///    token is a `BridgedToken` deployed with this gateway as its minter);
/// 4. `setLimit(assetId, cap, windowSeconds)` for each asset: without it, nothing of the asset is paid out;
/// 5. `setLaneAsset(outgoingLaneId, assetId, enabled, minAmount, maxAmount, granularity)` for each asset on each lane.
///
/// What it trusts: the current signer set (or a lane's verifier), and the owner for configuration. What it does not prove:
/// that the packets exist on the source chain; that is what the signers attest.
interface IGateway is IGatewayErrors {
    // ---- Events ----

    /// @dev The packet is the whole record: 135 bytes.
    event PacketSent(bytes32 indexed laneId, bytes packet);
    /// @dev Everything that the stored commitment is made of.
    event CheckpointAccepted(
        bytes32 indexed laneId, uint64 indexed firstSequence, Checkpoint checkpoint, uint64 chunkBase
    );
    event ChunkDelivered(
        bytes32 indexed laneId, uint64 firstSequence, uint32 count, uint64 chunkOrdinal, uint32 refusedCount
    );
    /// @param reason A `Refusal`. The packet's return travels on the opposite lane.
    event PacketRefused(bytes32 indexed laneId, uint64 sequence, uint8 reason);
    /// @dev A return could not be paid: `receiver` may `claim` the amount (canonical units).
    event ReturnHeld(
        bytes32 indexed laneId, uint64 sequence, uint32 indexed assetId, address indexed receiver, uint256 amount
    );
    /// @dev A return names no account or asset of this chain: it waits under its transfer id for `releaseReturn`.
    event ReturnParked(bytes32 indexed laneId, uint64 sequence, bytes32 indexed transferId);
    event ReturnReleased(bytes32 indexed transferId, uint32 assetId, address receiver, uint256 amount);
    event Claimed(uint32 indexed assetId, address indexed receiver, address to, uint256 amount);

    event LaneRegistered(
        bytes32 indexed outgoingLaneId,
        bytes32 indexed incomingLaneId,
        string remoteChain,
        bytes remoteGateway,
        uint8 receiverLength,
        uint16 chunkSizeMax
    );
    event LaneEnabled(bytes32 indexed outgoingLaneId, bool enabled);
    event VerifierSet(bytes32 indexed incomingLaneId, address verifier);
    event AssetRegistered(
        uint32 indexed assetId, address token, Custody custody, uint8 localDecimals, uint8 canonicalDecimals
    );
    event LaneAssetSet(
        bytes32 indexed outgoingLaneId,
        uint32 indexed assetId,
        bool enabled,
        uint128 minAmount,
        uint128 maxAmount,
        uint128 granularity
    );
    event LimitSet(uint32 indexed assetId, uint128 cap, uint64 windowSeconds);
    event GuardianSet(address indexed guardian, bool enabled);
    event Paused(address indexed by);
    event Unpaused(address indexed by);
    event SignersRotated(uint64 indexed epoch, uint32 threshold, address[] members, bytes32 setHash);

    // ---- Users ----

    /// @notice Sends one transfer.
    /// @param amount In the token's own units; for native coin it equals `msg.value`.
    /// @param receiver Account bytes of the remote chain, exactly as long as the lane says.
    /// @param deadline Unix seconds after which the remote gateway sends it back; 0 = none.
    function send(bytes32 laneId, uint32 assetId, uint256 amount, bytes calldata receiver, uint64 deadline)
        external
        payable
        returns (uint64 sequence, bytes32 transferId);

    /// @notice Sends many transfers of one asset with one payment.
    /// @param receivers The accounts laid end to end, each exactly as long as the lane says.
    function sendBatch(
        bytes32 laneId,
        uint32 assetId,
        uint256[] calldata amounts,
        bytes calldata receivers,
        uint64 deadline
    ) external payable returns (uint64 firstSequence);

    /// @notice Pays out what was held for the caller, as much as the asset's value limit allows now.
    /// @return amount What was paid, in canonical units.
    function claim(uint32 assetId, address to) external returns (uint256 amount);

    // ---- Relayers ----

    /// @notice Accepts the next checkpoint of a lane.
    /// @param signatures At least threshold signatures of 65 bytes (r ‖ s ‖ v), signers strictly ascending; on a lane with
    /// a verifier, its proof.
    function accept(Checkpoint calldata checkpoint, bytes calldata signatures) external;

    /// @notice Delivers one chunk of an accepted checkpoint. Any order, anyone, once.
    /// @param chunkBase Chunks accepted on the lane before this checkpoint: in `CheckpointAccepted`.
    /// @param packets The chunk's packets laid end to end.
    /// @param proof Siblings, deepest first.
    function deliver(
        Checkpoint calldata checkpoint,
        uint64 chunkBase,
        uint32 chunkIndex,
        bytes calldata packets,
        bytes32[] calldata proof
    ) external;

    /// @notice Accepts the checkpoint unless someone already has, and delivers one chunk of it.
    /// @param chunkBase As for `deliver`; when the checkpoint is the next one, the lane's `acceptedChunks`.
    function acceptAndDeliver(
        Checkpoint calldata checkpoint,
        uint64 chunkBase,
        bytes calldata signatures,
        uint32 chunkIndex,
        bytes calldata packets,
        bytes32[] calldata proof
    ) external;

    // ---- Signers, guardians, owner ----

    /// @notice Replaces the signer set by a statement of the current set. The old one counts for nothing from then on.
    function rotateSigners(SignerSet calldata next, bytes calldata signatures) external;

    function pause() external;

    function unpause() external;

    function setGuardian(address guardian, bool enabled) external;

    function registerLane(
        string calldata remoteChain,
        bytes calldata remoteGateway,
        uint8 receiverLength,
        uint16 chunkSizeMax
    ) external returns (bytes32 outgoingLaneId, bytes32 incomingLaneId);

    function setLaneEnabled(bytes32 outgoingLaneId, bool enabled) external;

    /// @param verifier Zero for signatures.
    function setVerifier(bytes32 incomingLaneId, address verifier) external;

    function registerAsset(uint32 assetId, address token, Custody custody, uint8 canonicalDecimals) external;

    function setLaneAsset(
        bytes32 outgoingLaneId,
        uint32 assetId,
        bool enabled,
        uint128 minAmount,
        uint128 maxAmount,
        uint128 granularity
    ) external;

    /// @notice Bounds what leaves in any window of `windowSeconds` to `cap` (canonical units). `cap` zero stops payouts. The
    /// first call starts full; later ones keep what is left, so that raising a limit opens it over a window.
    function setLimit(uint32 assetId, uint128 cap, uint64 windowSeconds) external;

    /// @notice Credits a parked return once its asset is registered. Where the packet names an account of this chain,
    /// anyone may call, and `receiver` must be that account; where it does not, the owner names the account.
    function releaseReturn(bytes32 laneId, bytes calldata packet, address receiver) external;

    // ---- Views ----

    function paused() external view returns (bool);

    function guardians(address account) external view returns (bool);

    function signerEpoch() external view returns (uint64);

    function signerThreshold() external view returns (uint32);

    function signerSetHash() external view returns (bytes32);

    /// @return The epoch in which the account is a signer counts; older ones are history.
    function isSigner(uint64 epoch, address account) external view returns (bool);

    function domainSeparator() external view returns (bytes32);

    /// @notice What a signer signs for a checkpoint.
    function checkpointDigest(Checkpoint calldata checkpoint) external view returns (bytes32);

    /// @notice What a signer signs for a rotation.
    function signerSetDigest(SignerSet calldata next) external view returns (bytes32);

    /// @notice Hash chain over an outgoing lane's packets: next = keccak256(previous ‖ packet), from zero.
    function accumulators(bytes32 laneId) external view returns (bytes32);

    function outboundLanes(bytes32 laneId)
        external
        view
        returns (uint64 nextSequence, uint8 receiverLength, bool registered, bool enabled);

    function inboundLanes(bytes32 laneId)
        external
        view
        returns (
            uint64 acceptedSequence,
            uint64 acceptedChunks,
            uint16 chunkSizeMax,
            bool registered,
            bool hasVerifier
        );

    function verifiers(bytes32 laneId) external view returns (address);

    function oppositeLanes(bytes32 laneId) external view returns (bytes32);

    /// @notice keccak256(abi.encode(checkpoint, chunkBase)) of the accepted checkpoint that starts at the sequence.
    function checkpoints(bytes32 laneId, uint64 firstSequence) external view returns (bytes32);

    /// @notice 256 replay bits: bit `ordinal & 255` of word `ordinal >> 8`.
    function deliveredChunks(bytes32 laneId, uint256 index) external view returns (uint256);

    function isChunkDelivered(bytes32 laneId, uint64 chunkOrdinal) external view returns (bool);

    function assets(uint32 assetId)
        external
        view
        returns (address token, Custody custody, uint8 localDecimals, uint8 canonicalDecimals);

    function laneAssets(bytes32 outgoingLaneId, uint32 assetId)
        external
        view
        returns (uint128 minAmount, uint128 maxAmount, uint128 granularity, bool enabled);

    function lanePasses(bytes32 incomingLaneId, uint32 assetId) external view returns (LanePass);

    /// @notice Token units (wei for native coin) that users have locked here.
    function locked(uint32 assetId) external view returns (uint256);

    function limits(uint32 assetId)
        external
        view
        returns (uint128 available, uint64 updatedAt, uint64 windowSeconds, uint128 capacity);

    /// @notice What the limit lets out right now, in canonical units.
    function availableNow(uint32 assetId) external view returns (uint256);

    /// @notice Canonical units held for the receiver of returns that could not be paid.
    function claimable(uint32 assetId, address receiver) external view returns (uint256);

    function parkedReturns(bytes32 transferId) external view returns (bool);
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    Checkpoint,
    CHECKPOINT_CHUNKS_MAX,
    CHUNK_PACKETS_MAX,
    InboundLane,
    PACKET_BYTES
} from "./GatewayTypes.sol";
import {ChunkTree} from "./ChunkTree.sol";
import {ICheckpointVerifier} from "./ICheckpointVerifier.sol";
import {Settlement} from "./Settlement.sol";
import {SignerSets} from "./SignerSets.sol";

/// @title What arrives: checkpoints are accepted back to back, chunks are delivered once each, in any order.
abstract contract Inbox is SignerSets, Settlement {
    mapping(bytes32 laneId => mapping(uint64 firstSequence => bytes32)) public override checkpoints;
    mapping(bytes32 laneId => mapping(uint256 index => uint256)) public override deliveredChunks;

    function accept(Checkpoint calldata checkpoint, bytes calldata signatures)
        external
        override
        whenNotPaused
        nonReentrant
    {
        _accept(checkpoint, signatures);
    }

    function deliver(
        Checkpoint calldata checkpoint,
        uint64 chunkBase,
        uint32 chunkIndex,
        bytes calldata packets,
        bytes32[] calldata proof
    ) external override whenNotPaused nonReentrant {
        _deliver(checkpoint, chunkBase, chunkIndex, packets, proof);
    }

    function acceptAndDeliver(
        Checkpoint calldata checkpoint,
        uint64 chunkBase,
        bytes calldata signatures,
        uint32 chunkIndex,
        bytes calldata packets,
        bytes32[] calldata proof
    ) external override whenNotPaused nonReentrant {
        // Someone else may have been faster: then only the delivery is left, against what was really accepted.
        if (checkpoints[checkpoint.laneId][checkpoint.firstSequence] == 0) {
            uint64 base = _accept(checkpoint, signatures);
            if (base != chunkBase) revert GatewayChunkBaseMismatch(base, chunkBase);
        }
        _deliver(checkpoint, chunkBase, chunkIndex, packets, proof);
    }

    function isChunkDelivered(bytes32 laneId, uint64 chunkOrdinal) external view override returns (bool) {
        return deliveredChunks[laneId][chunkOrdinal >> 8] >> (chunkOrdinal & 0xff) & 1 == 1;
    }

    function _accept(Checkpoint calldata checkpoint, bytes calldata signatures) private returns (uint64 chunkBase) {
        // 1. An incoming lane that the owner registered.
        InboundLane memory lane = inboundLanes[checkpoint.laneId];
        if (!lane.registered) revert GatewayLaneUnknown(checkpoint.laneId);
        // 2. Shape. A zero root is what unset storage would show.
        uint32 chunks = _chunkCount(checkpoint);
        if (
            chunks == 0 || chunks > CHECKPOINT_CHUNKS_MAX || checkpoint.chunkSize > CHUNK_PACKETS_MAX
                || checkpoint.chunkSize > lane.chunkSizeMax || checkpoint.root == 0
        ) revert GatewayCheckpointMalformed();
        // 3. The current signer set, by number and by content.
        if (checkpoint.signerEpoch != signerEpoch) revert GatewayEpochMismatch(signerEpoch, checkpoint.signerEpoch);
        if (checkpoint.signerSetHash != signerSetHash) {
            revert GatewaySignerSetMismatch(signerSetHash, checkpoint.signerSetHash);
        }
        // 4. Back to back.
        if (checkpoint.firstSequence > lane.acceptedSequence) {
            revert GatewayCheckpointSkips(lane.acceptedSequence, checkpoint.firstSequence);
        }
        if (checkpoint.firstSequence < lane.acceptedSequence) {
            revert GatewayCheckpointOverlaps(lane.acceptedSequence, checkpoint.firstSequence);
        }
        // 5. The signatures, or the lane's own verifier in their place.
        if (lane.hasVerifier) {
            address verifier = verifiers[checkpoint.laneId];
            bytes4 magic = ICheckpointVerifier(verifier).verifyCheckpoint(checkpoint, signatures);
            if (magic != ICheckpointVerifier.verifyCheckpoint.selector) revert GatewayVerifierRefused(verifier);
        } else {
            _checkSignatures(checkpointDigest(checkpoint), signatures);
        }
        // 6. Store the commitment and move the lane on.
        chunkBase = lane.acceptedChunks;
        checkpoints[checkpoint.laneId][checkpoint.firstSequence] = _commitment(checkpoint, chunkBase);
        lane.acceptedSequence += checkpoint.packetCount;
        lane.acceptedChunks += chunks;
        inboundLanes[checkpoint.laneId] = lane;
        emit CheckpointAccepted(checkpoint.laneId, checkpoint.firstSequence, checkpoint, chunkBase);
    }

    function _deliver(
        Checkpoint calldata checkpoint,
        uint64 chunkBase,
        uint32 chunkIndex,
        bytes calldata packets,
        bytes32[] calldata proof
    ) private {
        // 1. This very checkpoint was accepted. All that steers the payout is inside it or proven against it.
        bytes32 commitment = checkpoints[checkpoint.laneId][checkpoint.firstSequence];
        if (commitment == 0) revert GatewayCheckpointUnknown(checkpoint.laneId, checkpoint.firstSequence);
        if (commitment != _commitment(checkpoint, chunkBase)) {
            revert GatewayCheckpointMismatch(checkpoint.laneId, checkpoint.firstSequence);
        }
        // 2. The chunk exists in it.
        uint32 chunks = _chunkCount(checkpoint);
        if (chunkIndex >= chunks) revert GatewayChunkIndexOutOfRange(chunkIndex, chunks);
        // 3. Once. The bit is set before any effect.
        uint64 ordinal = chunkBase + chunkIndex;
        _consume(checkpoint.laneId, ordinal);
        // 4. Exactly the chunk's packets: every chunk is full but the last.
        uint32 skipped = chunkIndex * checkpoint.chunkSize;
        uint256 count = chunkIndex + 1 == chunks ? checkpoint.packetCount - skipped : checkpoint.chunkSize;
        if (packets.length != count * PACKET_BYTES) {
            revert GatewayChunkLengthMismatch(count * PACKET_BYTES, packets.length);
        }
        // 5. The root contains them at this index of this count.
        if (!ChunkTree.verify(checkpoint.root, keccak256(packets), chunkIndex, chunks, proof)) {
            revert GatewayChunkProofInvalid();
        }
        // 6. Effects.
        uint64 firstSequence = checkpoint.firstSequence + skipped;
        uint32 refusedCount = _settleChunk(checkpoint.laneId, firstSequence, packets);
        emit ChunkDelivered(checkpoint.laneId, firstSequence, uint32(count), ordinal, refusedCount);
    }

    function _consume(bytes32 laneId, uint64 ordinal) private {
        uint256 word = deliveredChunks[laneId][ordinal >> 8];
        uint256 bit = 1 << (ordinal & 0xff);
        if (word & bit != 0) revert GatewayChunkAlreadyDelivered(laneId, ordinal);
        deliveredChunks[laneId][ordinal >> 8] = word | bit;
    }

    /// @dev Zero for a chunk size of zero. Never overflows a u32: the sum is taken in 64 bits.
    function _chunkCount(Checkpoint calldata checkpoint) private pure returns (uint32) {
        uint64 size = checkpoint.chunkSize;
        return size == 0 ? 0 : uint32((uint64(checkpoint.packetCount) + size - 1) / size);
    }

    function _commitment(Checkpoint calldata checkpoint, uint64 chunkBase) private pure returns (bytes32) {
        return keccak256(abi.encode(checkpoint, chunkBase));
    }
}

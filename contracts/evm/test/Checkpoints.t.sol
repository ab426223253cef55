// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint} from "../src/GatewayTypes.sol";
import {IGatewayErrors as E} from "../src/IGatewayErrors.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";

/// @dev Order and shape of checkpoints, and delivery of chunks against them.
contract CheckpointsTest is Fixture {
    bytes32[] private none;

    function packets(uint64 first, uint256 count) private pure returns (bytes memory made) {
        for (uint256 i = 0; i < count; i++) {
            made = bytes.concat(made, transferPacket(first + uint64(i), MINTED, 5, account("receiver")));
        }
    }

    function refuse(Checkpoint memory checkpoint, bytes4 selector) private {
        bytes memory signatures = signed(checkpoint);
        expectError(selector);
        gateway.accept(checkpoint, signatures);
    }

    // ---- Order and shape ----

    function test_ATK_att_skipping_and_overlapping() public {
        deliverNow(packets(0, 3));
        Checkpoint memory cp = nextCheckpoint(packets(3, 2));
        cp.firstSequence = 4;
        refuse(cp, E.GatewayCheckpointSkips.selector);
        cp.firstSequence = 2;
        refuse(cp, E.GatewayCheckpointOverlaps.selector);
        cp.firstSequence = 0;
        refuse(cp, E.GatewayCheckpointOverlaps.selector);
    }

    function test_ATK_11_zero_root_and_empty_shapes() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        cp.root = 0;
        refuse(cp, E.GatewayCheckpointMalformed.selector);
        cp = nextCheckpoint(packets(0, 1));
        cp.packetCount = 0;
        refuse(cp, E.GatewayCheckpointMalformed.selector);
        cp = nextCheckpoint(packets(0, 1));
        cp.chunkSize = 0;
        refuse(cp, E.GatewayCheckpointMalformed.selector);
        cp.chunkSize = 513;
        refuse(cp, E.GatewayCheckpointMalformed.selector);
        cp.chunkSize = 1;
        cp.packetCount = 257;
        refuse(cp, E.GatewayCheckpointMalformed.selector);
        cp.packetCount = type(uint32).max;
        cp.chunkSize = 512;
        refuse(cp, E.GatewayCheckpointMalformed.selector);
    }

    function test_ATK_11_nothing_is_accepted_by_default() public {
        Checkpoint memory cp;
        expectError(E.GatewayLaneUnknown.selector);
        gateway.accept(cp, "");
        expectError(E.GatewayCheckpointUnknown.selector);
        gateway.deliver(cp, 0, 0, "", none);
        cp = nextCheckpoint(packets(0, 1));
        expectError(E.GatewayCheckpointUnknown.selector);
        gateway.deliver(cp, 0, 0, packets(0, 1), none);
    }

    function test_chunk_size_of_a_lane_is_bounded_by_its_registration() public {
        vm.prank(owner);
        (, bytes32 lane) = gateway.registerLane("cosmos:remote-3", VAULT, 20, 128);
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        cp.laneId = lane;
        cp.chunkSize = 129;
        refuse(cp, E.GatewayCheckpointMalformed.selector);
        cp.chunkSize = 128;
        gateway.accept(cp, signed(cp));
    }

    // ---- Chunks ----

    function three() private view returns (bytes[] memory chunks, Checkpoint memory cp, bytes32[] memory hashes) {
        chunks = new bytes[](3);
        chunks[0] = packets(0, 2);
        chunks[1] = packets(2, 2);
        chunks[2] = packets(4, 1);
        cp = nextCheckpoint(chunks, 2);
        hashes = Tree.hashes(chunks);
    }

    function test_chunks_in_any_order_and_once() public {
        (bytes[] memory chunks, Checkpoint memory cp, bytes32[] memory hashes) = three();
        gateway.accept(cp, signed(cp));
        gateway.deliver(cp, 0, 2, chunks[2], Tree.proof(hashes, 2));
        gateway.deliver(cp, 0, 0, chunks[0], Tree.proof(hashes, 0));
        bytes32[] memory proof = Tree.proof(hashes, 0);
        expectError(E.GatewayChunkAlreadyDelivered.selector);
        gateway.deliver(cp, 0, 0, chunks[0], proof);
        gateway.deliver(cp, 0, 1, chunks[1], Tree.proof(hashes, 1));
        assertEq(minted.balanceOf(account("receiver")), 25e12, "each packet once");
        assertTrue(gateway.isChunkDelivered(incoming, 0), "bit 0");
        assertTrue(gateway.isChunkDelivered(incoming, 2), "bit 2");
        assertTrue(!gateway.isChunkDelivered(incoming, 3), "bit 3");
    }

    function test_ATK_22_racing_submitters_have_one_effect() public {
        (bytes[] memory chunks, Checkpoint memory cp, bytes32[] memory hashes) = three();
        bytes memory signatures = signed(cp);
        gateway.acceptAndDeliver(cp, 0, signatures, 1, chunks[1], Tree.proof(hashes, 1));
        gateway.acceptAndDeliver(cp, 0, signatures, 0, chunks[0], Tree.proof(hashes, 0));
        bytes32[] memory proof = Tree.proof(hashes, 1);
        expectError(E.GatewayChunkAlreadyDelivered.selector);
        gateway.acceptAndDeliver(cp, 0, signatures, 1, chunks[1], proof);
        expectError(E.GatewayCheckpointOverlaps.selector);
        gateway.accept(cp, signatures);
        assertEq(minted.balanceOf(account("receiver")), 20e12, "four packets");
    }

    function test_ATK_16_fast_path_has_every_check_of_the_slow_one() public {
        (bytes[] memory chunks, Checkpoint memory cp, bytes32[] memory hashes) = three();
        bytes32[] memory proof = Tree.proof(hashes, 0);
        bytes memory signatures = signAll(gateway.checkpointDigest(cp), 1);
        expectError(E.GatewaySignaturesTooFew.selector);
        gateway.acceptAndDeliver(cp, 0, signatures, 0, chunks[0], proof);
        signatures = signed(cp);
        expectError(E.GatewayChunkBaseMismatch.selector);
        gateway.acceptAndDeliver(cp, 1, signatures, 0, chunks[0], proof);
        gateway.accept(cp, signatures);
        // Accepted already: what is delivered must be what was accepted, whatever is signed.
        cp.root = keccak256("another");
        expectError(E.GatewayCheckpointMismatch.selector);
        gateway.acceptAndDeliver(cp, 0, signatures, 0, chunks[0], proof);
        cp.root = Tree.root(hashes);
        expectError(E.GatewayCheckpointMismatch.selector);
        gateway.acceptAndDeliver(cp, 1, signatures, 0, chunks[0], proof);
        expectError(E.GatewayChunkProofInvalid.selector);
        gateway.acceptAndDeliver(cp, 0, signatures, 1, chunks[0], proof);
    }

    function test_ATK_17_index_count_and_proof_bounds() public {
        (bytes[] memory chunks, Checkpoint memory cp, bytes32[] memory hashes) = three();
        gateway.accept(cp, signed(cp));
        bytes32[] memory proof = Tree.proof(hashes, 0);
        expectError(E.GatewayChunkIndexOutOfRange.selector);
        gateway.deliver(cp, 0, 3, chunks[0], proof);
        expectError(E.GatewayChunkIndexOutOfRange.selector);
        gateway.deliver(cp, 0, type(uint32).max, chunks[0], proof);
        expectError(E.GatewayChunkProofInvalid.selector);
        gateway.deliver(cp, 0, 0, chunks[0], none);
        expectError(E.GatewayChunkProofInvalid.selector);
        gateway.deliver(cp, 0, 1, chunks[0], proof);
        bytes32[] memory longer = new bytes32[](proof.length + 1);
        for (uint256 i = 0; i < proof.length; i++) longer[i] = proof[i];
        expectError(E.GatewayChunkProofInvalid.selector);
        gateway.deliver(cp, 0, 0, chunks[0], longer);
    }

    function test_ATK_19_chunk_length_comes_from_the_commitment() public {
        (bytes[] memory chunks, Checkpoint memory cp, bytes32[] memory hashes) = three();
        gateway.accept(cp, signed(cp));
        bytes32[] memory proof = Tree.proof(hashes, 0);
        expectError(E.GatewayChunkLengthMismatch.selector);
        gateway.deliver(cp, 0, 0, packets(0, 1), proof);
        expectError(E.GatewayChunkLengthMismatch.selector);
        gateway.deliver(cp, 0, 0, bytes.concat(chunks[0], hex"00"), proof);
        expectError(E.GatewayChunkLengthMismatch.selector);
        gateway.deliver(cp, 0, 2, chunks[0], proof);
        expectError(E.GatewayChunkLengthMismatch.selector);
        gateway.deliver(cp, 0, 0, "", proof);
    }

    function test_ATK_18_packets_differing_from_the_attested_ones() public {
        (bytes[] memory chunks, Checkpoint memory cp, bytes32[] memory hashes) = three();
        gateway.accept(cp, signed(cp));
        bytes32[] memory proof = Tree.proof(hashes, 0);
        // One byte of each field: kind, sequence, asset, amount, receiver, deadline, reference, sender.
        uint8[8] memory positions = [0, 8, 12, 28, 49, 69, 101, 122];
        for (uint256 i = 0; i < positions.length; i++) {
            bytes memory forged = bytes.concat(chunks[0]);
            forged[positions[i]] = bytes1(uint8(forged[positions[i]]) ^ 1);
            expectError(E.GatewayChunkProofInvalid.selector);
            gateway.deliver(cp, 0, 0, forged, proof);
        }
    }

    function test_sequences_inside_a_chunk_are_checked() public {
        bytes memory body = bytes.concat(packets(0, 1), packets(2, 1));
        Checkpoint memory cp = nextCheckpoint(body);
        gateway.accept(cp, signed(cp));
        expectError(E.GatewaySequenceMismatch.selector);
        gateway.deliver(cp, 0, 0, body, none);
        // The first packet too.
        body = packets(1, 2);
        Checkpoint memory second = nextCheckpoint(body);
        gateway.accept(second, signed(second));
        expectError(E.GatewaySequenceMismatch.selector);
        gateway.deliver(second, 1, 0, body, none);
    }

    function test_ATK_15_unknown_kind_reaches_nothing() public {
        bytes memory body = packets(0, 1);
        body[0] = 0x03;
        Checkpoint memory cp = nextCheckpoint(body);
        gateway.accept(cp, signed(cp));
        expectError(E.GatewayPacketMalformed.selector);
        gateway.deliver(cp, 0, 0, body, none);
    }

    function test_chunk_ordinals_pass_the_word_boundary() public {
        bytes[] memory chunks = new bytes[](256);
        for (uint64 i = 0; i < 256; i++) chunks[i] = packets(i, 1);
        Checkpoint memory cp = nextCheckpoint(chunks, 1);
        gateway.accept(cp, signed(cp));
        gateway.deliver(cp, 0, 255, chunks[255], Tree.proof(Tree.hashes(chunks), 255));
        bytes memory body = packets(256, 1);
        Checkpoint memory second = nextCheckpoint(body);
        gateway.acceptAndDeliver(second, 256, signed(second), 0, body, none);
        assertEq(gateway.deliveredChunks(incoming, 0), 1 << 255, "first word");
        assertEq(gateway.deliveredChunks(incoming, 1), 1, "second word");
    }
}

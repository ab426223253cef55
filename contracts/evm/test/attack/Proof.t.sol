// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChunkTree} from "../../src/ChunkTree.sol";
import {Checkpoint} from "../../src/GatewayTypes.sol";
import {ICheckpointVerifier} from "../../src/ICheckpointVerifier.sol";
import {IGateway} from "../../src/IGateway.sol";
import {IGatewayErrors} from "../../src/IGatewayErrors.sol";
import {PacketCodec} from "../../src/PacketCodec.sol";
import {AttackFixture} from "../support/AttackFixture.sol";
import {Tree} from "../support/Tree.sol";

/// @dev A verifier that says yes to everything.
contract Yes is ICheckpointVerifier {
    function verifyCheckpoint(Checkpoint calldata, bytes calldata) external pure returns (bytes4) {
        return ICheckpointVerifier.verifyCheckpoint.selector;
    }
}

/// @title Attacks on what is proven: bytes, indexes, counts, roots, and what a packet may reach.
contract ProofAttacks is AttackFixture {
    // ---- ATK-10: whose word counts ----

    /// @dev A verifier in the attacker's hands is nobody, whatever carries its address.
    function test_ATK_10_OnlyTheLanesOwnVerifierIsAsked() external {
        address yes = address(new Yes());
        Bundle memory bundle = payment(LOCKED, 5e6, mallory);
        refusedEverywhere(
            bundle,
            abi.encode(yes),
            abi.encodeWithSelector(IGatewayErrors.GatewaySignaturesMalformed.selector, 32)
        );
        refused(
            mallory,
            abi.encodeCall(IGateway.setVerifier, (incoming, yes)),
            abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", mallory)
        );
        // Set on one lane, it says nothing about another.
        vm.startPrank(owner);
        (, bytes32 other) = gateway.registerLane("cosmos:other-1", VAULT, 20, 512);
        gateway.setVerifier(other, yes);
        vm.stopPrank();
        refusedEverywhere(
            bundle, "", abi.encodeWithSelector(IGatewayErrors.GatewaySignaturesTooFew.selector, 2, 0)
        );
    }

    /// @dev ATK-20: a lane whose verifier says yes to everything pays nothing of what other lanes carry.
    function test_ATK_20_ABrokenLaneReachesOnlyItsOwnAssets() external {
        vm.startPrank(owner);
        (, bytes32 other) = gateway.registerLane("cosmos:other-1", VAULT, 20, 512);
        gateway.setVerifier(other, address(new Yes()));
        vm.stopPrank();
        uint256 balance = lockToken.balanceOf(mallory);
        bytes memory packets = bytes.concat(
            transferPacket(0, LOCKED, 5e6, mallory),
            transferPacket(1, NATIVE, 5e9, mallory),
            transferPacket(2, MINTED, 5e6, mallory),
            returnPacket(3, LOCKED, 5e6, mallory)
        );
        Bundle memory bundle = bundleOf(one(packets), 4);
        bundle.checkpoint.laneId = other;
        vm.recordLogs();
        succeeds(mallory, bothCall(bundle, "", 0));
        uint8[] memory reasons = refusals(vm.getRecordedLogs());
        assertEq(reasons.length, 3, "three transfers go back");
        for (uint256 i = 0; i < 3; i++) {
            assertEq(reasons[i], 2, "asset unknown on this lane");
        }
        assertEq(gateway.claimable(LOCKED, mallory), 0, "a return of it is parked");
        assertEq(lockToken.balanceOf(mallory), balance, "nothing paid");
        assertEq(gateway.locked(LOCKED), LOCKED_DEPOSIT, "nothing left");
        assertEq(minted.totalSupply(), 0, "nothing minted");
    }

    // ---- ATK-11: what unset storage looks like ----

    function testFuzz_ATK_11_NothingIsAcceptedByDefault(
        bytes32 laneId,
        uint64 first,
        uint64 base,
        uint32 index,
        bytes32 root
    ) external {
        Bundle memory bundle = payment(LOCKED, 5e6, mallory);
        bundle.checkpoint.laneId = uint256(laneId) % 2 == 0 ? incoming : laneId;
        bundle.checkpoint.firstSequence = first;
        bundle.checkpoint.root = uint256(root) % 3 == 0 ? bytes32(0) : root;
        refusedAsUnknown(bundle.checkpoint, base, index, bundle.chunks[0]);
        Checkpoint memory zero;
        refusedAsUnknown(zero, base, index, "");
    }

    // ---- ATK-12, 17, 18, 19: every byte of a delivery is bound ----

    /// @dev One changed byte anywhere in a call, proof and lengths included: it fails, or it is one of the encoding's
    /// spare bytes and the effect is the honest one.
    function testFuzz_ATK_18_AChangedByteChangesNoPayout(uint256 position, uint8 change, uint8 way) external {
        Bundle memory bundle = payments(LOCKED, 5e6, mallory, 5, 2);
        bytes memory signatures = signed(bundle.checkpoint);
        if (way % 2 == 0) acceptNow(bundle);
        bytes memory call = way % 2 == 0 ? deliverCall(bundle, 1) : bothCall(bundle, signatures, 1);
        uint256 start = vm.snapshotState();
        succeeds(mallory, call);
        bytes32 honest = fingerprint();
        vm.revertToState(start);
        bytes32 before = fingerprint();

        position = 4 + position % (call.length - 4);
        call[position] = bytes1(uint8(call[position]) ^ (change == 0 ? 1 : change));
        vm.prank(mallory);
        (bool success,) = address(gateway).call(call);
        assertEq(fingerprint(), success ? honest : before, "a changed byte changed the outcome");
    }

    /// @dev Count and length come from what was attested, never from the call.
    function test_ATK_19_LengthsAndIndexesAreNotTheCallersChoice() external {
        Bundle memory bundle = payments(LOCKED, 5e6, mallory, 5, 2);
        acceptNow(bundle);
        bytes memory two = bundle.chunks[0];
        bytes memory last = bundle.chunks[2];
        bytes32[] memory proof = proofOf(bundle, 2);
        refusedChunk(bundle, 2, bytes.concat(last, last), proof, lengthError(135, 270));
        refusedChunk(bundle, 2, "", proof, lengthError(135, 0));
        refusedChunk(bundle, 2, bytes.concat(last, hex"00"), proof, lengthError(135, 136));
        refusedChunk(bundle, 0, last, proofOf(bundle, 0), lengthError(270, 135));
        bytes memory invalid = errorOf(IGatewayErrors.GatewayChunkProofInvalid.selector);
        refusedChunk(bundle, 1, two, proofOf(bundle, 0), invalid);
        refusedChunk(bundle, 1, two, proofOf(bundle, 1), invalid);
        refusedChunk(bundle, 2, last, new bytes32[](0), invalid);
        refusedChunk(bundle, 2, last, new bytes32[](1), invalid);
        refusedChunk(bundle, 2, last, longer(proof), invalid);
        for (uint256 i = 0; i < 3; i++) {
            uint32 index = [uint32(3), 256, type(uint32).max][i];
            refusedChunk(
                bundle,
                index,
                last,
                proof,
                abi.encodeWithSelector(IGatewayErrors.GatewayChunkIndexOutOfRange.selector, index, uint32(3))
            );
        }
        // Each field that steers the delivery, changed after the fact.
        bytes memory mismatch =
            abi.encodeWithSelector(IGatewayErrors.GatewayCheckpointMismatch.selector, incoming, uint64(0));
        for (uint256 field = 0; field < 7; field++) {
            Bundle memory forged = abi.decode(abi.encode(bundle), (Bundle));
            if (field == 0) forged.checkpoint.packetCount = 6;
            if (field == 1) forged.checkpoint.packetCount = 4;
            if (field == 2) forged.checkpoint.chunkSize = 1;
            if (field == 3) forged.checkpoint.root = Tree.root(Tree.hashes(one(last)));
            if (field == 4) forged.chunkBase = 1;
            if (field == 5) forged.checkpoint.signerEpoch = 2;
            if (field == 6) forged.checkpoint.sourceHeight++;
            refused(mallory, deliverCall(forged, 0), mismatch);
        }
    }

    /// @dev Every width: a proof is good at its own index and at no other, and with no sibling more or less.
    function test_ATK_17_ProofsOfEveryWidthHoldAtOneIndexOnly() external view {
        for (uint256 count = 1; count <= 24; count++) {
            checkWidth(count, 0, count);
        }
        for (uint256 count = 25; count <= 600; count += 23) {
            checkWidth(count, count - 2, count);
        }
    }

    function test_ATK_17_NodesAreNoLeavesAndZeroLeavesProveNothing() external view {
        bytes32[] memory chunks = leaves(4);
        bytes32 root = Tree.root(chunks);
        bytes32 left = keccak256(
            bytes.concat(
                hex"01", keccak256(bytes.concat(hex"00", chunks[0])), keccak256(bytes.concat(hex"00", chunks[1]))
            )
        );
        bytes32 right = keccak256(
            bytes.concat(
                hex"01", keccak256(bytes.concat(hex"00", chunks[2])), keccak256(bytes.concat(hex"00", chunks[3]))
            )
        );
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = right;
        // A node as a leaf of a narrower tree; the root as the only leaf; nothing at all.
        assertTrue(!this.verify(root, left, 0, 2, proof), "node as leaf");
        assertTrue(!this.verify(root, root, 0, 1, new bytes32[](0)), "root as leaf");
        assertTrue(!this.verify(0, 0, 0, 1, new bytes32[](0)), "zero root");
        assertTrue(!this.verify(root, chunks[0], 0, 0, new bytes32[](0)), "no leaves");
        assertTrue(!this.verify(root, chunks[0], 0, 0, Tree.proof(chunks, 0)), "no leaves");
        assertTrue(!this.verify(root, chunks[0], type(uint256).max, type(uint256).max, proof), "no overflow");
    }

    // ---- ATK-15, 17: what a packet can reach, even one that all signers signed ----

    /// @dev Any bytes as packets, with every signature there is: pays at most what the limit lets out, and no owner,
    /// minter, signer, asset, lane or limit is another one afterwards.
    function testFuzz_ATK_15_NoPacketReachesTheAdministration(bytes32 seed, uint8 size) external {
        uint256 count = 1 + size % 4;
        bytes memory packets;
        for (uint256 i = 0; i < count; i++) {
            bytes memory packet = noise(keccak256(abi.encode(seed, i)), uint64(i));
            packets = bytes.concat(packets, packet);
        }
        bytes32 before = administration();
        uint256 supply = minted.totalSupply();
        Bundle memory bundle = bundleOf(one(packets), uint32(count));
        bytes memory signatures = signed(bundle.checkpoint);
        vm.prank(mallory);
        (bool success, bytes memory answer) = address(gateway).call(bothCall(bundle, signatures, 0));
        assertEq(administration(), before, "a packet reached the administration");
        if (success) {
            assertTrue(minted.totalSupply() - supply <= uint256(CAP / 2) * 1e12, "more than the limit");
        } else {
            bytes4 selector = bytes4(answer);
            assertTrue(
                selector == IGatewayErrors.GatewayPacketMalformed.selector
                    || selector == IGatewayErrors.GatewayLedgerViolated.selector,
                "why a chunk may fail"
            );
        }
    }

    /// @dev Packets addressed to the gateway and its tokens pay nothing and call nothing.
    function test_ATK_15_TheBridgesOwnContractsAreNoReceivers() external {
        address[3] memory targets = [address(gateway), address(minted), address(0)];
        for (uint256 i = 0; i < targets.length; i++) {
            Bundle memory bundle = payment(MINTED, 5e6, targets[i]);
            acceptNow(bundle);
            vm.recordLogs();
            deliverNow(bundle, 0);
            uint8[] memory reasons = refusals(vm.getRecordedLogs());
            assertEq(reasons.length, 1, "refused");
            assertEq(reasons[0], 3, "receiver malformed");
            assertEq(minted.totalSupply(), 0, "nothing minted");
        }
    }

    // ---- Helpers ----

    function refusedAsUnknown(Checkpoint memory checkpoint, uint64 base, uint32 index, bytes memory packets) private {
        refused(
            mallory,
            abi.encodeCall(IGateway.deliver, (checkpoint, base, index, packets, new bytes32[](0))),
            abi.encodeWithSelector(
                IGatewayErrors.GatewayCheckpointUnknown.selector, checkpoint.laneId, checkpoint.firstSequence
            )
        );
    }

    function verify(bytes32 root, bytes32 chunk, uint256 index, uint256 count, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        return ChunkTree.verify(root, chunk, index, count, proof);
    }

    function checkWidth(uint256 count, uint256 from, uint256 to) private view {
        bytes32[] memory chunks = leaves(count);
        bytes32 root = Tree.root(chunks);
        for (uint256 index = from; index < to; index++) {
            bytes32[] memory proof = Tree.proof(chunks, index);
            assertTrue(this.verify(root, chunks[index], index, count, proof), "its own index");
            for (uint256 other = 0; other <= count + 1; other++) {
                if (other != index) {
                    assertTrue(!this.verify(root, chunks[index], other, count, proof), "another index");
                }
            }
            assertTrue(!this.verify(root, chunks[index], index, count, longer(proof)), "a sibling too many");
            assertTrue(!this.verify(root, chunks[index], index + count, count, proof), "beyond the count");
            if (proof.length == 0) continue;
            assembly ("memory-safe") {
                mstore(proof, sub(mload(proof), 1))
            }
            assertTrue(!this.verify(root, chunks[index], index, count, proof), "a sibling too few");
        }
    }

    function leaves(uint256 count) private pure returns (bytes32[] memory chunks) {
        chunks = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            chunks[i] = keccak256(abi.encode("chunk", i));
        }
    }

    function longer(bytes32[] memory proof) private pure returns (bytes32[] memory more) {
        more = new bytes32[](proof.length + 1);
        for (uint256 i = 0; i < proof.length; i++) {
            more[i] = proof[i];
        }
    }

    function refusedChunk(
        Bundle memory bundle,
        uint32 index,
        bytes memory packets,
        bytes32[] memory proof,
        bytes memory expected
    ) private {
        refused(
            mallory,
            abi.encodeCall(IGateway.deliver, (bundle.checkpoint, bundle.chunkBase, index, packets, proof)),
            expected
        );
        refused(
            mallory,
            abi.encodeCall(
                IGateway.acceptAndDeliver, (bundle.checkpoint, bundle.chunkBase, "", index, packets, proof)
            ),
            expected
        );
    }

    function lengthError(uint256 expected, uint256 got) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGatewayErrors.GatewayChunkLengthMismatch.selector, expected, got);
    }

    /// @dev Random bytes, but often with a kind, an asset and a receiver that mean something.
    function noise(bytes32 seed, uint64 sequence) private view returns (bytes memory packet) {
        uint256 dice = uint256(seed);
        address[6] memory places =
            [mallory, address(gateway), address(minted), address(lockToken), owner, address(uint160(dice))];
        PacketCodec.Packet memory made;
        made.kind = dice % 8 == 0 ? uint8(dice >> 8) : uint8(1 + (dice >> 8) % 2);
        made.sequence = sequence;
        made.assetId = (dice >> 16) % 8 == 0 ? uint32(dice >> 24) : uint32((dice >> 24) % 6);
        made.amount = uint128(dice >> 56) >> uint8(dice >> 48) % 128;
        made.receiverLength = (dice >> 184) % 8 == 0 ? uint8(dice >> 192) : 20;
        made.receiver = bytes32(bytes20(places[(dice >> 200) % 6]));
        made.sourceReference = seed;
        made.senderLength = (dice >> 208) % 8 == 0 ? uint8(dice >> 216) : 20;
        made.sender = keccak256(abi.encode(seed));
        packet = PacketCodec.encode(made);
    }

    function administration() private view returns (bytes32 hash) {
        hash = keccak256(
            abi.encode(
                gateway.owner(),
                look(abi.encodeWithSignature("pendingOwner()")),
                gateway.guardians(guardian),
                gateway.guardians(mallory),
                gateway.paused()
            )
        );
        hash = keccak256(
            abi.encode(
                hash,
                gateway.signerEpoch(),
                gateway.signerSetHash(),
                gateway.verifiers(incoming),
                minted.gateway(),
                coarse.gateway(),
                address(gateway).code
            )
        );
        for (uint32 assetId = 0; assetId < 6; assetId++) {
            (,, uint64 window, uint128 capacity) = gateway.limits(assetId);
            hash = keccak256(
                abi.encode(
                    hash,
                    look(abi.encodeCall(IGateway.assets, (assetId))),
                    look(abi.encodeCall(IGateway.laneAssets, (outgoing, assetId))),
                    window,
                    capacity
                )
            );
        }
    }
}

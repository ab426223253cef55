// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeployedGateway} from "./support/DeployedGateway.sol";
import {Checkpoint, SignerSet} from "../src/GatewayTypes.sol";
import {ICheckpointVerifier} from "../src/ICheckpointVerifier.sol";
import {IGatewayErrors as E} from "../src/IGatewayErrors.sol";
import {Fixture} from "./support/Fixture.sol";
import {RootVerifier} from "./mocks/Verifiers.sol";

/// @dev Who may say that a checkpoint is true: signatures, verifiers, rotation.
contract AttestationTest is Fixture {
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
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

    // ---- Attestation ----

    function test_two_of_three_are_enough_and_stored() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 2));
        gateway.accept(cp, signed(cp));
        assertEq(gateway.checkpoints(incoming, 0), keccak256(abi.encode(cp, uint64(0))), "commitment");
        assertEq(nextIn(), 2, "accepted sequence");
        assertEq(acceptedChunks(), 1, "accepted chunks");
    }

    function test_three_signatures_are_fine_too() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        gateway.accept(cp, signAll(gateway.checkpointDigest(cp), 3));
        assertEq(nextIn(), 1, "accepted");
    }

    function test_ATK_att_too_few_signatures() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        bytes32 digest = gateway.checkpointDigest(cp);
        bytes memory signatures = signAll(digest, 1);
        expectError(E.GatewaySignaturesTooFew.selector);
        gateway.accept(cp, signatures);
        expectError(E.GatewaySignaturesTooFew.selector);
        gateway.accept(cp, "");
    }

    function test_ATK_att_duplicate_signer() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        bytes memory once = signBy(gateway.checkpointDigest(cp), keys[0]);
        expectError(E.GatewaySignerDuplicate.selector);
        gateway.accept(cp, bytes.concat(once, once));
    }

    function test_ATK_att_unsorted_signers() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        bytes32 digest = gateway.checkpointDigest(cp);
        bytes memory signatures = bytes.concat(signBy(digest, keys[1]), signBy(digest, keys[0]));
        expectError(E.GatewaySignersUnsorted.selector);
        gateway.accept(cp, signatures);
    }

    function test_ATK_04_unknown_signer_has_no_authority() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        keys = sortedKeys("stranger", 3);
        bytes memory signatures = signed(cp);
        expectError(E.GatewaySignerUnknown.selector);
        gateway.accept(cp, signatures);
    }

    function test_ATK_att_high_s_and_malformed_signatures() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        bytes32 digest = gateway.checkpointDigest(cp);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], digest);
        bytes memory high = abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        bytes memory second = signBy(digest, keys[1]);
        expectError(E.GatewaySignatureInvalid.selector);
        gateway.accept(cp, bytes.concat(high, second));
        expectError(E.GatewaySignatureInvalid.selector);
        gateway.accept(cp, new bytes(130));
        expectError(E.GatewaySignaturesMalformed.selector);
        gateway.accept(cp, bytes.concat(second, second, hex"00"));
        expectError(E.GatewaySignaturesMalformed.selector);
        gateway.accept(cp, new bytes(65 * 33));
    }

    function test_ATK_att_wrong_epoch_and_wrong_set() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        cp.signerEpoch = 2;
        refuse(cp, E.GatewayEpochMismatch.selector);
        cp.signerEpoch = 1;
        cp.signerSetHash = keccak256("another set");
        refuse(cp, E.GatewaySignerSetMismatch.selector);
    }

    function test_ATK_33_another_chain_id() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        bytes memory signatures = signed(cp);
        vm.chainId(999);
        vm.expectRevert();
        gateway.accept(cp, signatures);
    }

    function test_ATK_33_another_gateway() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        bytes memory signatures = signed(cp);
        DeployedGateway other = deployGateway(owner, signerSet(1, 2, keys));
        expectError(E.GatewayLaneUnknown.selector);
        other.accept(cp, signatures);
        // The same lane under the other's own id: signed for the first, it means nothing here.
        vm.prank(owner);
        (, cp.laneId) = other.registerLane(REMOTE, VAULT, 20, 512);
        vm.expectRevert();
        other.accept(cp, signatures);
    }

    function test_ATK_33_another_lane() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        bytes memory signatures = signed(cp);
        vm.prank(owner);
        (, cp.laneId) = gateway.registerLane("cosmos:remote-2", VAULT, 20, 512);
        vm.expectRevert();
        gateway.accept(cp, signatures);
        cp.laneId = outgoing;
        expectError(E.GatewayLaneUnknown.selector);
        gateway.accept(cp, signatures);
    }

    function test_ATK_20_unregistered_lane() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        cp.laneId = keccak256("my own chain");
        refuse(cp, E.GatewayLaneUnknown.selector);
    }

    function test_ATK_18_every_field_is_signed() public {
        bytes memory body = packets(0, 2);
        Checkpoint memory cp = nextCheckpoint(body);
        bytes memory signatures = signed(cp);
        for (uint256 field = 0; field < 6; field++) {
            Checkpoint memory bad = nextCheckpoint(body);
            if (field == 0) bad.manifestHash = keccak256("x");
            if (field == 1) bad.packetCount = 3;
            if (field == 2) bad.chunkSize = 1;
            if (field == 3) bad.root = keccak256("x");
            if (field == 4) bad.sourceHeight = 1;
            if (field == 5) bad.sourceBlockHash = keccak256("x");
            vm.expectRevert();
            gateway.accept(bad, signatures);
        }
        gateway.accept(cp, signatures);
    }

    // ---- Verifier ----

    function test_ATK_10_verifier_counts_only_where_the_owner_set_it() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        RootVerifier verifier = new RootVerifier(cp.root, ICheckpointVerifier.verifyCheckpoint.selector);
        expectError(bytes4(keccak256("OwnableUnauthorizedAccount(address)")));
        gateway.setVerifier(incoming, address(verifier));
        vm.prank(owner);
        gateway.setVerifier(incoming, address(verifier));
        // Its answer is about this checkpoint, and signatures no longer matter.
        Checkpoint memory other = nextCheckpoint(packets(0, 2));
        bytes memory signatures = signed(other);
        expectError(E.GatewayVerifierRefused.selector);
        gateway.accept(other, signatures);
        gateway.accept(cp, "");
        assertEq(nextIn(), 1, "accepted");
    }

    function test_ATK_10_any_answer_but_the_magic_refuses() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        RootVerifier verifier = new RootVerifier(cp.root, bytes4(uint32(1)));
        vm.startPrank(owner);
        gateway.setVerifier(incoming, address(verifier));
        vm.stopPrank();
        expectError(E.GatewayVerifierRefused.selector);
        gateway.accept(cp, "");
        // No code, no verifier: an empty account answers every call with success.
        vm.startPrank(owner);
        expectError(E.GatewayVerifierInvalid.selector);
        gateway.setVerifier(incoming, address(0xdead));
        // Back to signatures.
        gateway.setVerifier(incoming, address(0));
        vm.stopPrank();
        gateway.accept(cp, signed(cp));
    }

    function test_ATK_16_verifier_lane_keeps_every_other_rule() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        RootVerifier verifier = new RootVerifier(cp.root, ICheckpointVerifier.verifyCheckpoint.selector);
        vm.prank(owner);
        gateway.setVerifier(incoming, address(verifier));
        cp.firstSequence = 5;
        expectError(E.GatewayCheckpointSkips.selector);
        gateway.accept(cp, "");
        cp.firstSequence = 0;
        cp.signerEpoch = 9;
        expectError(E.GatewayEpochMismatch.selector);
        gateway.accept(cp, "");
    }

    // ---- Rotation ----

    function test_ATK_02_threshold_and_set_invariants() public {
        uint256[] memory four = sortedKeys("four", 4);
        refuseSet(signerSet(1, 0, keys));
        refuseSet(signerSet(1, 1, keys));
        refuseSet(signerSet(1, 4, keys));
        refuseSet(signerSet(1, 2, four));
        refuseSet(signerSet(0, 2, keys));
        refuseSet(signerSet(1, 1, new uint256[](0)));
        refuseSet(signerSet(1, 17, sortedKeys("many", 33)));
        SignerSet memory set = signerSet(1, 2, keys);
        (set.members[0], set.members[1]) = (set.members[1], set.members[0]);
        refuseSet(set);
        set = signerSet(1, 2, keys);
        set.members[1] = set.members[0];
        refuseSet(set);
        set = signerSet(1, 2, keys);
        set.members[0] = address(0);
        refuseSet(set);
        deployGateway(owner, signerSet(1, 3, four));
    }

    function refuseSet(SignerSet memory set) private {
        try this.deployExternal(set) {
            assertTrue(false, "deployed");
        } catch {}
    }

    function deployExternal(SignerSet memory set) external {
        // The constructor's reason does not come through deployCode; that it reverts is the point.
        deployGateway(owner, set);
    }

    function test_ATK_02_rotation_needs_a_valid_set() public {
        SignerSet memory next = signerSet(2, 1, keys);
        bytes memory signatures = signAll(gateway.signerSetDigest(next), 2);
        expectError(E.GatewaySignerSetInvalid.selector);
        gateway.rotateSigners(next, signatures);
    }

    function test_ATK_01_rotation_revokes_the_old_set_at_once() public {
        Checkpoint memory cp = nextCheckpoint(packets(0, 1));
        bytes memory oldSignatures = signed(cp);
        uint256[] memory nextKeys = sortedKeys("next", 5);
        SignerSet memory next = signerSet(2, 4, nextKeys);
        gateway.rotateSigners(next, signAll(gateway.signerSetDigest(next), 2));
        assertEq(gateway.signerEpoch(), 2, "epoch");
        assertEq(gateway.signerThreshold(), 4, "threshold");
        // What the old set signed before counts no more, nor does what it signs now.
        expectError(E.GatewayEpochMismatch.selector);
        gateway.accept(cp, oldSignatures);
        cp = nextCheckpoint(packets(0, 1));
        bytes memory signatures = signAll(gateway.checkpointDigest(cp), 3);
        expectError(E.GatewaySignaturesTooFew.selector);
        gateway.accept(cp, signatures);
        bytes memory four = bytes.concat(signatures, signBy(gateway.checkpointDigest(cp), nextKeys[0]));
        vm.expectRevert();
        gateway.accept(cp, four);
        keys = nextKeys;
        gateway.accept(cp, signAll(gateway.checkpointDigest(cp), 4));
    }

    function test_ATK_01_rotation_by_a_retired_or_foreign_set_is_refused() public {
        uint256[] memory nextKeys = sortedKeys("next", 3);
        SignerSet memory next = signerSet(2, 2, nextKeys);
        bytes memory byStrangers =
            bytes.concat(signBy(gateway.signerSetDigest(next), nextKeys[0]), signBy(gateway.signerSetDigest(next), nextKeys[1]));
        expectError(E.GatewaySignerUnknown.selector);
        gateway.rotateSigners(next, byStrangers);
        bytes memory statement = signAll(gateway.signerSetDigest(next), 2);
        gateway.rotateSigners(next, statement);
        // Replayed.
        expectError(E.GatewayEpochMismatch.selector);
        gateway.rotateSigners(next, statement);
        // A third set signed by the first.
        SignerSet memory third = signerSet(3, 2, keys);
        bytes memory byRetired = signAll(gateway.signerSetDigest(third), 2);
        expectError(E.GatewaySignerUnknown.selector);
        gateway.rotateSigners(third, byRetired);
        third.epoch = 4;
        expectError(E.GatewayEpochMismatch.selector);
        gateway.rotateSigners(third, byRetired);
    }

    function test_ATK_01_accepted_chunks_stay_deliverable_after_a_rotation() public {
        bytes memory body = packets(0, 2);
        Checkpoint memory cp = nextCheckpoint(body);
        gateway.accept(cp, signed(cp));
        SignerSet memory next = signerSet(2, 2, sortedKeys("next", 3));
        gateway.rotateSigners(next, signAll(gateway.signerSetDigest(next), 2));
        gateway.deliver(cp, 0, 0, body, none);
        assertEq(minted.balanceOf(account("receiver")), 10e12, "paid");
    }
}

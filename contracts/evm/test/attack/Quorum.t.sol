// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignerSet} from "../../src/GatewayTypes.sol";
import {IGateway} from "../../src/IGateway.sol";
import {IGatewayErrors} from "../../src/IGatewayErrors.sol";
import {AttackFixture} from "../support/AttackFixture.sol";
import {DeployedGateway} from "../support/DeployedGateway.sol";

/// @title Attacks on who may attest, each through every way in.
contract QuorumAttacks is AttackFixture {
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /// @dev ATK-16: an express path with fewer checks than the slow one. Every forgery meets the same error in all.
    function test_ATK_16_EveryWayInHasTheSameChecks() external {
        Bundle memory honest = payments(LOCKED, 5e6, mallory, 4, 2);
        bytes32 laneId = honest.checkpoint.laneId;

        Bundle memory forged = copyOf(honest);
        forged.checkpoint.laneId = keccak256("another lane");
        refusedAsSigned(forged, abi.encodeWithSelector(IGatewayErrors.GatewayLaneUnknown.selector, forged.checkpoint.laneId));
        // A lane of this gateway, but one that leaves.
        forged.checkpoint.laneId = outgoing;
        refusedAsSigned(forged, abi.encodeWithSelector(IGatewayErrors.GatewayLaneUnknown.selector, outgoing));

        forged = copyOf(honest);
        forged.checkpoint.root = 0;
        refusedAsSigned(forged, errorOf(IGatewayErrors.GatewayCheckpointMalformed.selector));
        forged = copyOf(honest);
        forged.checkpoint.packetCount = 0;
        refusedAsSigned(forged, errorOf(IGatewayErrors.GatewayCheckpointMalformed.selector));
        forged = copyOf(honest);
        forged.checkpoint.chunkSize = 0;
        refusedAsSigned(forged, errorOf(IGatewayErrors.GatewayCheckpointMalformed.selector));
        forged.checkpoint.chunkSize = 513;
        refusedAsSigned(forged, errorOf(IGatewayErrors.GatewayCheckpointMalformed.selector));
        forged.checkpoint.chunkSize = 1;
        forged.checkpoint.packetCount = 257;
        refusedAsSigned(forged, errorOf(IGatewayErrors.GatewayCheckpointMalformed.selector));
        forged.checkpoint.packetCount = type(uint32).max;
        refusedAsSigned(forged, errorOf(IGatewayErrors.GatewayCheckpointMalformed.selector));

        for (uint64 epoch = 0; epoch < 4; epoch++) {
            if (epoch == honest.checkpoint.signerEpoch) continue;
            forged = copyOf(honest);
            forged.checkpoint.signerEpoch = epoch;
            refusedAsSigned(
                forged, abi.encodeWithSelector(IGatewayErrors.GatewayEpochMismatch.selector, uint64(1), epoch)
            );
        }
        forged = copyOf(honest);
        forged.checkpoint.signerSetHash = 0;
        refusedAsSigned(
            forged,
            abi.encodeWithSelector(
                IGatewayErrors.GatewaySignerSetMismatch.selector, gateway.signerSetHash(), bytes32(0)
            )
        );
        forged = copyOf(honest);
        forged.checkpoint.firstSequence = 3;
        refusedAsSigned(
            forged, abi.encodeWithSelector(IGatewayErrors.GatewayCheckpointSkips.selector, uint64(0), uint64(3))
        );

        // And the honest one passes, so the refusals above had their reason.
        acceptNow(honest);
        assertTrue(gateway.checkpoints(laneId, 0) != 0, "the honest checkpoint");
    }

    function test_ATK_04_EverySignatureListButAGoodOneIsRefused() external {
        Bundle memory honest = payment(LOCKED, 5e6, mallory);
        bytes32 digest = gateway.checkpointDigest(honest.checkpoint);
        bytes[3] memory by = [signBy(digest, keys[0]), signBy(digest, keys[1]), signBy(digest, keys[2])];
        uint256[] memory strangers = sortedKeys("stranger", 3);

        refusedEverywhere(honest, "", tooFew(0));
        refusedEverywhere(honest, by[0], tooFew(1));
        refusedEverywhere(honest, bytes.concat(by[0], hex"00"), malformed(66));
        refusedEverywhere(honest, new bytes(64), malformed(64));
        refusedEverywhere(honest, new bytes(33 * 65), malformed(33 * 65));
        refusedEverywhere(honest, new bytes(130), invalid(0));
        refusedEverywhere(honest, bytes.concat(by[0], new bytes(65)), invalid(1));
        refusedEverywhere(
            honest,
            bytes.concat(by[1], by[1]),
            abi.encodeWithSelector(IGatewayErrors.GatewaySignerDuplicate.selector, vm.addr(keys[1]))
        );
        refusedEverywhere(honest, bytes.concat(by[2], by[0]), unsorted(1));
        // A duplicate that hides behind another signer is out of order.
        refusedEverywhere(honest, bytes.concat(by[0], by[1], by[0]), unsorted(2));
        refusedEverywhere(
            honest,
            bytes.concat(signBy(digest, strangers[0]), signBy(digest, strangers[1])),
            abi.encodeWithSelector(IGatewayErrors.GatewaySignerUnknown.selector, vm.addr(strangers[0]))
        );
        // Enough members do not make up for a stranger among them.
        (bytes memory mixed, address stranger) = withStranger(digest, strangers[0], by);
        refusedEverywhere(
            honest, mixed, abi.encodeWithSelector(IGatewayErrors.GatewaySignerUnknown.selector, stranger)
        );
        // Signed, but not this.
        bytes memory other = signAll(keccak256("another statement"), 2);
        (bool known,) = address(gateway).call(acceptCall(honest, other));
        assertTrue(!known, "signatures of another statement");
    }

    /// @dev The second form of each signature, and the recovery bits that libraries also write.
    function test_ATK_ATT_MalleableSignaturesAreRefused() external {
        Bundle memory honest = payment(LOCKED, 5e6, mallory);
        bytes32 digest = gateway.checkpointDigest(honest.checkpoint);
        bytes memory second = signBy(digest, keys[1]);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], digest);
        bytes32 highS = bytes32(CURVE_ORDER - uint256(s));
        refusedEverywhere(honest, bytes.concat(abi.encodePacked(r, highS, v == 27 ? uint8(28) : uint8(27)), second), invalid(0));
        for (uint256 i = 0; i < 6; i++) {
            uint8 wrong = [uint8(0), 1, 2, 26, 29, 255][i];
            refusedEverywhere(honest, bytes.concat(abi.encodePacked(r, s, wrong), second), invalid(0));
        }
        refusedEverywhere(honest, bytes.concat(abi.encodePacked(bytes32(0), s, v), second), invalid(0));
        refusedEverywhere(honest, bytes.concat(abi.encodePacked(bytes32(CURVE_ORDER), s, v), second), invalid(0));
        refusedEverywhere(honest, bytes.concat(abi.encodePacked(r, bytes32(0), v), second), invalid(0));
    }

    /// @dev ATK-33: signatures for another chain, gateway, lane or kind of statement; each is good where it belongs.
    function test_ATK_33_SignaturesBelongToOneChainAndOneGateway() external {
        Bundle memory honest = payment(LOCKED, 5e6, mallory);
        bytes memory here = signed(honest.checkpoint);
        uint256 home = 31337;
        DeployedGateway twin = deployGateway(owner, signerSet(1, 2, keys));
        bytes32[3] memory foreign;
        foreign[0] = twin.checkpointDigest(honest.checkpoint);
        vm.chainId(home + 1);
        foreign[1] = gateway.checkpointDigest(honest.checkpoint);
        // A fork with another id: what was signed before the fork counts on one side only.
        refusedAsRecovered(honest, here, gateway.checkpointDigest(honest.checkpoint));
        vm.chainId(home);
        SignerSet memory next = signerSet(2, 2, sortedKeys("next", 3));
        foreign[2] = gateway.signerSetDigest(next);
        for (uint256 i = 0; i < foreign.length; i++) {
            refusedAsRecovered(honest, signAll(foreign[i], 2), gateway.checkpointDigest(honest.checkpoint));
        }
        // A rotation signed for the twin, or for the other side of a fork.
        bytes memory forTwin = signAll(twin.signerSetDigest(next), 2);
        refusedRotation(next, forTwin);
        vm.chainId(home + 1);
        bytes memory forFork = signAll(gateway.signerSetDigest(next), 2);
        vm.chainId(home);
        refusedRotation(next, forFork);
        acceptNow(honest);
    }

    function test_ATK_01_RetiredSignersAreRefusedEverywhere() external {
        Bundle memory prepared = payment(LOCKED, 5e6, mallory);
        bytes memory old = signed(prepared.checkpoint);
        uint256[] memory nextKeys = sortedKeys("next", 3);
        SignerSet memory next = signerSet(2, 2, nextKeys);
        gateway.rotateSigners(next, signAll(gateway.signerSetDigest(next), 2));
        // 1. Signed before the rotation, brought after it.
        bytes memory wrongEpoch =
            abi.encodeWithSelector(IGatewayErrors.GatewayEpochMismatch.selector, uint64(2), uint64(1));
        refusedEverywhere(prepared, old, wrongEpoch);
        // 2. The old set signs for the new epoch.
        Bundle memory current = payment(LOCKED, 5e6, mallory);
        bytes memory unknown =
            abi.encodeWithSelector(IGatewayErrors.GatewaySignerUnknown.selector, vm.addr(keys[0]));
        refusedEverywhere(current, signed(current.checkpoint), unknown);
        // 3. The old set cannot rotate itself back in.
        SignerSet memory back = signerSet(3, 2, keys);
        refused(
            mallory,
            abi.encodeCall(IGateway.rotateSigners, (back, signAll(gateway.signerSetDigest(back), 2))),
            unknown
        );
        // 4. The same rotation again.
        keys = nextKeys;
        refused(
            mallory,
            abi.encodeCall(IGateway.rotateSigners, (next, signAll(gateway.signerSetDigest(next), 2))),
            abi.encodeWithSelector(IGatewayErrors.GatewayEpochMismatch.selector, uint64(3), uint64(2))
        );
    }

    function test_ATK_ATT_RangesNeverOverlapOrSkip() external {
        Bundle memory first = payments(LOCKED, 5e6, mallory, 6, 2);
        acceptNow(first);
        for (uint64 start = 0; start < 12; start++) {
            if (start == 6) continue;
            Bundle memory forged = payments(LOCKED, 7e6, mallory, 6, 2);
            forged.checkpoint.firstSequence = start;
            bytes4 selector = start < 6
                ? IGatewayErrors.GatewayCheckpointOverlaps.selector
                : IGatewayErrors.GatewayCheckpointSkips.selector;
            bytes memory signatures = signed(forged.checkpoint);
            bytes memory expected = abi.encodeWithSelector(selector, uint64(6), start);
            refused(mallory, acceptCall(forged, signatures), expected);
            // Where a checkpoint starts already, the short cut delivers: and finds that it is not this one.
            if (start == 0) {
                expected =
                    abi.encodeWithSelector(IGatewayErrors.GatewayCheckpointMismatch.selector, incoming, uint64(0));
            }
            refused(mallory, bothCall(forged, signatures, 0), expected);
        }
    }

    /// @dev ATK-02: a gateway whose storage was never set, as an upgrade that skips its initialiser would leave it.
    function test_ATK_02_UninitialisedStorageAcceptsNothing() external {
        Bundle memory bundle = payment(LOCKED, 5e6, mallory);
        Bundle memory zero = copyOf(bundle);
        zero.checkpoint.signerEpoch = 0;
        zero.checkpoint.signerSetHash = 0;
        bytes memory signatures = signed(bundle.checkpoint);
        address empty = address(0xe);
        vm.etch(empty, address(gateway).code);
        bytes memory unknownLane = abi.encodeWithSelector(IGatewayErrors.GatewayLaneUnknown.selector, incoming);
        bytes memory unknownCheckpoint =
            abi.encodeWithSelector(IGatewayErrors.GatewayCheckpointUnknown.selector, incoming, uint64(0));
        failsAt(empty, acceptCall(bundle, signatures), unknownLane);
        failsAt(empty, acceptCall(zero, ""), unknownLane);
        failsAt(empty, bothCall(bundle, signatures, 0), unknownLane);
        failsAt(empty, bothCall(zero, "", 0), unknownLane);
        failsAt(empty, deliverCall(zero, 0), unknownCheckpoint);
        failsAt(empty, sendCall(LOCKED, 5), abi.encodeWithSelector(IGatewayErrors.GatewayLaneUnknown.selector, outgoing));
        failsAt(
            empty,
            abi.encodeCall(IGateway.claim, (LOCKED, mallory)),
            abi.encodeWithSelector(IGatewayErrors.GatewayNothingToClaim.selector, LOCKED, address(this))
        );
        SignerSet memory none;
        none.epoch = 1;
        failsAt(
            empty,
            abi.encodeCall(IGateway.rotateSigners, (none, "")),
            abi.encodeWithSelector(IGatewayErrors.GatewaySignaturesTooFew.selector, 0, 0)
        );
    }

    /// @dev The Ronin loss of 2024: an upgrade left the weight at zero. Here nothing installs it; were it there, nothing
    /// would pass either. Slot 2 holds the epoch (low 8 bytes) and the threshold (the 4 above).
    function test_ATK_02_AThresholdOfZeroLetsNothingThrough() external {
        Bundle memory bundle = payment(LOCKED, 5e6, mallory);
        vm.store(address(gateway), bytes32(uint256(2)), bytes32(uint256(gateway.signerEpoch())));
        assertEq(gateway.signerThreshold(), 0, "threshold");
        bytes memory tooFew = abi.encodeWithSelector(IGatewayErrors.GatewaySignaturesTooFew.selector, 0, 0);
        refused(mallory, acceptCall(bundle, ""), tooFew);
        refused(mallory, bothCall(bundle, "", 0), tooFew);
    }

    /// @dev ATK-02 and ATK-03: sets that would weaken the quorum, at deployment and by a rotation the quorum signed.
    function testFuzz_ATK_02_NoSetBelowAMajorityIsEverInstalled(uint32 threshold, uint8 size) external {
        uint256[] memory members = sortedKeys("next", size % 34);
        SignerSet memory next = signerSet(2, threshold % 36, members);
        bool sound = members.length > 0 && members.length <= 32 && next.threshold <= members.length
            && next.threshold * 2 > members.length;
        bytes memory call =
            abi.encodeCall(IGateway.rotateSigners, (next, signAll(gateway.signerSetDigest(next), 2)));
        if (sound) {
            succeeds(mallory, call);
            assertEq(gateway.signerThreshold(), next.threshold, "threshold");
        } else {
            refused(mallory, call, errorOf(IGatewayErrors.GatewaySignerSetInvalid.selector));
        }
    }

    // ---- Helpers ----

    function refusedAsSigned(Bundle memory forged, bytes memory expected) private {
        refusedEverywhere(forged, signed(forged.checkpoint), expected);
    }

    /// @dev Signatures of another digest recover to accounts that nobody knows; which, only the curve knows.
    function refusedAsRecovered(Bundle memory bundle, bytes memory signatures, bytes32 digest) private {
        (address first, address second) = recovered(signatures, digest);
        bytes memory expected = first == address(0)
            ? invalid(0)
            : abi.encodeWithSelector(IGatewayErrors.GatewaySignerUnknown.selector, first);
        assertTrue(first != second, "distinct");
        refusedEverywhere(bundle, signatures, expected);
    }

    function refusedRotation(SignerSet memory next, bytes memory signatures) private {
        (address first,) = recovered(signatures, gateway.signerSetDigest(next));
        refused(
            mallory,
            abi.encodeCall(IGateway.rotateSigners, (next, signatures)),
            abi.encodeWithSelector(IGatewayErrors.GatewaySignerUnknown.selector, first)
        );
    }

    function recovered(bytes memory signatures, bytes32 digest) private pure returns (address first, address second) {
        (bytes32 r, bytes32 s, uint8 v) = parts(signatures, 0);
        first = ecrecover(digest, v, r, s);
        (r, s, v) = parts(signatures, 65);
        second = ecrecover(digest, v, r, s);
    }

    function parts(bytes memory signatures, uint256 offset) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            let start := add(add(signatures, 0x20), offset)
            r := mload(start)
            s := mload(add(start, 0x20))
            v := byte(0, mload(add(start, 0x40)))
        }
    }

    function failsAt(address target, bytes memory data, bytes memory expected) private {
        (bool success, bytes memory answer) = target.call(data);
        assertTrue(!success, "an empty gateway did something");
        assertEq(answer, expected, "reason of the refusal");
    }

    /// @dev The three members' signatures with the stranger's at its place in the order.
    function withStranger(bytes32 digest, uint256 key, bytes[3] memory by)
        private
        view
        returns (bytes memory signatures, address stranger)
    {
        stranger = vm.addr(key);
        bool placed = false;
        for (uint256 i = 0; i < 3; i++) {
            if (!placed && stranger < vm.addr(keys[i])) {
                signatures = bytes.concat(signatures, signBy(digest, key));
                placed = true;
            }
            signatures = bytes.concat(signatures, by[i]);
        }
        if (!placed) signatures = bytes.concat(signatures, signBy(digest, key));
    }

    function copyOf(Bundle memory bundle) private pure returns (Bundle memory) {
        return abi.decode(abi.encode(bundle), (Bundle));
    }

    function tooFew(uint256 got) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGatewayErrors.GatewaySignaturesTooFew.selector, 2, got);
    }

    function malformed(uint256 length) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGatewayErrors.GatewaySignaturesMalformed.selector, length);
    }

    function invalid(uint256 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGatewayErrors.GatewaySignatureInvalid.selector, index);
    }

    function unsorted(uint256 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGatewayErrors.GatewaySignersUnsorted.selector, index);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint} from "../../src/GatewayTypes.sol";
import {IGateway} from "../../src/IGateway.sol";
import {IGatewayErrors} from "../../src/IGatewayErrors.sol";
import {Fixture} from "./Fixture.sol";
import {Tree} from "./Tree.sol";

/// @title A gateway worth robbing, and a judge: an attack counts as refused when the call fails with exactly the error
/// that is meant for it, and nothing that can be seen has changed.
abstract contract AttackFixture is Fixture {
    uint256 internal constant LOCKED_DEPOSIT = 500_000e6;
    uint256 internal constant NATIVE_DEPOSIT = 5_000 ether;

    address internal mallory = address(0xbad);

    /// @dev A checkpoint with what it is made of.
    struct Bundle {
        Checkpoint checkpoint;
        uint64 chunkBase;
        bytes[] chunks;
    }

    function setUp() public virtual override {
        super.setUp();
        fund(LOCKED_DEPOSIT, NATIVE_DEPOSIT);
        vm.deal(mallory, 1 ether);
    }

    // ---- What arrives ----

    function bundleOf(bytes[] memory chunks, uint32 chunkSize) internal view returns (Bundle memory) {
        return Bundle({checkpoint: nextCheckpoint(chunks, chunkSize), chunkBase: acceptedChunks(), chunks: chunks});
    }

    /// @dev One packet that pays, or returns, the amount.
    function payment(uint32 assetId, uint128 amount, address receiver) internal view returns (Bundle memory) {
        return bundleOf(one(transferPacket(nextIn(), assetId, amount, receiver)), 1);
    }

    function returned(uint32 assetId, uint128 amount, address receiver) internal view returns (Bundle memory) {
        return bundleOf(one(returnPacket(nextIn(), assetId, amount, receiver)), 1);
    }

    /// @dev The same payment `count` times, in chunks of `chunkSize`.
    function payments(uint32 assetId, uint128 amount, address receiver, uint64 count, uint32 chunkSize)
        internal
        view
        returns (Bundle memory)
    {
        bytes[] memory chunks = new bytes[]((count + chunkSize - 1) / chunkSize);
        uint64 first = nextIn();
        for (uint64 i = 0; i < count; i++) {
            chunks[i / chunkSize] =
                bytes.concat(chunks[i / chunkSize], transferPacket(first + i, assetId, amount, receiver));
        }
        return bundleOf(chunks, chunkSize);
    }

    function proofOf(Bundle memory bundle, uint32 index) internal pure returns (bytes32[] memory) {
        return Tree.proof(Tree.hashes(bundle.chunks), index);
    }

    function acceptNow(Bundle memory bundle) internal {
        gateway.accept(bundle.checkpoint, signed(bundle.checkpoint));
    }

    function deliverNow(Bundle memory bundle, uint32 index) internal {
        succeeds(mallory, deliverCall(bundle, index));
    }

    // ---- Calls as bytes, so that each can be made to fail, and made from inside another ----

    function acceptCall(Bundle memory bundle, bytes memory signatures) internal pure returns (bytes memory) {
        return abi.encodeCall(IGateway.accept, (bundle.checkpoint, signatures));
    }

    function deliverCall(Bundle memory bundle, uint32 index) internal pure returns (bytes memory) {
        return abi.encodeCall(
            IGateway.deliver,
            (bundle.checkpoint, bundle.chunkBase, index, bundle.chunks[index], proofOf(bundle, index))
        );
    }

    function bothCall(Bundle memory bundle, bytes memory signatures, uint32 index)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(
            IGateway.acceptAndDeliver,
            (bundle.checkpoint, bundle.chunkBase, signatures, index, bundle.chunks[index], proofOf(bundle, index))
        );
    }

    function sendCall(uint32 assetId, uint256 amount) internal view returns (bytes memory) {
        return abi.encodeCall(IGateway.send, (outgoing, assetId, amount, VAULT, 0));
    }

    function batchCall(uint32 assetId, uint256 amount) internal view returns (bytes memory) {
        uint256[] memory amounts = new uint256[](1);
        amounts[0] = amount;
        return abi.encodeCall(IGateway.sendBatch, (outgoing, assetId, amounts, VAULT, 0));
    }

    // ---- Judging ----

    function succeeds(address caller, bytes memory data) internal {
        vm.prank(caller);
        (bool success, bytes memory answer) = address(gateway).call(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function refused(address caller, bytes memory data, bytes memory expected) internal {
        refused(caller, 0, data, expected);
    }

    function refused(address caller, uint256 value, bytes memory data, bytes memory expected) internal {
        bytes32 before = fingerprint();
        vm.prank(caller);
        (bool success, bytes memory answer) = address(gateway).call{value: value}(data);
        assertTrue(!success, "an attack succeeded");
        // Shown as it is, so that a wrong reason can be read.
        if (keccak256(answer) != keccak256(expected)) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        assertEq(fingerprint(), before, "a refused call changed something");
    }

    /// @dev The same checkpoint by each way in: accepted alone, with a delivery, and delivered without being accepted.
    function refusedEverywhere(Bundle memory bundle, bytes memory signatures, bytes memory expected) internal {
        refused(mallory, acceptCall(bundle, signatures), expected);
        refused(mallory, bothCall(bundle, signatures, 0), expected);
        refused(
            mallory,
            deliverCall(bundle, 0),
            abi.encodeWithSelector(
                IGatewayErrors.GatewayCheckpointUnknown.selector,
                bundle.checkpoint.laneId,
                bundle.checkpoint.firstSequence
            )
        );
    }

    function errorOf(bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodePacked(selector);
    }

    /// @dev All that moves, in one hash.
    function fingerprint() internal view returns (bytes32 hash) {
        hash = keccak256(
            abi.encode(
                gateway.accumulators(outgoing),
                look(abi.encodeCall(IGateway.outboundLanes, (outgoing))),
                look(abi.encodeCall(IGateway.inboundLanes, (incoming))),
                gateway.deliveredChunks(incoming, 0),
                gateway.checkpoints(incoming, nextIn())
            )
        );
        hash = keccak256(
            abi.encode(
                hash,
                gateway.signerEpoch(),
                gateway.signerThreshold(),
                gateway.signerSetHash(),
                gateway.paused(),
                gateway.owner(),
                gateway.verifiers(incoming),
                minted.gateway()
            )
        );
        address[4] memory holders = [address(gateway), owner, user, mallory];
        for (uint32 assetId = MINTED; assetId <= COARSE + 1; assetId++) {
            hash = keccak256(
                abi.encode(
                    hash,
                    gateway.locked(assetId),
                    look(abi.encodeCall(IGateway.assets, (assetId))),
                    look(abi.encodeCall(IGateway.limits, (assetId))),
                    look(abi.encodeCall(IGateway.laneAssets, (outgoing, assetId))),
                    gateway.claimable(assetId, user),
                    gateway.claimable(assetId, mallory)
                )
            );
        }
        for (uint256 i = 0; i < holders.length; i++) {
            hash = keccak256(
                abi.encode(
                    hash,
                    holders[i].balance,
                    lockToken.balanceOf(holders[i]),
                    minted.balanceOf(holders[i]),
                    minted.totalSupply(),
                    coarse.totalSupply()
                )
            );
        }
    }

    function look(bytes memory data) internal view returns (bytes memory answer) {
        (, answer) = address(gateway).staticcall(data);
    }
}

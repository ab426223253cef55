// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BridgedToken} from "../../src/BridgedToken.sol";
import {Checkpoint, Custody, SignerSet} from "../../src/GatewayTypes.sol";
import {IGateway} from "../../src/IGateway.sol";
import {IGatewayErrors} from "../../src/IGatewayErrors.sol";
import {TestToken} from "../../src/dev/TestToken.sol";
import {Tree} from "../support/Tree.sol";
import {World} from "./World.sol";

/// @title What users, relayers, guardians, signers and thieves do, in any order.
/// @notice Each action either succeeds, or fails for the one reason that is right in its place; anything else reverts
/// here and fails the run.
contract BridgeHandler is World {
    struct Accepted {
        Checkpoint checkpoint;
        uint64 chunkBase;
    }

    Accepted[][2] private _accepted;

    // How often each thing really happened: a run in which nothing does would prove nothing.
    uint256 public sends;
    uint256 public accepts;
    uint256 public chunks;
    uint256 public duplicates;
    uint256 public waits;
    uint256 public claims;
    uint256 public rotations;
    uint256 public thefts;
    uint256 public pauses;

    constructor() {
        _build();
    }

    // ---- Users ----

    function send(uint256 seed, uint128 amount) external {
        (uint256 side, uint32 assetId) = _pick(seed);
        if (sides[side].gateway.paused()) return;
        address from = actors[(seed >> 16) % actors.length];
        uint256 canonical = bound(amount, 1, 3e9);
        uint256 local = _fundsFor(side, assetId, from, canonical);
        if (local == 0) return;
        _at(side);
        IGateway gateway = sides[side].gateway;
        vm.prank(from);
        gateway.send{value: _isNative(side, assetId) ? local : 0}(
            sides[side].outgoing, assetId, local, _receiver(seed, side), _deadline(seed)
        );
        sends++;
        _book();
    }

    function sendBatch(uint256 seed, uint128 amount) external {
        (uint256 side, uint32 assetId) = _pick(seed);
        if (sides[side].gateway.paused()) return;
        address from = actors[(seed >> 16) % actors.length];
        uint256 local = _fundsFor(side, assetId, from, bound(amount, 300, 2e9));
        uint256 count = 1 + (seed >> 40) % 4;
        uint256 units = unitsPerHundred(side, assetId);
        // Whole canonical units, and whole units of the coarse token.
        uint256 share = units == 1 ? local / count : local / count / (units / 100) * (units / 100);
        if (share == 0) return;
        bytes memory call = _batchCall(side, assetId, share, count, seed);
        _at(side);
        vm.prank(from);
        (bool success,) =
            address(sides[side].gateway).call{value: _isNative(side, assetId) ? share * count : 0}(call);
        assertTrue(success, "a batch was refused");
        sends += count;
        _book();
    }

    function _batchCall(uint256 side, uint32 assetId, uint256 share, uint256 count, uint256 seed)
        private
        view
        returns (bytes memory)
    {
        uint256[] memory amounts = new uint256[](count);
        bytes memory receivers;
        for (uint256 i = 0; i < count; i++) {
            amounts[i] = share;
            receivers = bytes.concat(receivers, _receiver(seed >> i, side));
        }
        bytes32 laneId = sides[side].outgoing;
        return abi.encodeCall(IGateway.sendBatch, (laneId, assetId, amounts, receivers, _deadline(seed)));
    }

    function claim(uint256 seed) external {
        (uint256 side, uint32 assetId) = _pick(seed);
        IGateway gateway = sides[side].gateway;
        address actor = actors[(seed >> 16) % actors.length];
        uint256 before = stockOf(side, assetId);
        uint256 due = gateway.claimable(assetId, actor);
        _at(side);
        vm.prank(actor);
        (bool success, bytes memory answer) =
            address(gateway).call(abi.encodeCall(IGateway.claim, (assetId, actors[(seed >> 24) % 4])));
        if (success) {
            assertTrue(due >= abi.decode(answer, (uint256)) && due > 0, "claimed more than was held");
            _notePayout(side, assetId, before);
            claims++;
            _book();
        } else if (!_failedToWait(side, answer)) {
            assertEq(_selector(answer), IGatewayErrors.GatewayNothingToClaim.selector, "claim");
            // Dust of the coarse token stays until there is a whole unit.
            assertTrue(due < 100, "held money was not given out");
        }
    }

    // ---- Relayers ----

    function accept(uint256 seed) public {
        uint256 side = seed & 1;
        if (sides[side].gateway.paused()) return;
        Checkpoint memory checkpoint = _next(side, 1 + (seed >> 8) % 12, uint32(1 + (seed >> 16) % 4));
        if (checkpoint.packetCount == 0) return;
        _acceptOne(side, checkpoint, seed >> 24);
    }

    /// @dev Any chunk of any accepted checkpoint: often one that was delivered before.
    function deliver(uint256 seed) public {
        uint256 side = seed & 1;
        if (_accepted[side].length == 0) return;
        Accepted storage chosen = _accepted[side][(seed >> 8) % _accepted[side].length];
        _deliver(side, chosen, uint32((seed >> 16) % _chunkCount(chosen.checkpoint)), seed >> 32 & 1 == 1);
    }

    // ---- Guardians and signers ----

    function pauseOrResume(uint256 seed) external {
        uint256 side = seed & 1;
        if (sides[side].gateway.paused()) {
            sides[side].gateway.unpause();
        } else if (seed >> 8 & 1 == 1) {
            sides[side].gateway.pause();
            pauses++;
        }
    }

    function rotate(uint256 seed) external {
        uint256 side = seed & 1;
        IGateway gateway = sides[side].gateway;
        _at(side);
        SignerSet memory next = _signerSet(side, sides[side].epoch + 1);
        gateway.rotateSigners(next, _signBy(side, sides[side].epoch, 0x1e, gateway.signerSetDigest(next)));
        sides[side].epoch++;
        rotations++;
    }

    function passTime(uint256 seed) external {
        _passSeconds(1 + seed % 40 minutes);
    }

    // ---- Thieves ----

    /// @dev Checkpoints that pay what nobody sent, under every kind of signature but the right one.
    function steal(uint256 seed) external {
        uint256 side = seed & 1;
        IGateway gateway = sides[side].gateway;
        if (gateway.paused()) return;
        Checkpoint memory checkpoint = _next(side, 4, 2);
        if (checkpoint.packetCount == 0) checkpoint.packetCount = 1;
        checkpoint.root = keccak256(abi.encode(seed));
        _at(side);
        bytes32 digest = gateway.checkpointDigest(checkpoint);
        bytes memory signatures;
        uint256 way = (seed >> 8) % 5;
        if (way == 0) signatures = _signBy(side, sides[side].epoch, 0x7, digest);
        if (way == 1) signatures = _signBy(side, sides[side].epoch - 1, 0x1f, digest);
        if (way == 2) signatures = _signBy(1 - side, sides[side].epoch, 0x1f, digest);
        if (way == 3) signatures = _signBy(side, sides[side].epoch, 0x1f, keccak256(abi.encode(digest)));
        if (way == 4) {
            vm.chainId(sides[1 - side].chainId);
            signatures = _signBy(side, sides[side].epoch, 0x1f, gateway.checkpointDigest(checkpoint));
            _at(side);
        }
        (bool success,) = address(gateway).call(abi.encodeCall(IGateway.accept, (checkpoint, signatures)));
        assertTrue(!success, "a forged checkpoint was accepted");
        _forgetLogs();
        thefts++;
    }

    // ---- The end of a run ----

    /// @dev Brings everything home: accepts and delivers until nothing is under way, whatever was paused or over limit.
    function settleAll() external {
        for (uint256 round = 0; round < 12 && inFlight[1] + inFlight[2] + inFlight[3] > 0; round++) {
            for (uint256 side = 0; side < 2; side++) {
                if (sides[side].gateway.paused()) sides[side].gateway.unpause();
                Checkpoint memory checkpoint = _next(side, 512, 2);
                if (checkpoint.packetCount > 0) _acceptOne(side, checkpoint, round);
                for (uint256 i = 0; i < _accepted[side].length; i++) {
                    Accepted storage one = _accepted[side][i];
                    for (uint32 index = 0; index < _chunkCount(one.checkpoint); index++) {
                        if (sides[side].gateway.isChunkDelivered(one.checkpoint.laneId, one.chunkBase + index)) continue;
                        _passSeconds(WINDOW);
                        _deliver(side, one, index, false);
                    }
                }
            }
        }
    }

    // ---- Steps ----

    function _acceptOne(uint256 side, Checkpoint memory checkpoint, uint256 seed) private {
        IGateway gateway = sides[side].gateway;
        (, uint64 chunkBase,,,) = gateway.inboundLanes(checkpoint.laneId);
        _at(side);
        // All five, or all but one of them.
        uint256 mask = seed % 6 == 5 ? 0x1f : 0x1f ^ (1 << seed % 6);
        gateway.accept(checkpoint, _signBy(side, sides[side].epoch, mask, gateway.checkpointDigest(checkpoint)));
        _accepted[side].push(Accepted({checkpoint: checkpoint, chunkBase: chunkBase}));
        accepts++;
        _book();
    }

    function _deliver(uint256 side, Accepted storage one, uint32 index, bool both) private {
        Checkpoint memory checkpoint = one.checkpoint;
        uint64 chunkBase = one.chunkBase;
        IGateway gateway = sides[side].gateway;
        uint256[4] memory before = _stocks(side);
        bool done = gateway.isChunkDelivered(checkpoint.laneId, chunkBase + index);
        _at(side);
        (bool success, bytes memory answer) =
            address(gateway).call(_deliveryCall(checkpoint, chunkBase, index, both));
        if (success) {
            assertTrue(!done, "delivered twice");
            for (uint32 assetId = 1; assetId <= ASSETS; assetId++) {
                _notePayout(side, assetId, before[assetId]);
            }
            chunks++;
            _book();
        } else if (!_failedToWait(side, answer)) {
            assertTrue(done, "a fresh chunk was refused");
            assertEq(_selector(answer), IGatewayErrors.GatewayChunkAlreadyDelivered.selector, "deliver");
            duplicates++;
        }
    }

    function _deliveryCall(Checkpoint memory checkpoint, uint64 chunkBase, uint32 index, bool both)
        private
        view
        returns (bytes memory)
    {
        bytes[] memory all = _chunksOf(checkpoint);
        bytes32[] memory proof = Tree.proof(Tree.hashes(all), index);
        if (!both) return abi.encodeCall(IGateway.deliver, (checkpoint, chunkBase, index, all[index], proof));
        // Signatures do not matter once it is accepted.
        return abi.encodeCall(
            IGateway.acceptAndDeliver, (checkpoint, chunkBase, hex"00", index, all[index], proof)
        );
    }

    /// @dev Whether the failed call only has to be made again later.
    function _failedToWait(uint256 side, bytes memory answer) private returns (bool) {
        _forgetLogs();
        if (_selector(answer) == IGatewayErrors.GatewayIsPaused.selector) return sides[side].gateway.paused();
        if (_selector(answer) != IGatewayErrors.GatewayLimitExceeded.selector) return false;
        waits++;
        return true;
    }

    function _notePayout(uint256 side, uint32 assetId, uint256 before) private {
        uint256 afterwards = stockOf(side, assetId);
        uint256 paid = homeOf(assetId) == side ? before - afterwards : afterwards - before;
        if (paid > 0) _bookPayout(side, assetId, paid);
    }

    function _stocks(uint256 side) private view returns (uint256[4] memory stocks) {
        for (uint32 assetId = 1; assetId <= ASSETS; assetId++) {
            stocks[assetId] = stockOf(side, assetId);
        }
    }

    /// @dev Over what the other gateway really sent; packet count zero when there is nothing new.
    function _next(uint256 side, uint256 most, uint32 chunkSize) private view returns (Checkpoint memory checkpoint) {
        bytes32 laneId = sides[side].incoming;
        IGateway gateway = sides[side].gateway;
        (uint64 first,,,,) = gateway.inboundLanes(laneId);
        uint256 count = packets[laneId].length - first;
        if (count > most) count = most;
        checkpoint.laneId = laneId;
        checkpoint.signerEpoch = sides[side].epoch;
        checkpoint.signerSetHash = gateway.signerSetHash();
        checkpoint.manifestHash = keccak256("manifest");
        checkpoint.firstSequence = first;
        checkpoint.packetCount = uint32(count);
        checkpoint.chunkSize = chunkSize;
        checkpoint.sourceHeight = uint64(block.number);
        checkpoint.sourceBlockHash = keccak256(abi.encode(first));
        if (count > 0) checkpoint.root = Tree.root(Tree.hashes(_chunksOf(checkpoint)));
    }

    function _chunkCount(Checkpoint memory checkpoint) private pure returns (uint256) {
        return (checkpoint.packetCount + checkpoint.chunkSize - 1) / checkpoint.chunkSize;
    }

    function _chunksOf(Checkpoint memory checkpoint) private view returns (bytes[] memory made) {
        made = new bytes[](_chunkCount(checkpoint));
        bytes[] storage all = packets[checkpoint.laneId];
        for (uint256 i = 0; i < checkpoint.packetCount; i++) {
            uint256 index = i / checkpoint.chunkSize;
            made[index] = bytes.concat(made[index], all[checkpoint.firstSequence + i]);
        }
    }

    // ---- Choices ----

    function _at(uint256 side) private {
        vm.chainId(sides[side].chainId);
    }

    function _pick(uint256 seed) private pure returns (uint256 side, uint32 assetId) {
        return (seed & 1, uint32(1 + (seed >> 8) % ASSETS));
    }

    function _isNative(uint256 side, uint32 assetId) private pure returns (bool) {
        return side == 0 && assetId == 1;
    }

    /// @dev Gives the actor what it is to send where the asset is at home; elsewhere it has what it received.
    function _fundsFor(uint256 side, uint32 assetId, address from, uint256 canonical) private returns (uint256 local) {
        (address token, Custody custody,,) = sides[side].gateway.assets(assetId);
        uint256 units = unitsPerHundred(side, assetId);
        local = canonical * units / 100;
        if (custody == Custody.Native) vm.deal(from, local);
        else if (custody == Custody.Lock) TestToken(token).mint(from, local);
        else if (local > BridgedToken(token).balanceOf(from)) local = BridgedToken(token).balanceOf(from);
    }

    function _receiver(uint256 seed, uint256 side) private view returns (bytes memory) {
        uint256 choice = (seed >> 48) % (actors.length + 1);
        // One in a while it names the gateway that would pay it.
        return abi.encodePacked(choice < actors.length ? actors[choice] : address(sides[1 - side].gateway));
    }

    function _deadline(uint256 seed) private view returns (uint64) {
        return seed >> 60 & 3 == 0 ? uint64(time + 20 minutes) : 0;
    }

    function _selector(bytes memory answer) private pure returns (bytes4) {
        return bytes4(answer);
    }
}

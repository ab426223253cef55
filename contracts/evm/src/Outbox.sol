// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Asset, Custody, LaneAsset, OutboundLane} from "./GatewayTypes.sol";
import {IBridgedToken} from "./IBridgedToken.sol";
import {PacketCodec} from "./PacketCodec.sol";
import {ValueLimits} from "./ValueLimits.sol";

/// @title What leaves: deposits become packets, packets go into the lane's accumulator.
/// @notice One slot per lane proves all its packets: accumulator = keccak256(accumulator ‖ packet). Money is taken only
/// from `msg.sender`, and credited as what really arrived.
abstract contract Outbox is ValueLimits, ReentrancyGuardTransient {
    /// @dev A lane while packets are appended: stored once, however many they are.
    struct Outgoing {
        bytes32 laneId;
        bytes32 accumulator;
        uint64 nextSequence;
    }

    function send(bytes32 laneId, uint32 assetId, uint256 amount, bytes calldata receiver, uint64 deadline)
        external
        payable
        override
        whenNotPaused
        nonReentrant
        returns (uint64 sequence, bytes32 transferId)
    {
        // 1. Lane, asset and deadline.
        (Asset memory asset, LaneAsset memory terms, uint8 receiverLength) = _checkSend(laneId, assetId, deadline);
        bytes32 account = _checkReceiver(receiver, receiverLength);
        // 2. The money first, because only its arrival says how much it is. The guard keeps every other entry shut.
        uint128 canonical = _toCanonical(asset, terms, _take(assetId, asset, amount));
        // 3. The packet.
        Outgoing memory outgoing = _openOutgoing(laneId);
        sequence = outgoing.nextSequence;
        bytes memory packet =
            _appendTransfer(outgoing, assetId, canonical, receiverLength, account, deadline);
        _closeOutgoing(outgoing);
        transferId = keccak256(abi.encodePacked(laneId, packet));
    }

    function sendBatch(
        bytes32 laneId,
        uint32 assetId,
        uint256[] calldata amounts,
        bytes calldata receivers,
        uint64 deadline
    ) external payable override whenNotPaused nonReentrant returns (uint64 firstSequence) {
        // 1. Lane, asset, deadline, shape.
        (Asset memory asset, LaneAsset memory terms, uint8 receiverLength) = _checkSend(laneId, assetId, deadline);
        if (amounts.length == 0 || receivers.length != amounts.length * receiverLength) {
            revert GatewayBatchMalformed(amounts.length, receivers.length);
        }
        // 2. The sum in one payment. A token that keeps a fee cannot say whose amount it shortened: refused.
        uint256 sum = 0;
        for (uint256 i = 0; i < amounts.length; i++) {
            sum += amounts[i];
        }
        uint256 credited = _take(assetId, asset, sum);
        if (credited != sum) revert GatewayCreditMismatch(sum, credited);
        // 3. The packets.
        Outgoing memory outgoing = _openOutgoing(laneId);
        firstSequence = outgoing.nextSequence;
        for (uint256 i = 0; i < amounts.length; i++) {
            bytes32 account =
                _checkReceiver(receivers[i * receiverLength:(i + 1) * receiverLength], receiverLength);
            uint128 canonical = _toCanonical(asset, terms, amounts[i]);
            _appendTransfer(outgoing, assetId, canonical, receiverLength, account, deadline);
        }
        _closeOutgoing(outgoing);
    }

    function _openOutgoing(bytes32 laneId) internal view returns (Outgoing memory) {
        return Outgoing({
            laneId: laneId,
            accumulator: accumulators[laneId],
            nextSequence: outboundLanes[laneId].nextSequence
        });
    }

    /// @dev Numbers the packet, extends the accumulator in memory and emits the record.
    function _append(Outgoing memory outgoing, PacketCodec.Packet memory packet)
        internal
        returns (bytes memory encoded)
    {
        packet.sequence = outgoing.nextSequence;
        outgoing.nextSequence++;
        encoded = PacketCodec.encode(packet);
        outgoing.accumulator = PacketCodec.accumulate(outgoing.accumulator, encoded);
        emit PacketSent(outgoing.laneId, encoded);
    }

    function _closeOutgoing(Outgoing memory outgoing) internal {
        accumulators[outgoing.laneId] = outgoing.accumulator;
        outboundLanes[outgoing.laneId].nextSequence = outgoing.nextSequence;
    }

    function _appendTransfer(
        Outgoing memory outgoing,
        uint32 assetId,
        uint128 amount,
        uint8 receiverLength,
        bytes32 receiver,
        uint64 deadline
    ) private returns (bytes memory) {
        return _append(
            outgoing,
            PacketCodec.Packet({
                kind: PacketCodec.KIND_TRANSFER,
                sequence: 0,
                assetId: assetId,
                amount: amount,
                receiverLength: receiverLength,
                receiver: receiver,
                deadline: deadline,
                sourceReference: keccak256(
                    abi.encodePacked(outgoing.laneId, outgoing.nextSequence, block.number, msg.sender)
                ),
                senderLength: 20,
                sender: bytes32(bytes20(msg.sender))
            })
        );
    }

    function _checkSend(bytes32 laneId, uint32 assetId, uint64 deadline)
        private
        view
        returns (Asset memory asset, LaneAsset memory terms, uint8 receiverLength)
    {
        OutboundLane memory lane = outboundLanes[laneId];
        if (!lane.registered) revert GatewayLaneUnknown(laneId);
        if (!lane.enabled) revert GatewayLaneDisabled(laneId);
        asset = assets[assetId];
        if (asset.custody == Custody.None) revert GatewayAssetUnknown(assetId);
        terms = laneAssets[laneId][assetId];
        if (!terms.enabled) revert GatewayAssetNotOnLane(laneId, assetId);
        if (deadline != 0 && deadline <= block.timestamp) revert GatewayDeadlinePassed(deadline, block.timestamp);
        receiverLength = lane.receiverLength;
    }

    /// @dev The account right-padded with zeros to 32 bytes.
    function _checkReceiver(bytes calldata receiver, uint8 expectedLength) private pure returns (bytes32 account) {
        account = bytes32(receiver);
        if (receiver.length != expectedLength || account == 0) {
            revert GatewayReceiverMalformed(expectedLength, receiver);
        }
    }

    /// @dev Takes the money of `msg.sender` and of nobody else; returns the token units that arrived.
    function _take(uint32 assetId, Asset memory asset, uint256 amount) private returns (uint256 credited) {
        if (asset.custody == Custody.Native) {
            if (msg.value != amount) revert GatewayValueMismatch(amount, msg.value);
            credited = amount;
            locked[assetId] += credited;
            return credited;
        }
        if (msg.value != 0) revert GatewayValueMismatch(0, msg.value);
        if (asset.custody == Custody.Lock) {
            uint256 before = IERC20(asset.token).balanceOf(address(this));
            SafeERC20.safeTransferFrom(IERC20(asset.token), msg.sender, address(this), amount);
            credited = IERC20(asset.token).balanceOf(address(this)) - before;
            // More than was asked for is not this sender's.
            if (credited > amount) revert GatewayCreditMismatch(amount, credited);
            locked[assetId] += credited;
        } else {
            IBridgedToken(asset.token).crosschainBurn(msg.sender, amount);
            credited = amount;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Asset, Custody, LanePass, PACKET_BYTES, Refusal} from "./GatewayTypes.sol";
import {CappedCall} from "./CappedCall.sol";
import {IBridgedToken} from "./IBridgedToken.sol";
import {Outbox} from "./Outbox.sol";
import {PacketCodec} from "./PacketCodec.sol";

/// @title What a proven chunk does: each packet is paid, or goes back.
/// @notice A transfer that cannot be paid is refused: its return is appended to the opposite lane in the same
/// transaction. A return never goes back again: one that cannot be paid is held for its receiver, so nothing travels in
/// circles. Packets are independent of each other, with one exception: a chunk whose sum exceeds what the value limit
/// lets out now reverts as a whole and waits.
abstract contract Settlement is Outbox {
    /// @notice Gas given to a receiver or token for one payment: enough for a smart account or a proxied token, and
    /// little enough that 128 packets that burn it all, and go back, fit one transaction.
    uint256 public constant PAYMENT_GAS = 100_000;
    /// @dev What must be left before a payment, so that the 63/64 rule of EIP-150 really gives it PAYMENT_GAS:
    /// PAYMENT_GAS * 64 / 63 and 43k for the call itself (cold account, value, new account). With less, a submitter
    /// could turn a payment into a refusal by saving gas.
    uint256 private constant PAYMENT_GAS_NEEDED = 145_000;

    mapping(uint32 assetId => mapping(address receiver => uint256)) public override claimable;
    mapping(bytes32 transferId => bool) public override parkedReturns;

    /// @dev One asset's part in the chunk at hand.
    struct Tally {
        uint256 assetId;
        /// @dev The lane carries the asset now, or did once.
        bool enabled;
        bool known;
        bool mints;
        /// @dev Minted in runs of packets: of all minted assets but those that are coarser here than in packets.
        bool inRuns;
        bool localIsFiner;
        address token;
        uint256 scale;
        /// @dev Canonical units paid in this chunk, and how many one chunk may ever pay.
        uint256 spent;
        uint256 capacity;
        /// @dev Token units paid in this chunk and locked before it; unused where the asset is minted.
        uint256 paid;
        uint256 locked;
    }

    /// @dev The chunk at hand. Storage is written once at its end, whatever the number of packets.
    struct Chunk {
        bytes32 laneId;
        uint32 refusedCount;
        Outgoing returns_;
        Tally[] tallies;
        uint256 tallyCount;
    }

    function claim(uint32 assetId, address to)
        external
        override
        whenNotPaused
        nonReentrant
        returns (uint256 amount)
    {
        Asset memory asset = assets[assetId];
        if (to == address(0) || to == address(this) || to == asset.token) revert GatewayClaimReceiverInvalid(to);
        // 1. As much as is held, the limit lets out and the token can represent.
        (uint256 scale, bool localIsFiner) = _scaleOf(asset);
        uint256 unit = localIsFiner ? 1 : scale;
        uint256 held = claimable[assetId][msg.sender];
        amount = Math.min(held, availableNow(assetId));
        amount -= amount % unit;
        if (amount == 0) {
            // Reverts, saying when the limit will allow it.
            if (held >= unit) _spend(assetId, held);
            revert GatewayNothingToClaim(assetId, msg.sender);
        }
        // 2. Effects.
        claimable[assetId][msg.sender] = held - amount;
        _spend(assetId, amount);
        uint256 local = localIsFiner ? amount * scale : amount / scale;
        if (asset.custody != Custody.Mint) {
            if (local > locked[assetId]) revert GatewayLedgerViolated(assetId, local, locked[assetId]);
            locked[assetId] -= local;
        }
        emit Claimed(assetId, msg.sender, to, amount);
        // 3. Payment, with all gas there is: only the caller is hurt by a failure.
        if (asset.custody == Custody.Native) Address.sendValue(payable(to), local);
        else if (asset.custody == Custody.Lock) SafeERC20.safeTransfer(IERC20(asset.token), to, local);
        else IBridgedToken(asset.token).crosschainMint(to, local);
    }

    function releaseReturn(bytes32 laneId, bytes calldata packet, address receiver)
        external
        override
        whenNotPaused
        nonReentrant
    {
        // 1. Exactly this packet waits.
        bytes32 transferId = PacketCodec.transferId(laneId, packet);
        if (!parkedReturns[transferId]) revert GatewayReturnNotHeld(transferId);
        // 2. Its asset is mapped by now.
        uint256 head = PacketCodec.readHead(packet, 0);
        uint32 assetId = PacketCodec.assetOf(head);
        if (lanePasses[laneId][assetId] == LanePass.Unknown) revert GatewayAssetNotOnLane(laneId, assetId);
        // 3. For the account it names; where it names none, the owner decides.
        address named = _receiverOf(head, packet, 0, assets[assetId].token);
        if (named == address(0)) {
            _checkOwner();
            named = receiver;
        }
        if (receiver == address(0) || receiver != named) revert GatewayClaimReceiverInvalid(receiver);
        // 4. Effects.
        uint256 amount = PacketCodec.amountOf(head);
        delete parkedReturns[transferId];
        claimable[assetId][receiver] += amount;
        emit ReturnReleased(transferId, assetId, receiver, amount);
    }

    /// @dev Settles the packets of a proven chunk; returns how many went back.
    function _settleChunk(bytes32 laneId, uint64 firstSequence, bytes calldata packets) internal returns (uint32) {
        Chunk memory chunk;
        chunk.laneId = laneId;
        chunk.tallies = new Tally[](Math.min(packets.length / PACKET_BYTES, _assetCount));
        Tally memory tally;
        uint256 sequence = firstSequence;
        // Mints are made for runs of packets: those from here to the packet at hand are still to be made.
        uint256 runStart = 0;
        unchecked {
            // Offsets stay below 512 * 135, and an accepted range ends within a u64.
            for (uint256 offset = 0; offset < packets.length; offset += PACKET_BYTES) {
                // 0. What is plainly payable, in one go.
                if (tally.inRuns && tally.enabled) {
                    uint256 end = _skipPlain(tally, packets, offset, sequence);
                    sequence += (end - offset) / PACKET_BYTES;
                    offset = end;
                    if (offset == packets.length) break;
                }
                uint256 head = PacketCodec.readHead(packets, offset);
                // 1. The sequence that the position stands for.
                if (PacketCodec.sequenceOf(head) != sequence) {
                    revert GatewaySequenceMismatch(uint64(sequence), PacketCodec.sequenceOf(head));
                }
                sequence++;
                // 2. The asset's running sums.
                if (PacketCodec.assetOf(head) != tally.assetId || offset == 0) {
                    _mintRun(tally, packets, runStart, offset);
                    runStart = offset;
                    tally = _tallyOf(chunk, PacketCodec.assetOf(head));
                }
                // 3. Pay it. What cannot be paid goes back, or is held when it came back already.
                Refusal reason = _settle(tally, head, packets, offset);
                if (reason != Refusal.None) {
                    _mintRun(tally, packets, runStart, offset);
                    runStart = offset + PACKET_BYTES;
                    if (PacketCodec.kindOf(head) == PacketCodec.KIND_TRANSFER) {
                        _refuse(chunk, head, packets, offset, reason);
                    } else {
                        _hold(chunk, tally, head, packets, offset);
                    }
                }
            }
        }
        _mintRun(tally, packets, runStart, packets.length);
        // 4. One write for each thing that changed.
        _closeTallies(chunk);
        if (chunk.refusedCount != 0) _closeOutgoing(chunk.returns_);
        return chunk.refusedCount;
    }

    /// @dev Counts the packets from `offset` on that are transfers of the tally's minted asset, next in sequence, with
    /// nothing to object to; returns where they end. Every rule of `_settle` in one tight loop: a mint costs 700 gas less
    /// by it. Whatever it does not know as plain is left to `_settle`, so it can only be too strict.
    function _skipPlain(Tally memory tally, bytes calldata packets, uint256 offset, uint256 sequence)
        private
        view
        returns (uint256)
    {
        // Kind, sequence and asset are the packet's first 13 bytes: one comparison.
        uint256 prefix = PacketCodec.prefix(PacketCodec.KIND_TRANSFER, uint64(sequence), uint32(tally.assetId));
        uint256 room = tally.capacity - tally.spent;
        uint256 token = uint160(tally.token);
        uint256 self = uint160(address(this));
        unchecked {
            // Offsets stay below 512 * 135; the rest is commented where it wraps.
            while (offset < packets.length) {
                uint256 head = PacketCodec.readHead(packets, offset);
                uint256 word = uint256(PacketCodec.receiver(packets, offset));
                // The prefix is right, the receiver has 20 bytes and its padding is zero.
                if ((PacketCodec.prefixOf(head) ^ prefix) | (PacketCodec.receiverLengthOf(head) ^ 20) | uint96(word) != 0) {
                    break;
                }
                // The receiver is not zero, the token or this. The product may wrap to zero for others too: too strict.
                uint256 receiver = word >> 96;
                if (receiver * (receiver ^ token) * (receiver ^ self) == 0) break;
                // Wraps for 0, which is no deadline, to the largest number.
                if (PacketCodec.deadline(packets, offset) - 1 < block.timestamp - 1) break;
                uint256 amount = PacketCodec.amountOf(head);
                if (amount > room) break;
                room -= amount;
                prefix += PacketCodec.PREFIX_SEQUENCE_ONE;
                offset += PACKET_BYTES;
            }
        }
        tally.spent = tally.capacity - room;
        return offset;
    }

    /// @dev Pays one packet, or says why not. Where the asset is minted, paying is left to the run's end.
    function _settle(Tally memory tally, uint256 head, bytes calldata packets, uint256 offset)
        private
        returns (Refusal)
    {
        // 1. A return neither expires nor cares whether its asset was disabled since it was sent from here.
        uint8 kind = PacketCodec.kindOf(head);
        if (kind == PacketCodec.KIND_TRANSFER) {
            uint256 deadline = PacketCodec.deadline(packets, offset);
            if (deadline != 0 && block.timestamp > deadline) return Refusal.Expired;
            if (!tally.enabled) return Refusal.AssetUnknown;
        } else {
            if (kind != PacketCodec.KIND_RETURN) revert GatewayPacketMalformed(PacketCodec.sequenceOf(head));
            if (!tally.known) return Refusal.AssetUnknown;
        }
        // 2. An account of this chain.
        address receiver = _receiverOf(head, packets, offset, tally.token);
        if (receiver == address(0)) return Refusal.ReceiverMalformed;
        unchecked {
            // A u128 times at most 10^38 fits a word, and so does the sum of 512 amounts.
            // 3. An amount that the token can represent.
            uint256 amount = PacketCodec.amountOf(head);
            if (!tally.localIsFiner && amount % tally.scale != 0) return Refusal.AmountNotRepresentable;
            // 4. Returns count against the limit like transfers. What one chunk could never pay is not waited for.
            uint256 spent = tally.spent + amount;
            if (spent > tally.capacity) return Refusal.OverLimit;
            // 5. Pay.
            if (!tally.inRuns && !_pay(tally, receiver, _toLocal(tally, amount))) return Refusal.PaymentFailed;
            tally.spent = spent;
        }
        return Refusal.None;
    }

    /// @dev Pays native coin or a locked token; a receiver or token that fails, or burns its gas, only fails itself.
    function _pay(Tally memory tally, address receiver, uint256 local) private returns (bool done) {
        if (tally.mints) {
            IBridgedToken(tally.token).crosschainMint(receiver, local);
            return true;
        }
        uint256 paid = tally.paid + local;
        if (paid > tally.locked) revert GatewayLedgerViolated(uint32(tally.assetId), paid, tally.locked);
        if (gasleft() < PAYMENT_GAS_NEEDED) revert GatewayGasTooLow(PAYMENT_GAS_NEEDED, gasleft());
        done = tally.token == address(0)
            ? CappedCall.payNative(receiver, local, PAYMENT_GAS)
            : CappedCall.payToken(tally.token, receiver, local, PAYMENT_GAS);
        if (done) tally.paid = paid;
    }

    /// @dev A return that cannot be paid does not travel again: it is credited to its receiver, or parked where it names
    /// no account or asset of this chain.
    function _hold(Chunk memory chunk, Tally memory tally, uint256 head, bytes calldata packets, uint256 offset)
        private
    {
        uint64 sequence = PacketCodec.sequenceOf(head);
        address receiver = _receiverOf(head, packets, offset, tally.token);
        if (!tally.known || receiver == address(0)) {
            bytes32 transferId = PacketCodec.transferId(chunk.laneId, packets[offset:offset + PACKET_BYTES]);
            parkedReturns[transferId] = true;
            emit ReturnParked(chunk.laneId, sequence, transferId);
        } else {
            uint256 amount = PacketCodec.amountOf(head);
            claimable[uint32(tally.assetId)][receiver] += amount;
            emit ReturnHeld(chunk.laneId, sequence, uint32(tally.assetId), receiver, amount);
        }
    }

    /// @dev Sends the packet straight back: to its sender, naming it by its transfer id.
    function _refuse(Chunk memory chunk, uint256 head, bytes calldata packets, uint256 offset, Refusal reason)
        private
    {
        uint64 sequence = PacketCodec.sequenceOf(head);
        uint8 receiverLength = PacketCodec.receiverLengthOf(head);
        uint8 senderLength = PacketCodec.senderLength(packets, offset);
        // No gateway sends such a packet. It must not travel on: the other side could not read it.
        if (receiverLength == 0 || receiverLength > 32 || senderLength == 0 || senderLength > 32) {
            revert GatewayPacketMalformed(sequence);
        }
        if (chunk.refusedCount == 0) chunk.returns_ = _openOutgoing(oppositeLanes[chunk.laneId]);
        chunk.refusedCount++;
        _append(
            chunk.returns_,
            PacketCodec.Packet({
                kind: PacketCodec.KIND_RETURN,
                sequence: 0,
                assetId: PacketCodec.assetOf(head),
                amount: PacketCodec.amountOf(head),
                receiverLength: senderLength,
                receiver: PacketCodec.sender(packets, offset),
                deadline: 0,
                sourceReference: PacketCodec.transferId(chunk.laneId, packets[offset:offset + PACKET_BYTES]),
                senderLength: receiverLength,
                sender: PacketCodec.receiver(packets, offset)
            })
        );
        emit PacketRefused(chunk.laneId, sequence, uint8(reason));
    }

    /// @dev The tally of an asset in this chunk, begun when the asset is met first. Only registered assets are kept, so
    /// the table cannot overflow.
    function _tallyOf(Chunk memory chunk, uint32 assetId) private view returns (Tally memory tally) {
        for (uint256 i = 0; i < chunk.tallyCount; i++) {
            if (chunk.tallies[i].assetId == assetId) return chunk.tallies[i];
        }
        Asset memory asset = assets[assetId];
        tally.assetId = assetId;
        if (asset.custody == Custody.None) return tally;
        LanePass pass = lanePasses[chunk.laneId][assetId];
        tally.enabled = pass == LanePass.Enabled;
        tally.known = pass != LanePass.Unknown;
        tally.mints = asset.custody == Custody.Mint;
        tally.token = asset.token;
        (tally.scale, tally.localIsFiner) = _scaleOf(asset);
        tally.capacity = limits[assetId].capacity;
        tally.inRuns = tally.mints && tally.localIsFiner;
        if (!tally.mints) tally.locked = locked[assetId];
        chunk.tallies[chunk.tallyCount] = tally;
        chunk.tallyCount++;
    }

    /// @dev Makes the mints of the packets from `start` to `end`, all of them checked, in one call. The token is ours and
    /// refuses none; were it to, the chunk would revert.
    function _mintRun(Tally memory tally, bytes calldata packets, uint256 start, uint256 end) private {
        if (!tally.inRuns || start == end) return;
        IBridgedToken(tally.token).crosschainMintPackets(packets[start:end], tally.scale);
    }

    function _toLocal(Tally memory tally, uint256 amount) private pure returns (uint256) {
        return tally.localIsFiner ? amount * tally.scale : amount / tally.scale;
    }

    /// @dev Takes each asset's sum from its limit, all or nothing, and from what is locked.
    function _closeTallies(Chunk memory chunk) private {
        for (uint256 i = 0; i < chunk.tallyCount; i++) {
            Tally memory tally = chunk.tallies[i];
            if (tally.spent == 0) continue;
            uint32 assetId = uint32(tally.assetId);
            _spend(assetId, tally.spent);
            if (!tally.mints) locked[assetId] = tally.locked - tally.paid;
        }
    }

    /// @dev The account that a packet names on this chain; zero when it names none that could be paid. The gateway and
    /// the token itself are none: what they receive is lost.
    function _receiverOf(uint256 head, bytes calldata packets, uint256 offset, address token)
        private
        view
        returns (address receiver)
    {
        if (PacketCodec.receiverLengthOf(head) != 20) return address(0);
        uint256 word = uint256(PacketCodec.receiver(packets, offset));
        // Right-padded with zeros.
        if (uint96(word) != 0) return address(0);
        receiver = address(uint160(word >> 96));
        if (receiver == address(this) || receiver == token) return address(0);
    }
}

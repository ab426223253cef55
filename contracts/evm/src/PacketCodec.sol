// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The packet: 135 bytes, read in place by offset.
/// @notice Layout: kind 1, sequence 8, asset 4, amount 16, receiver 1 + 32, deadline 8, source reference 32,
/// sender 1 + 32. Accounts are a length byte and 32 bytes, right-padded with zeros.
library PacketCodec {
    uint8 internal constant KIND_TRANSFER = 0x01;
    uint8 internal constant KIND_RETURN = 0x02;

    /// @dev Added to a prefix, makes it that of the next sequence.
    uint256 internal constant PREFIX_SEQUENCE_ONE = 1 << 32;

    uint256 private constant RECEIVER_OFFSET = 29;
    uint256 private constant DEADLINE_OFFSET = 62;
    uint256 private constant SENDER_OFFSET = 102;

    /// @dev A packet to be sent.
    struct Packet {
        uint8 kind;
        uint64 sequence;
        uint32 assetId;
        uint128 amount;
        uint8 receiverLength;
        bytes32 receiver;
        uint64 deadline;
        bytes32 sourceReference;
        uint8 senderLength;
        bytes32 sender;
    }

    function encode(Packet memory packet) internal pure returns (bytes memory) {
        return abi.encodePacked(
            packet.kind,
            packet.sequence,
            packet.assetId,
            packet.amount,
            packet.receiverLength,
            packet.receiver,
            packet.deadline,
            packet.sourceReference,
            packet.senderLength,
            packet.sender
        );
    }

    /// @dev The word at `offset` holds kind to the receiver's length byte.
    /// @dev Kind, sequence and asset id: the first 13 bytes.
    function prefixOf(uint256 head) internal pure returns (uint256) {
        return head >> 152;
    }

    function prefix(uint8 kind, uint64 sequence, uint32 assetId) internal pure returns (uint256) {
        return uint256(kind) << 96 | uint256(sequence) << 32 | assetId;
    }

    function kindOf(uint256 head) internal pure returns (uint8) {
        return uint8(head >> 248);
    }

    function sequenceOf(uint256 head) internal pure returns (uint64) {
        return uint64(head >> 184);
    }

    function assetOf(uint256 head) internal pure returns (uint32) {
        return uint32(head >> 152);
    }

    function amountOf(uint256 head) internal pure returns (uint128) {
        return uint128(head >> 24);
    }

    function receiverLengthOf(uint256 head) internal pure returns (uint8) {
        return uint8(head >> 16);
    }

    /// @dev The first 30 bytes of the packet at `offset`, in one word. The caller has checked that a whole packet
    /// lies there.
    function readHead(bytes calldata packets, uint256 offset) internal pure returns (uint256) {
        return _word(packets, offset);
    }

    /// @dev The receiver's 32 bytes.
    function receiver(bytes calldata packets, uint256 offset) internal pure returns (bytes32) {
        unchecked {
            // An offset into calldata is far below 2^256.
            return bytes32(_word(packets, offset + RECEIVER_OFFSET + 1));
        }
    }

    function deadline(bytes calldata packets, uint256 offset) internal pure returns (uint256) {
        unchecked {
            return _word(packets, offset + DEADLINE_OFFSET) >> 192;
        }
    }

    function senderLength(bytes calldata packets, uint256 offset) internal pure returns (uint8) {
        return uint8(packets[offset + SENDER_OFFSET]);
    }

    /// @dev The sender's 32 bytes.
    function sender(bytes calldata packets, uint256 offset) internal pure returns (bytes32) {
        unchecked {
            return bytes32(_word(packets, offset + SENDER_OFFSET + 1));
        }
    }

    /// @notice The packet's identity on its lane.
    function transferId(bytes32 laneId, bytes calldata packet) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(laneId, packet));
    }

    /// @notice The lane accumulator after one more packet.
    function accumulate(bytes32 accumulator, bytes memory packet) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(accumulator, packet));
    }

    /// @dev Assembly because a checked slice of calldata costs about 100 gas more for each of the three words of a
    /// packet, 3 % of a delivery. The bounds of the whole chunk are checked once, by its length.
    function _word(bytes calldata packets, uint256 offset) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := calldataload(add(packets.offset, offset))
        }
    }
}

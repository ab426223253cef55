// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Merkle tree over chunk hashes in RFC 6962 shape.
/// @notice leaf = keccak256(0x00 ‖ chunk hash), node = keccak256(0x01 ‖ left ‖ right); the left subtree is the largest
/// power of two below the count. A proof is valid for exactly one index of a given
/// count; the count itself comes from the signed checkpoint, never from whoever brings the proof.
library ChunkTree {
    /// @dev RFC 9162, 2.1.3.2, with the steps in its order.
    function verify(bytes32 root, bytes32 chunkHash, uint256 index, uint256 count, bytes32[] calldata proof)
        internal
        pure
        returns (bool)
    {
        // 1. The index lies below the count; with it, a count of zero is refused.
        if (index >= count) return false;
        // 2. and 3. Start at the leaf.
        uint256 position = index;
        uint256 last = count - 1;
        bytes32 node = keccak256(abi.encodePacked(bytes1(0x00), chunkHash));
        // 4. Climb.
        for (uint256 i = 0; i < proof.length; i++) {
            if (last == 0) return false;
            if (position & 1 == 1 || position == last) {
                node = keccak256(abi.encodePacked(bytes1(0x01), proof[i], node));
                while (position & 1 == 0 && position != 0) {
                    position >>= 1;
                    last >>= 1;
                }
            } else {
                node = keccak256(abi.encodePacked(bytes1(0x01), node, proof[i]));
            }
            position >>= 1;
            last >>= 1;
        }
        // 5. The top is reached exactly, and it is the root.
        return last == 0 && node == root;
    }
}

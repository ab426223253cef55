// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The other side of ChunkTree, written from RFC 6962 section 2.1 by recursion, so that the two check each other.
library Tree {
    function hashes(bytes[] memory chunks) internal pure returns (bytes32[] memory made) {
        made = new bytes32[](chunks.length);
        for (uint256 i = 0; i < chunks.length; i++) {
            made[i] = keccak256(chunks[i]);
        }
    }

    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        return rootOf(leaves, 0, leaves.length);
    }

    /// @dev The audit path of a leaf, deepest sibling first.
    function proof(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory path) {
        bytes32[] memory buffer = new bytes32[](16);
        uint256 depth = climb(leaves, 0, leaves.length, index, buffer);
        path = new bytes32[](depth);
        for (uint256 i = 0; i < depth; i++) {
            path[i] = buffer[i];
        }
    }

    function rootOf(bytes32[] memory leaves, uint256 start, uint256 end) internal pure returns (bytes32) {
        if (end - start == 1) return keccak256(abi.encodePacked(bytes1(0), leaves[start]));
        uint256 split = start + splitPoint(end - start);
        return keccak256(abi.encodePacked(bytes1(0x01), rootOf(leaves, start, split), rootOf(leaves, split, end)));
    }

    function climb(bytes32[] memory leaves, uint256 start, uint256 end, uint256 index, bytes32[] memory path)
        private
        pure
        returns (uint256 depth)
    {
        if (end - start == 1) return 0;
        uint256 split = start + splitPoint(end - start);
        if (index < split) {
            depth = climb(leaves, start, split, index, path);
            path[depth] = rootOf(leaves, split, end);
        } else {
            depth = climb(leaves, split, end, index, path);
            path[depth] = rootOf(leaves, start, split);
        }
        return depth + 1;
    }

    /// @dev The largest power of two below the count.
    function splitPoint(uint256 count) private pure returns (uint256 split) {
        split = 1;
        while (split * 2 < count) split *= 2;
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChunkTree} from "../../src/ChunkTree.sol";
import {IGatewayErrors} from "../../src/IGatewayErrors.sol";
import {AttackFixture} from "../support/AttackFixture.sol";
import {Tree} from "../support/Tree.sol";

/// @title The trees of the golden vectors at every index and under other counts.
/// @notice `Vectors.t.sol` checks the one proof that a row carries; here the vector's chunks are proven at each index,
/// and each proof is tried where it does not belong.
contract TreeShapes is AttackFixture {
    function test_EveryIndexOfEveryVectorTree() external view {
        string memory json = vm.readFile("../../test/vectors/core-v1.json");
        string[9] memory rows = ["0", "1", "2", "3", "4", "5", "6", "7", "8"];
        for (uint256 i = 0; i < rows.length; i++) {
            string memory row = string.concat(".trees[", rows[i], "]");
            bytes32[] memory chunks = vm.parseJsonBytes32Array(json, string.concat(row, ".chunks"));
            bytes32 root = vm.parseJsonBytes32(json, string.concat(row, ".root"));
            assertEq(Tree.root(chunks), root, "root");
            // Of the widest tree every fifth: its proofs are long to make.
            for (uint256 index = 0; index < chunks.length; index += chunks.length > 100 ? 5 : 1) {
                checkIndex(root, chunks, index);
            }
        }
        assertTrue(!vm.keyExistsJson(json, ".trees[9]"), "a row that is not looked at");
    }

    /// @dev A proof binds the index, not the count: that of the first of three chunks has the shape of the first of four.
    /// So the count may only ever come from what was attested, and there it does.
    function test_TheCountIsBoundByTheCheckpoint() external {
        bytes32[] memory three = new bytes32[](3);
        (three[0], three[1], three[2]) = (keccak256("a"), keccak256("b"), keccak256("c"));
        bytes32[] memory proof = Tree.proof(three, 0);
        assertTrue(this.verify(Tree.root(three), three[0], 0, 4, proof), "the same path");

        Bundle memory bundle = payments(LOCKED, 5e6, mallory, 3, 1);
        acceptNow(bundle);
        bundle.checkpoint.packetCount = 4;
        refused(
            mallory,
            deliverCall(bundle, 0),
            abi.encodeWithSelector(IGatewayErrors.GatewayCheckpointMismatch.selector, incoming, uint64(0))
        );
    }

    function verify(bytes32 root, bytes32 chunk, uint256 index, uint256 count, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        return ChunkTree.verify(root, chunk, index, count, proof);
    }

    function checkIndex(bytes32 root, bytes32[] memory chunks, uint256 index) private view {
        bytes32[] memory proof = Tree.proof(chunks, index);
        uint256 count = chunks.length;
        assertTrue(this.verify(root, chunks[index], index, count, proof), "its own place");
        for (uint256 other = 0; other < count + 3; other++) {
            if (other != index) assertTrue(!this.verify(root, chunks[index], other, count, proof), "another index");
        }
        // Counts whose trees have another depth, and none.
        assertTrue(!this.verify(root, chunks[index], index, index, proof), "a count at or below the index");
        assertTrue(!this.verify(root, chunks[index], index, count * 4, proof), "a deeper tree");
        assertTrue(!this.verify(root, chunks[index], index, 0, proof), "no chunks");
    }
}

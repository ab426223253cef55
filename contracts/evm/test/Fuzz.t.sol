// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChunkTree} from "../src/ChunkTree.sol";
import {Custody} from "../src/GatewayTypes.sol";
import {PacketCodec} from "../src/PacketCodec.sol";
import {TestToken} from "../src/dev/TestToken.sol";
import {Fixture} from "./support/Fixture.sol";
import {Tree} from "./support/Tree.sol";

contract FuzzTest is Fixture {
    function verify(bytes32 root, bytes32 chunk, uint256 index, uint256 count, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        return ChunkTree.verify(root, chunk, index, count, proof);
    }

    function leaves(uint256 count) private pure returns (bytes32[] memory made) {
        made = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) made[i] = keccak256(abi.encode("leaf", i));
    }

    // ---- Packets ----

    function testFuzz_codec_round_trip(PacketCodec.Packet memory packet, uint8 before) public view {
        bytes memory encoded = PacketCodec.encode(packet);
        assertEq(encoded.length, 135, "one block less a byte");
        // At any place between others.
        bytes memory body = bytes.concat(new bytes(before), encoded, hex"ffff");
        this.checkFields(body, before, packet);
    }

    function checkFields(bytes calldata body, uint256 offset, PacketCodec.Packet calldata expected) external pure {
        uint256 head = PacketCodec.readHead(body, offset);
        assertEq(PacketCodec.kindOf(head), expected.kind, "kind");
        assertEq(PacketCodec.sequenceOf(head), expected.sequence, "sequence");
        assertEq(PacketCodec.assetOf(head), expected.assetId, "asset");
        assertEq(PacketCodec.amountOf(head), expected.amount, "amount");
        assertEq(PacketCodec.receiverLengthOf(head), expected.receiverLength, "receiver length");
        assertEq(PacketCodec.receiver(body, offset), expected.receiver, "receiver");
        assertEq(PacketCodec.deadline(body, offset), expected.deadline, "deadline");
        assertEq(PacketCodec.senderLength(body, offset), expected.senderLength, "sender length");
        assertEq(PacketCodec.sender(body, offset), expected.sender, "sender");
    }

    // ---- Trees ----

    function test_ATK_17_every_width_verifies_at_one_index_of_one_count() public view {
        for (uint256 count = 1; count <= 256; count += count < 40 ? 1 : 6 + count % 2) {
            bytes32[] memory chunks = leaves(count);
            bytes32 root = Tree.root(chunks);
            uint256[3] memory picks = [0, count / 2, count - 1];
            for (uint256 i = 0; i < 3; i++) {
                uint256 index = picks[i];
                bytes32[] memory proof = Tree.proof(chunks, index);
                assertTrue(this.verify(root, chunks[index], index, count, proof), "its own");
                assertTrue(!this.verify(root, chunks[index], index, index, proof), "index at count");
                assertTrue(!this.verify(root, chunks[index], count, count, proof), "index beyond");
                assertTrue(!this.verify(root, chunks[index], index + 256, count, proof), "index far beyond");
                if (count > 1) {
                    assertTrue(!this.verify(root, chunks[index], (index + 1) % count, count, proof), "its neighbour's");
                    assertTrue(!this.verify(root, chunks[index], index, count, cut(proof)), "a sibling less");
                }
                assertTrue(!this.verify(root, chunks[index], index, count, extended(proof)), "a sibling more");
            }
        }
        assertTrue(!this.verify(0, 0, 0, 0, new bytes32[](0)), "the empty tree");
    }

    function testFuzz_tree(uint256 count, uint256 index, uint256 otherIndex, uint256 otherCount) public view {
        count = bound(count, 1, 256);
        index = bound(index, 0, count - 1);
        bytes32[] memory chunks = leaves(count);
        bytes32 root = Tree.root(chunks);
        bytes32[] memory proof = Tree.proof(chunks, index);
        assertTrue(this.verify(root, chunks[index], index, count, proof), "its own");
        otherIndex = bound(otherIndex, 0, 300);
        if (otherIndex != index) assertTrue(!this.verify(root, chunks[index], otherIndex, count, proof), "index");
        // Another chunk count is another tree: where the path to the leaf looks the same, the root still fits, so the
        // count is bound by the commitment. No other leaf fits there.
        otherCount = bound(otherCount, 1, 300);
        if (otherCount <= index) assertTrue(!this.verify(root, chunks[index], index, otherCount, proof), "count");
        assertTrue(!this.verify(root, keccak256("stranger"), index, count, proof), "chunk");
        assertTrue(!this.verify(keccak256("root"), chunks[index], index, count, proof), "root");
    }

    function test_ATK_17_a_node_is_no_leaf_and_a_leaf_is_no_node() public view {
        bytes32[] memory chunks = leaves(4);
        bytes32 root = Tree.root(chunks);
        bytes32 left = Tree.rootOf(chunks, 0, 2);
        bytes32[] memory path = new bytes32[](1);
        path[0] = Tree.rootOf(chunks, 2, 4);
        assertTrue(!this.verify(root, left, 0, 2, path), "a node as a chunk");
        assertTrue(!this.verify(root, root, 0, 1, new bytes32[](0)), "the root as a chunk");
        path[0] = chunks[1];
        assertTrue(!this.verify(left, chunks[0], 0, 2, path), "a chunk as a node");
    }

    function cut(bytes32[] memory proof) private pure returns (bytes32[] memory shorter) {
        shorter = new bytes32[](proof.length - 1);
        for (uint256 i = 0; i < shorter.length; i++) shorter[i] = proof[i];
    }

    function extended(bytes32[] memory proof) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](proof.length + 1);
        for (uint256 i = 0; i < proof.length; i++) longer[i] = proof[i];
    }

    // ---- Decimals ----

    /// @dev What a user deposits is, unit for unit, what the same packet pays out.
    function testFuzz_ATK_30_decimals_round_trip(uint8 localDecimals, uint8 canonicalDecimals, uint256 amount) public {
        localDecimals = uint8(bound(localDecimals, 0, 38));
        canonicalDecimals = uint8(bound(canonicalDecimals, 0, 38));
        TestToken token = new TestToken("Any", "ANY", localDecimals);
        vm.startPrank(owner);
        gateway.registerAsset(9, address(token), Custody.Lock, canonicalDecimals);
        gateway.setLimit(9, type(uint128).max, WINDOW);
        gateway.setLaneAsset(outgoing, 9, true, 1, type(uint128).max, 1);
        vm.stopPrank();
        uint256 canonical = bound(amount, 1, uint256(type(uint128).max) / 4);
        uint256 local;
        if (localDecimals >= canonicalDecimals) {
            local = canonical * 10 ** (localDecimals - canonicalDecimals);
        } else {
            uint256 unit = 10 ** (canonicalDecimals - localDecimals);
            local = canonical / unit;
            canonical = local * unit;
            if (local == 0) return;
        }
        token.mint(user, local);
        vm.startPrank(user);
        token.approve(address(gateway), local);
        vm.recordLogs();
        gateway.send(outgoing, 9, local, VAULT, 0);
        vm.stopPrank();
        bytes memory packet = sentPackets(vm.getRecordedLogs(), address(gateway))[0];
        assertEq(this.amountOf(packet), canonical, "canonical");
        deliverNow(transferPacket(0, 9, uint128(canonical), account("to")));
        assertEq(token.balanceOf(account("to")), local, "round trip");
        assertEq(gateway.locked(9), 0, "nothing left over");
    }

    function amountOf(bytes calldata packet) external pure returns (uint128) {
        return PacketCodec.amountOf(PacketCodec.readHead(packet, 0));
    }

    // ---- Chunks ----

    /// @dev Random chunks of all assets, kinds and faults: what is minted is what was paid, and everything else is in
    /// a return, a claim or parked. The tight loop for mints and the general path agree, since both are met here.
    function testFuzz_nothing_is_lost_in_a_chunk(uint256 seed, uint8 size) public {
        uint256 count = bound(size, 1, 40);
        bytes memory body;
        uint256 expectedSupply = 0;
        uint256 expectedRefused = 0;
        for (uint64 i = 0; i < count; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            PacketCodec.Packet memory packet = template(i, MINTED, uint128(seed % 1000), account("to"));
            uint256 fault = (seed >> 64) % 12;
            if (fault == 0) packet.deadline = uint64(NOW - 1);
            if (fault == 1) packet.assetId = 50;
            if (fault == 2) packet.receiver = 0;
            if (fault == 3) packet.receiverLength = 21;
            if (fault == 4) packet.receiver = bytes32(bytes20(address(minted)));
            if (fault == 5) packet.receiver |= bytes32(uint256(1));
            if (fault == 6) packet.deadline = uint64(NOW);
            if (fault == 7) packet.kind = PacketCodec.KIND_RETURN;
            if (fault <= 5) expectedRefused++;
            else expectedSupply += packet.amount;
            body = bytes.concat(body, PacketCodec.encode(packet));
        }
        uint64 out = nextOut();
        vm.recordLogs();
        deliverNow(body);
        assertEq(refusals(vm.getRecordedLogs()).length, expectedRefused, "refused");
        assertEq(nextOut(), out + expectedRefused, "returns");
        assertEq(minted.totalSupply(), expectedSupply * 1e12, "supply");
        assertEq(minted.balanceOf(account("to")), expectedSupply * 1e12, "balance");
    }
}

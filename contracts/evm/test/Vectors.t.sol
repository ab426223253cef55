// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChunkTree} from "../src/ChunkTree.sol";
import {DeployedGateway} from "./support/DeployedGateway.sol";
import {Checkpoint, SignerSet} from "../src/GatewayTypes.sol";
import {LaneIds} from "../src/LaneIds.sol";
import {PacketCodec} from "../src/PacketCodec.sol";
import {Test} from "./support/Test.sol";

/// @dev Every row of the golden vectors, so that TypeScript and Solidity cannot drift apart.
contract VectorsTest is Test {
    string private json;

    function setUp() public {
        json = vm.readFile("../../test/vectors/core-v1.json");
    }

    function test_lanes() public view {
        uint256 count = rows(".lanes");
        assertEq(count, 3, "lanes");
        for (uint256 i = 0; i < count; i++) {
            string memory row = item(".lanes", i);
            bytes32 got = LaneIds.laneId(
                vm.parseJsonString(json, key(row, "sourceChain")),
                vm.parseJsonBytes(json, key(row, "sourceGateway")),
                vm.parseJsonString(json, key(row, "targetChain")),
                vm.parseJsonBytes(json, key(row, "targetGateway"))
            );
            assertEq(got, vm.parseJsonBytes32(json, key(row, "laneId")), row);
        }
    }

    function test_packets() public view {
        bytes32 lane = vm.parseJsonBytes32(json, ".lanes[0].laneId");
        uint256 count = rows(".packets");
        assertEq(count, 20, "packets");
        bytes32 accumulator = 0;
        for (uint256 i = 0; i < count; i++) {
            string memory row = item(".packets", i);
            bytes memory expected = vm.parseJsonBytes(json, key(row, "bytes"));
            PacketCodec.Packet memory packet = packetAt(row);
            assertEq(PacketCodec.encode(packet), expected, key(row, "bytes"));
            this.checkFields(expected, packet);
            assertEq(
                this.transferId(lane, expected), vm.parseJsonBytes32(json, key(row, "transferId")), key(row, "transferId")
            );
            accumulator = PacketCodec.accumulate(accumulator, expected);
            assertEq(accumulator, vm.parseJsonBytes32(json, key(row, "accumulator")), key(row, "accumulator"));
        }
    }

    function test_trees() public view {
        uint256 count = rows(".trees");
        assertEq(count, 9, "trees");
        for (uint256 i = 0; i < count; i++) {
            string memory row = item(".trees", i);
            bytes32[] memory chunks = vm.parseJsonBytes32Array(json, key(row, "chunks"));
            bytes32[] memory proof = vm.parseJsonBytes32Array(json, key(row, "proof"));
            bytes32 root = vm.parseJsonBytes32(json, key(row, "root"));
            uint256 index = vm.parseJsonUint(json, key(row, "index"));
            assertEq(chunks.length, vm.parseJsonUint(json, key(row, "count")), row);
            assertTrue(this.verify(root, chunks[index], index, chunks.length, proof), row);
            for (uint256 other = 0; other < chunks.length; other++) {
                if (other != index) {
                    assertTrue(!this.verify(root, chunks[index], other, chunks.length, proof), "one index only");
                }
            }
        }
    }

    function test_signerSetAndCheckpoint() public {
        // The gateway of the vectors: its chain, its address, its signers.
        vm.chainId(vm.parseJsonUint(json, ".checkpoint.chainId"));
        SignerSet memory set = SignerSet({
            epoch: uint64(vm.parseJsonUint(json, ".signerSet.epoch")),
            threshold: uint32(vm.parseJsonUint(json, ".signerSet.threshold")),
            members: vm.parseJsonAddressArray(json, ".signerSet.members")
        });
        DeployedGateway deployed = DeployedGateway(vm.deployCode("artifacts/Gateway.json", abi.encode(address(this), set)));
        assertEq(deployed.signerSetHash(), vm.parseJsonBytes32(json, ".signerSet.hash"), "set hash");
        assertEq(deployed.signerSetHash(), vm.parseJsonBytes32(json, ".checkpoint.signerSetHash"), "set hash");

        address place = vm.parseJsonAddress(json, ".checkpoint.gateway");
        vm.etch(place, address(deployed).code);
        DeployedGateway gateway = DeployedGateway(place);
        assertEq(gateway.domainSeparator(), vm.parseJsonBytes32(json, ".checkpoint.domainSeparator"), "domain");
        assertEq(gateway.checkpointDigest(checkpoint()), vm.parseJsonBytes32(json, ".checkpoint.digest"), "digest");
    }

    function test_chunks() public view {
        bytes memory packets = vm.parseJsonBytes(json, ".checkpoint.packets");
        bytes32[] memory hashes = vm.parseJsonBytes32Array(json, ".checkpoint.chunkHashes");
        Checkpoint memory cp = checkpoint();
        assertEq(packets.length, uint256(cp.packetCount) * 135, "length");
        assertEq(hashes.length, (uint256(cp.packetCount) + cp.chunkSize - 1) / cp.chunkSize, "chunks");
        for (uint256 i = 0; i < hashes.length; i++) {
            assertEq(this.sliceHash(packets, i * cp.chunkSize * 135, (i + 1) * cp.chunkSize * 135), hashes[i], "chunk");
        }
        assertEq(vm.parseJsonBytes32(json, ".checkpoint.emptyAccumulator"), 0, "empty accumulator");
    }

    // Calldata views of the libraries.

    function verify(bytes32 root, bytes32 chunk, uint256 index, uint256 count, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        return ChunkTree.verify(root, chunk, index, count, proof);
    }

    function transferId(bytes32 lane, bytes calldata packet) external pure returns (bytes32) {
        return PacketCodec.transferId(lane, packet);
    }

    function sliceHash(bytes calldata packets, uint256 start, uint256 end) external pure returns (bytes32) {
        return keccak256(packets[start:end < packets.length ? end : packets.length]);
    }

    function checkFields(bytes calldata packet, PacketCodec.Packet calldata expected) external pure {
        uint256 head = PacketCodec.readHead(packet, 0);
        assertEq(PacketCodec.kindOf(head), expected.kind, "kind");
        assertEq(PacketCodec.sequenceOf(head), expected.sequence, "sequence");
        assertEq(PacketCodec.assetOf(head), expected.assetId, "asset");
        assertEq(PacketCodec.amountOf(head), expected.amount, "amount");
        assertEq(PacketCodec.receiverLengthOf(head), expected.receiverLength, "receiver length");
        assertEq(PacketCodec.receiver(packet, 0), expected.receiver, "receiver");
        assertEq(PacketCodec.deadline(packet, 0), expected.deadline, "deadline");
        assertEq(PacketCodec.senderLength(packet, 0), expected.senderLength, "sender length");
        assertEq(PacketCodec.sender(packet, 0), expected.sender, "sender");
        assertEq(
            PacketCodec.prefixOf(head),
            PacketCodec.prefix(expected.kind, expected.sequence, expected.assetId),
            "prefix"
        );
    }

    function packetAt(string memory row) private view returns (PacketCodec.Packet memory packet) {
        bytes memory receiver = vm.parseJsonBytes(json, key(row, "receiver"));
        bytes memory sender = vm.parseJsonBytes(json, key(row, "sender"));
        bytes32 kind = keccak256(bytes(vm.parseJsonString(json, key(row, "kind"))));
        packet.kind = kind == keccak256("return") ? PacketCodec.KIND_RETURN : PacketCodec.KIND_TRANSFER;
        packet.sequence = uint64(vm.parseJsonUint(json, key(row, "sequence")));
        packet.assetId = uint32(vm.parseJsonUint(json, key(row, "asset")));
        packet.amount = uint128(vm.parseJsonUint(json, key(row, "amount")));
        packet.receiverLength = uint8(receiver.length);
        packet.receiver = bytes32(receiver);
        packet.deadline = uint64(vm.parseJsonUint(json, key(row, "deadline")));
        packet.sourceReference = vm.parseJsonBytes32(json, key(row, "sourceReference"));
        packet.senderLength = uint8(sender.length);
        packet.sender = bytes32(sender);
    }

    function checkpoint() private view returns (Checkpoint memory) {
        return Checkpoint({
            laneId: vm.parseJsonBytes32(json, ".checkpoint.laneId"),
            signerEpoch: uint64(vm.parseJsonUint(json, ".checkpoint.signerEpoch")),
            signerSetHash: vm.parseJsonBytes32(json, ".checkpoint.signerSetHash"),
            manifestHash: vm.parseJsonBytes32(json, ".checkpoint.manifestHash"),
            firstSequence: uint64(vm.parseJsonUint(json, ".checkpoint.firstSequence")),
            packetCount: uint32(vm.parseJsonUint(json, ".checkpoint.packetCount")),
            chunkSize: uint32(vm.parseJsonUint(json, ".checkpoint.chunkSize")),
            root: vm.parseJsonBytes32(json, ".checkpoint.root"),
            sourceHeight: uint64(vm.parseJsonUint(json, ".checkpoint.sourceHeight")),
            sourceBlockHash: vm.parseJsonBytes32(json, ".checkpoint.sourceBlockHash")
        });
    }

    function rows(string memory list) private view returns (uint256 count) {
        while (vm.keyExistsJson(json, item(list, count))) count++;
    }

    function item(string memory list, uint256 index) private pure returns (string memory) {
        bytes memory digits = index < 10
            ? abi.encodePacked(uint8(48 + index))
            : abi.encodePacked(uint8(48 + index / 10), uint8(48 + index % 10));
        return string(abi.encodePacked(list, "[", digits, "]"));
    }

    function key(string memory row, string memory field) private pure returns (string memory) {
        return string.concat(row, ".", field);
    }
}

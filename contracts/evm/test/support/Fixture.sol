// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BridgedToken} from "../../src/BridgedToken.sol";
import {DeployedGateway} from "./DeployedGateway.sol";
import {Checkpoint, Custody, SignerSet} from "../../src/GatewayTypes.sol";
import {IGateway} from "../../src/IGateway.sol";
import {IGatewayErrors} from "../../src/IGatewayErrors.sol";
import {PacketCodec} from "../../src/PacketCodec.sol";
import {TestToken} from "../../src/dev/TestToken.sol";
import {Test, Vm} from "./Test.sol";
import {Tree} from "./Tree.sol";

/// @dev A gateway with one remote gateway, three signers (two needed), and one asset of each custody.
abstract contract Fixture is Test {
    uint32 internal constant MINTED = 1; // canonical 6, token 18
    uint32 internal constant LOCKED = 2; // canonical 6, token 6
    uint32 internal constant NATIVE = 3; // canonical 9, coin 18
    uint32 internal constant COARSE = 4; // canonical 6, token 2, minted
    uint128 internal constant CAP = 1e24;
    uint64 internal constant WINDOW = 1 days;
    uint256 internal constant NOW = 1_800_000_000;
    bytes internal constant VAULT = hex"00112233445566778899aabbccddeeff00112233";
    string internal constant REMOTE = "cosmos:remote-1";

    address internal owner = address(0xA11CE);
    address internal guardian = address(0x6A2D);
    address internal user = address(0xB0B);
    DeployedGateway internal gateway;
    BridgedToken internal minted;
    BridgedToken internal coarse;
    TestToken internal lockToken;
    bytes32 internal outgoing;
    bytes32 internal incoming;
    uint256[] internal keys;

    function setUp() public virtual {
        vm.warp(NOW);
        keys = sortedKeys("signer", 3);
        gateway = deployGateway(owner, signerSet(1, 2, keys));
        minted = deployBridged(18, address(gateway));
        coarse = deployBridged(2, address(gateway));
        lockToken = new TestToken("Test", "TST", 6);
        vm.startPrank(owner);
        gateway.setGuardian(guardian, true);
        (outgoing, incoming) = gateway.registerLane(REMOTE, VAULT, 20, 512);
        register(MINTED, address(minted), Custody.Mint, 6);
        register(LOCKED, address(lockToken), Custody.Lock, 6);
        register(NATIVE, address(0), Custody.Native, 9);
        register(COARSE, address(coarse), Custody.Mint, 6);
        vm.stopPrank();
        lockToken.mint(user, 1e18);
        vm.deal(user, 1e24);
        vm.prank(user);
        lockToken.approve(address(gateway), type(uint256).max);
    }

    /// @dev As owner.
    function register(uint32 assetId, address token, Custody custody, uint8 decimals) internal {
        gateway.registerAsset(assetId, token, custody, decimals);
        gateway.setLimit(assetId, CAP, WINDOW);
        gateway.setLaneAsset(outgoing, assetId, true, 1, type(uint128).max, 1);
    }

    /// @dev Puts users' money into the gateway, so that there is something to pay out.
    function fund(uint256 lockedUnits, uint256 weiAmount) internal {
        vm.startPrank(user);
        if (lockedUnits > 0) gateway.send(outgoing, LOCKED, lockedUnits, VAULT, 0);
        if (weiAmount > 0) gateway.send{value: weiAmount}(outgoing, NATIVE, weiAmount, VAULT, 0);
        vm.stopPrank();
    }

    // ---- Deployment, from the compiled artifacts: `new` would compile the gateway into every test contract ----

    function deployGateway(address owner_, SignerSet memory set) internal returns (DeployedGateway) {
        return DeployedGateway(vm.deployCode("artifacts/Gateway.json", abi.encode(owner_, set)));
    }

    function deployBridged(uint8 decimals, address gateway_) internal returns (BridgedToken) {
        return BridgedToken(
            vm.deployCode("artifacts/BridgedToken.json", abi.encode("Bridged", "BRG", decimals, gateway_))
        );
    }

    // ---- Packets ----

    function account(string memory name) internal pure returns (address) {
        return address(uint160(uint256(keccak256(bytes(name)))));
    }

    function template(uint64 sequence, uint32 assetId, uint128 amount, address receiver)
        internal
        pure
        returns (PacketCodec.Packet memory)
    {
        return PacketCodec.Packet({
            kind: PacketCodec.KIND_TRANSFER,
            sequence: sequence,
            assetId: assetId,
            amount: amount,
            receiverLength: 20,
            receiver: bytes32(bytes20(receiver)),
            deadline: 0,
            sourceReference: keccak256(abi.encode("reference", sequence)),
            senderLength: 20,
            sender: bytes32(bytes20(account("remote sender")))
        });
    }

    function transferPacket(uint64 sequence, uint32 assetId, uint128 amount, address receiver)
        internal
        pure
        returns (bytes memory)
    {
        return PacketCodec.encode(template(sequence, assetId, amount, receiver));
    }

    function returnPacket(uint64 sequence, uint32 assetId, uint128 amount, address receiver)
        internal
        pure
        returns (bytes memory)
    {
        PacketCodec.Packet memory packet = template(sequence, assetId, amount, receiver);
        packet.kind = PacketCodec.KIND_RETURN;
        return PacketCodec.encode(packet);
    }

    // ---- Signers and checkpoints ----

    function sortedKeys(string memory label, uint256 count) internal pure returns (uint256[] memory made) {
        made = new uint256[](count);
        for (uint256 i = 0; i < count; i++) {
            made[i] = uint256(keccak256(abi.encode(label, i))) >> 1;
            for (uint256 j = i; j > 0 && vm.addr(made[j]) < vm.addr(made[j - 1]); j--) {
                (made[j], made[j - 1]) = (made[j - 1], made[j]);
            }
        }
    }

    function signerSet(uint64 epoch, uint32 threshold, uint256[] memory members)
        internal
        pure
        returns (SignerSet memory set)
    {
        set.epoch = epoch;
        set.threshold = threshold;
        set.members = new address[](members.length);
        for (uint256 i = 0; i < members.length; i++) {
            set.members[i] = vm.addr(members[i]);
        }
    }

    function signBy(bytes32 digest, uint256 key) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function signAll(bytes32 digest, uint256 count) internal view returns (bytes memory signatures) {
        for (uint256 i = 0; i < count; i++) {
            signatures = bytes.concat(signatures, signBy(digest, keys[i]));
        }
    }

    function signed(Checkpoint memory checkpoint) internal view returns (bytes memory) {
        return signAll(gateway.checkpointDigest(checkpoint), 2);
    }

    /// @dev The next checkpoint of the incoming lane over the chunks, all but the last of `chunkSize` packets.
    function nextCheckpoint(bytes[] memory chunks, uint32 chunkSize) internal view returns (Checkpoint memory) {
        (uint64 first,,,,) = gateway.inboundLanes(incoming);
        uint256 total = 0;
        for (uint256 i = 0; i < chunks.length; i++) {
            total += chunks[i].length / 135;
        }
        return Checkpoint({
            laneId: incoming,
            signerEpoch: gateway.signerEpoch(),
            signerSetHash: gateway.signerSetHash(),
            manifestHash: keccak256("manifest"),
            firstSequence: first,
            packetCount: uint32(total),
            chunkSize: chunkSize,
            root: Tree.root(Tree.hashes(chunks)),
            sourceHeight: 77,
            sourceBlockHash: keccak256("block")
        });
    }

    function nextCheckpoint(bytes memory packets) internal view returns (Checkpoint memory) {
        return nextCheckpoint(one(packets), uint32(packets.length / 135));
    }

    function one(bytes memory chunk) internal pure returns (bytes[] memory chunks) {
        chunks = new bytes[](1);
        chunks[0] = chunk;
    }

    function acceptedChunks() internal view returns (uint64 chunks) {
        (, chunks,,,) = gateway.inboundLanes(incoming);
    }

    /// @dev Accepts and delivers the packets as one chunk.
    function deliverNow(bytes memory packets) internal returns (Checkpoint memory checkpoint) {
        checkpoint = nextCheckpoint(packets);
        bytes memory signatures = signed(checkpoint);
        uint64 base = acceptedChunks();
        gateway.acceptAndDeliver(checkpoint, base, signatures, 0, packets, new bytes32[](0));
    }

    function nextIn() internal view returns (uint64 sequence) {
        (sequence,,,,) = gateway.inboundLanes(incoming);
    }

    function nextOut() internal view returns (uint64 sequence) {
        (sequence,,,) = gateway.outboundLanes(outgoing);
    }

    // ---- Logs ----

    function sentPackets(Vm.Log[] memory logs, address emitter) internal pure returns (bytes[] memory packets) {
        uint256 count = 0;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].emitter == emitter && logs[i].topics[0] == IGateway.PacketSent.selector) count++;
        }
        packets = new bytes[](count);
        count = 0;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].emitter == emitter && logs[i].topics[0] == IGateway.PacketSent.selector) {
                packets[count++] = abi.decode(logs[i].data, (bytes));
            }
        }
    }

    /// @dev Reasons of the refusals in the logs, in order.
    function refusals(Vm.Log[] memory logs) internal pure returns (uint8[] memory reasons) {
        uint256 count = 0;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == IGateway.PacketRefused.selector) count++;
        }
        reasons = new uint8[](count);
        count = 0;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == IGateway.PacketRefused.selector) {
                (, reasons[count++]) = abi.decode(logs[i].data, (uint64, uint8));
            }
        }
    }

    function countEvents(Vm.Log[] memory logs, bytes32 topic) internal pure returns (uint256 count) {
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == topic) count++;
        }
    }

    function expectError(bytes4 selector) internal {
        vm.expectPartialRevert(selector);
    }
}

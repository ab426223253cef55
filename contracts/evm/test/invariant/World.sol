// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BridgedToken} from "../../src/BridgedToken.sol";
import {Custody, SignerSet} from "../../src/GatewayTypes.sol";
import {IGateway} from "../../src/IGateway.sol";
import {TestToken} from "../../src/dev/TestToken.sol";
import {GasBurner, RevertingReceiver} from "../mocks/Receivers.sol";
import {Test, Vm} from "../support/Test.sol";

/// @title Two gateways on two chains, and a ledger of what they said.
/// @notice The ledger is made from events alone; the invariants compare it with storage and balances. One machine plays
/// both chains: the chain id is switched before each call.
abstract contract World is Test {
    uint256 internal constant SIGNERS = 5;
    uint256 internal constant THRESHOLD = 4;
    uint32 internal constant ASSETS = 3;
    uint64 internal constant WINDOW = 1 hours;
    /// @dev Canonical units. Transfers are up to 3e9: some exceed what one chunk may ever pay.
    uint128 internal constant CAP = 4e9;

    struct Side {
        IGateway gateway;
        uint256 chainId;
        bytes32 outgoing;
        bytes32 incoming;
        uint64 epoch;
    }

    struct Payout {
        uint256 time;
        uint256 amount;
    }

    Side[2] internal sides;
    address[] internal actors;

    // The ledger.
    mapping(bytes32 laneId => bytes[]) public packets;
    mapping(bytes32 laneId => bytes32) public accumulatorOf;
    mapping(bytes32 laneId => mapping(uint64 sequence => uint256)) public effects;
    mapping(uint32 assetId => uint256) public inFlight;
    mapping(uint32 assetId => uint256) public held;
    mapping(uint256 side => mapping(uint32 assetId => Payout[])) private _payouts;
    uint256 public time = 1_800_000_000;
    uint256 public doubled;
    uint256 public parked;
    uint256 public overCap;
    uint256 public refusals;
    uint256 public delivered;

    function _build() internal {
        vm.warp(time);
        for (uint256 i = 0; i < 4; i++) {
            actors.push(address(uint160(0xac70000 + i)));
        }
        actors.push(address(new RevertingReceiver()));
        actors.push(address(new GasBurner()));

        for (uint256 s = 0; s < 2; s++) {
            sides[s].chainId = 31337 + s;
            sides[s].epoch = 1;
            vm.chainId(sides[s].chainId);
            sides[s].gateway =
                IGateway(vm.deployCode("artifacts/Gateway.json", abi.encode(address(this), _signerSet(s, 1))));
        }
        string[2] memory chains = ["eip155:31337", "eip155:31338"];
        for (uint256 s = 0; s < 2; s++) {
            vm.chainId(sides[s].chainId);
            (sides[s].outgoing, sides[s].incoming) = sides[s].gateway
                .registerLane(chains[1 - s], abi.encodePacked(address(sides[1 - s].gateway)), 20, 128);
        }
        assertEq(sides[0].outgoing, sides[1].incoming, "both sides name a lane alike");
        assertEq(sides[1].outgoing, sides[0].incoming, "both sides name a lane alike");

        // 1: coin of the first chain. 2: a token of the first chain. 3: a token of the second, coarser on the first.
        _register(0, 1, address(0), Custody.Native, 12);
        _register(1, 1, _bridged(1, 18), Custody.Mint, 12);
        _register(0, 2, address(new TestToken("Dollar", "USD", 6)), Custody.Lock, 6);
        _register(1, 2, _bridged(1, 18), Custody.Mint, 6);
        _register(1, 3, address(new TestToken("Other", "OTH", 18)), Custody.Lock, 8);
        _register(0, 3, _bridged(0, 6), Custody.Mint, 8);
        vm.recordLogs();
    }

    function homeOf(uint32 assetId) public pure returns (uint256 side) {
        return assetId == 3 ? 1 : 0;
    }

    function gatewayOf(uint256 side) external view returns (IGateway) {
        return sides[side].gateway;
    }

    function lanesOf(uint256 side) external view returns (bytes32 outgoing, bytes32 incoming) {
        return (sides[side].outgoing, sides[side].incoming);
    }

    function packetCount(bytes32 laneId) external view returns (uint256) {
        return packets[laneId].length;
    }

    function actorCount() external view returns (uint256) {
        return actors.length;
    }

    function actorAt(uint256 index) external view returns (address) {
        return actors[index];
    }

    /// @dev Token units of one canonical unit, times 100: the coarse token has fewer decimals than the packet.
    function unitsPerHundred(uint256 side, uint32 assetId) public pure returns (uint256) {
        if (assetId == 1) return 100 * 1e6;
        if (assetId == 2) return side == 0 ? 100 : 100 * 1e12;
        return side == 0 ? 1 : 100 * 1e10;
    }

    /// @dev What the gateway keeps of the asset, or has made of it, in canonical units.
    function stockOf(uint256 side, uint32 assetId) public view returns (uint256 canonical) {
        (address token,,,) = sides[side].gateway.assets(assetId);
        uint256 local =
            homeOf(assetId) == side ? sides[side].gateway.locked(assetId) : BridgedToken(token).totalSupply();
        uint256 units = unitsPerHundred(side, assetId);
        assertEq(local * 100 % units, 0, "a fraction of a canonical unit");
        return local * 100 / units;
    }

    // ---- Signers ----

    function _keyOf(uint256 side, uint64 epoch, uint256 index) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("signer", side, epoch, index))) >> 1;
    }

    function _keysOf(uint256 side, uint64 epoch) internal pure returns (uint256[] memory keys) {
        keys = new uint256[](SIGNERS);
        for (uint256 i = 0; i < SIGNERS; i++) {
            keys[i] = _keyOf(side, epoch, i);
            for (uint256 j = i; j > 0 && vm.addr(keys[j]) < vm.addr(keys[j - 1]); j--) {
                (keys[j], keys[j - 1]) = (keys[j - 1], keys[j]);
            }
        }
    }

    function _signerSet(uint256 side, uint64 epoch) internal pure returns (SignerSet memory set) {
        uint256[] memory keys = _keysOf(side, epoch);
        set = SignerSet({epoch: epoch, threshold: uint32(THRESHOLD), members: new address[](SIGNERS)});
        for (uint256 i = 0; i < SIGNERS; i++) {
            set.members[i] = vm.addr(keys[i]);
        }
    }

    /// @dev All members but those of the mask's zero bits.
    function _signBy(uint256 side, uint64 epoch, uint256 mask, bytes32 digest)
        internal
        pure
        returns (bytes memory signatures)
    {
        uint256[] memory keys = _keysOf(side, epoch);
        for (uint256 i = 0; i < SIGNERS; i++) {
            if (mask >> i & 1 == 0) continue;
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[i], digest);
            signatures = abi.encodePacked(signatures, r, s, v);
        }
    }

    // ---- The ledger ----

    /// @dev Books what the gateways said since the last call.
    function _book() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].emitter != address(sides[0].gateway) && logs[i].emitter != address(sides[1].gateway)) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == IGateway.PacketSent.selector) {
                _bookSent(logs[i].topics[1], abi.decode(logs[i].data, (bytes)));
            } else if (topic == IGateway.ChunkDelivered.selector) {
                _bookDelivered(logs[i]);
            } else if (topic == IGateway.ReturnHeld.selector) {
                (, uint256 amount) = abi.decode(logs[i].data, (uint64, uint256));
                held[uint32(uint256(logs[i].topics[2]))] += amount;
            } else if (topic == IGateway.Claimed.selector) {
                (, uint256 amount) = abi.decode(logs[i].data, (address, uint256));
                held[uint32(uint256(logs[i].topics[1]))] -= amount;
            } else if (topic == IGateway.ReturnParked.selector) {
                parked++;
            }
        }
    }

    function _bookSent(bytes32 laneId, bytes memory packet) private {
        assertEq(packet.length, 135, "packet length");
        assertEq(_number(packet, 1, 8), packets[laneId].length, "sequences without gaps");
        packets[laneId].push(packet);
        accumulatorOf[laneId] = keccak256(abi.encodePacked(accumulatorOf[laneId], packet));
        inFlight[uint32(_number(packet, 9, 4))] += _number(packet, 13, 16);
    }

    function _bookDelivered(Vm.Log memory log) private {
        bytes32 laneId = log.topics[1];
        (uint64 first, uint32 count,, uint32 refused) = abi.decode(log.data, (uint64, uint32, uint64, uint32));
        refusals += refused;
        delivered += count;
        for (uint64 sequence = first; sequence < first + count; sequence++) {
            if (effects[laneId][sequence]++ != 0) doubled++;
            bytes storage packet = packets[laneId][sequence];
            inFlight[uint32(_number(packet, 9, 4))] -= _number(packet, 13, 16);
        }
    }

    /// @dev The recorder also keeps what a reverted call emitted.
    function _forgetLogs() internal {
        vm.getRecordedLogs();
    }

    /// @dev The time is kept here: the compiler may read `block.timestamp` once and use it again after a warp.
    function _passSeconds(uint256 elapsed) internal {
        time += elapsed;
        vm.warp(time);
    }

    /// @dev Notes what left, and whether any window ending now let out more than the cap.
    function _bookPayout(uint256 side, uint32 assetId, uint256 amount) internal {
        Payout[] storage history = _payouts[side][assetId];
        history.push(Payout({time: time, amount: amount}));
        uint256 sum = 0;
        for (uint256 i = history.length; i > 0 && history[i - 1].time + WINDOW >= time; i--) {
            sum += history[i - 1].amount;
        }
        if (sum > CAP) overCap++;
    }

    /// @dev `length` bytes of the packet as a number.
    function _number(bytes memory packet, uint256 offset, uint256 length) internal pure returns (uint256 value) {
        for (uint256 i = offset; i < offset + length; i++) {
            value = value << 8 | uint8(packet[i]);
        }
    }

    function _register(uint256 side, uint32 assetId, address token, Custody custody, uint8 decimals) private {
        IGateway gateway = sides[side].gateway;
        gateway.registerAsset(assetId, token, custody, decimals);
        gateway.setLimit(assetId, CAP, WINDOW);
        gateway.setLaneAsset(sides[side].outgoing, assetId, true, 1, type(uint128).max, 1);
        if (custody != Custody.Lock) return;
        for (uint256 i = 0; i < actors.length; i++) {
            vm.prank(actors[i]);
            TestToken(token).approve(address(gateway), type(uint256).max);
        }
    }

    function _bridged(uint256 side, uint8 decimals) private returns (address) {
        return vm.deployCode(
            "artifacts/BridgedToken.json", abi.encode("Bridged", "BRG", decimals, address(sides[side].gateway))
        );
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGateway} from "../../src/IGateway.sol";
import {TestToken} from "../../src/dev/TestToken.sol";
import {Test} from "../support/Test.sol";
import {BridgeHandler} from "./BridgeHandler.sol";

/// @title What holds between two gateways after any sequence of actions.
/// @notice One invariant function with all of them, because forge starts a campaign of its own for each function.
contract BridgeInvariants is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    BridgeHandler private handler;
    mapping(bytes32 laneId => uint64) private lastAccepted;
    mapping(bytes32 laneId => uint256) private lastBits;

    function setUp() public {
        handler = new BridgeHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev Some of them twice: most steps should move packets.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](9);
        selectors[0] = BridgeHandler.send.selector;
        selectors[1] = BridgeHandler.sendBatch.selector;
        selectors[2] = BridgeHandler.accept.selector;
        selectors[3] = BridgeHandler.deliver.selector;
        selectors[4] = BridgeHandler.claim.selector;
        selectors[5] = BridgeHandler.passTime.selector;
        selectors[6] = BridgeHandler.pauseOrResume.selector;
        selectors[7] = BridgeHandler.rotate.selector;
        selectors[8] = BridgeHandler.steal.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(handler), selectors: selectors});
    }

    /// forge-config: default.invariant.runs = 48
    /// forge-config: default.invariant.depth = 64
    function invariant_BridgeHolds() external {
        _checkAll();
    }

    /// @dev At the end of each run everything is delivered: then what is locked is what is minted or held.
    function afterInvariant() external {
        handler.settleAll();
        _checkAll();
        for (uint32 assetId = 1; assetId <= 3; assetId++) {
            assertEq(handler.inFlight(assetId), 0, "something never arrived");
            uint256 home = handler.homeOf(assetId);
            assertEq(
                handler.stockOf(home, assetId),
                handler.stockOf(1 - home, assetId) + handler.held(assetId),
                "idle: locked is minted and held"
            );
        }
    }

    /// @dev The handler reaches what it is there for; otherwise the invariants above would hold for nothing.
    function test_HandlerReachesEverything() external {
        uint256 seed = 1;
        for (uint256 i = 0; i < 700; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 what = seed >> 200;
            if (what % 16 < 4) handler.send(seed, uint128(seed >> 64));
            else if (what % 16 < 5) handler.sendBatch(seed, uint128(seed >> 64));
            else if (what % 16 < 7) handler.accept(seed);
            else if (what % 16 < 11) handler.deliver(seed);
            else if (what % 16 < 12) handler.claim(seed);
            else if (what % 16 < 13) handler.passTime(seed);
            else if (what % 16 < 14) handler.pauseOrResume(seed);
            else if (what % 16 < 15) handler.rotate(seed);
            else handler.steal(seed);
        }
        assertTrue(handler.sends() > 50, "sends");
        assertTrue(handler.accepts() > 20, "accepts");
        assertTrue(handler.chunks() > 20, "chunks");
        assertTrue(handler.duplicates() > 10, "duplicates");
        assertTrue(handler.refusals() > 5, "refusals");
        assertTrue(handler.waits() > 0, "waits for the limit");
        assertTrue(handler.pauses() > 0, "pauses");
        assertTrue(handler.rotations() > 5, "rotations");
        assertTrue(handler.thefts() > 5, "attempts to steal");
        assertTrue(handler.claims() > 0, "claims");
        _checkAll();
        handler.settleAll();
        _checkAll();
        assertEq(handler.inFlight(1) + handler.inFlight(2) + handler.inFlight(3), 0, "all arrived");
    }

    function _checkAll() private {
        assertEq(handler.doubled(), 0, "a packet had two effects");
        assertEq(handler.overCap(), 0, "more than the cap left in a window");
        assertEq(handler.parked(), 0, "a return of this bridge names an account");
        for (uint32 assetId = 1; assetId <= 3; assetId++) {
            _checkLedger(assetId);
        }
        _checkLane(0);
        _checkLane(1);
    }

    function _checkLedger(uint32 assetId) private view {
        uint256 home = handler.homeOf(assetId);
        // 1. locked = minted + under way + held for claims.
        assertEq(
            handler.stockOf(home, assetId),
            handler.stockOf(1 - home, assetId) + handler.inFlight(assetId) + handler.held(assetId),
            "locked is minted, under way or held"
        );
        // 2. The money is really there.
        IGateway gateway = handler.gatewayOf(home);
        (address token,,,) = gateway.assets(assetId);
        uint256 balance =
            token == address(0) ? address(gateway).balance : TestToken(token).balanceOf(address(gateway));
        assertEq(balance, gateway.locked(assetId), "the gateway holds what it says");
        // 3. Held is the sum of what receivers may claim.
        uint256 claimable = 0;
        for (uint256 i = 0; i < handler.actorCount(); i++) {
            claimable += handler.gatewayOf(0).claimable(assetId, handler.actorAt(i));
            claimable += handler.gatewayOf(1).claimable(assetId, handler.actorAt(i));
        }
        assertEq(claimable, handler.held(assetId), "held is claimable");
    }

    function _checkLane(uint256 side) private {
        IGateway gateway = handler.gatewayOf(side);
        (bytes32 outgoing, bytes32 incoming) = handler.lanesOf(side);
        // 4. The accumulator is what the events say.
        assertEq(gateway.accumulators(outgoing), handler.accumulatorOf(outgoing), "accumulator is its events");
        (uint64 next,,,) = gateway.outboundLanes(outgoing);
        assertEq(next, handler.packetCount(outgoing), "sequences are counted");
        // 5. What was accepted was sent, and acceptance never goes back.
        (uint64 accepted,,,,) = gateway.inboundLanes(incoming);
        assertTrue(accepted >= lastAccepted[incoming], "acceptance went back");
        assertTrue(accepted <= handler.packetCount(incoming), "accepted what was never sent");
        lastAccepted[incoming] = accepted;
        // 6. Replay bits are never cleared.
        uint256 bits = gateway.deliveredChunks(incoming, 0);
        assertEq(bits & lastBits[incoming], lastBits[incoming], "a replay bit was cleared");
        lastBits[incoming] = bits;
    }
}

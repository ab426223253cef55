// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BridgedToken} from "../src/BridgedToken.sol";
import {TestToken} from "../src/dev/TestToken.sol";
import {Checkpoint, Custody} from "../src/GatewayTypes.sol";
import {IGateway} from "../src/IGateway.sol";
import {IGatewayErrors} from "../src/IGatewayErrors.sol";
import {PacketCodec} from "../src/PacketCodec.sol";
import {DeployedGateway} from "./support/DeployedGateway.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm} from "./support/Test.sol";
import {Tree} from "./support/Tree.sol";

/// @dev Two gateways, one token: locked at home, minted abroad. Random users, faults and relayers move between them.
contract Bridge is Fixture {
    struct Lane {
        DeployedGateway target;
        bytes32 id;
        bytes[] queue;
        uint256 next;
    }

    uint32 private constant ASSET = 1;
    uint128 private constant HOME_CAP = 50_000;
    uint64 private constant HOUR = 3_600;
    DeployedGateway public home;
    DeployedGateway public abroad;
    TestToken public token;
    BridgedToken public bridged;
    Lane private _there;
    Lane private _back;
    uint256[] private _outTimes;
    uint256[] private _outAmounts;
    uint256 private _time;
    uint256 public deliveries;
    uint256 public waits;

    function setUp() public override {
        _time = NOW;
        vm.warp(_time);
        keys = sortedKeys("signer", 3);
        home = deployGateway(owner, signerSet(1, 2, keys));
        abroad = deployGateway(owner, signerSet(1, 2, keys));
        token = new TestToken("Test", "TST", 6);
        bridged = deployBridged(18, address(abroad));
        vm.startPrank(owner);
        bytes memory homeBytes = abi.encodePacked(address(home));
        bytes memory abroadBytes = abi.encodePacked(address(abroad));
        (bytes32 there, bytes32 back) = home.registerLane("eip155:31337", abroadBytes, 20, 512);
        (bytes32 backToo, bytes32 thereToo) = abroad.registerLane("eip155:31337", homeBytes, 20, 512);
        assertEq(there, thereToo, "one lane");
        assertEq(back, backToo, "one lane");
        home.registerAsset(ASSET, address(token), Custody.Lock, 6);
        abroad.registerAsset(ASSET, address(bridged), Custody.Mint, 6);
        home.setLimit(ASSET, HOME_CAP, HOUR);
        abroad.setLimit(ASSET, 1e12, HOUR);
        home.setLaneAsset(there, ASSET, true, 1, 1e9, 1);
        abroad.setLaneAsset(back, ASSET, true, 1, 1e9, 1);
        vm.stopPrank();
        _there.target = abroad;
        _there.id = there;
        _back.target = home;
        _back.id = back;
        token.mint(user, 1e15);
        vm.prank(user);
        token.approve(address(home), type(uint256).max);
    }

    // ---- Actions ----

    function sendThere(uint256 amount, uint256 fault) external {
        amount = bound(amount, 1, 20_000);
        address receiver = fault % 5 == 0 ? address(bridged) : user;
        uint64 deadline = fault % 7 == 0 ? uint64(_time + 100) : 0;
        vm.recordLogs();
        vm.prank(user);
        home.send(_there.id, ASSET, amount, abi.encodePacked(receiver), deadline);
        collect();
    }

    function sendManyThere(uint256 amount, uint8 count) external {
        uint256[] memory amounts = new uint256[](bound(count, 1, 8));
        bytes memory receivers;
        for (uint256 i = 0; i < amounts.length; i++) {
            amounts[i] = bound(amount, 1, 3_000) + i;
            receivers = bytes.concat(receivers, abi.encodePacked(i % 3 == 2 ? address(abroad) : user));
        }
        vm.recordLogs();
        vm.prank(user);
        home.sendBatch(_there.id, ASSET, amounts, receivers, 0);
        collect();
    }

    function sendBack(uint256 amount, uint256 fault) external {
        uint256 balance = bridged.balanceOf(user) / 1e12;
        if (balance == 0) return;
        amount = bound(amount, 1, balance);
        address receiver = fault % 5 == 0 ? address(home) : user;
        uint64 deadline = fault % 7 == 0 ? uint64(_time + 100) : 0;
        vm.recordLogs();
        vm.prank(user);
        abroad.send(_back.id, ASSET, amount * 1e12, abi.encodePacked(receiver), deadline);
        collect();
    }

    function deliverThere(uint8 count, uint8 chunkSize) external {
        relay(_there, count, chunkSize);
    }

    function deliverBack(uint8 count, uint8 chunkSize) external {
        relay(_back, count, chunkSize);
    }

    function claim() external {
        if (home.claimable(ASSET, user) == 0 || home.availableNow(ASSET) == 0) return;
        vm.prank(user);
        noteOutflow(home.claim(ASSET, user));
    }

    function wait(uint256 time) external {
        _time += bound(time, 1, 2_000);
        vm.warp(_time);
    }

    // ---- What must hold ----

    /// @dev I1: what is locked backs what is minted, what is on the way, and what is held.
    function checkConservation() external view {
        uint256 claims = home.claimable(ASSET, user) + abroad.claimable(ASSET, user);
        assertEq(
            home.locked(ASSET) * 1e12,
            bridged.totalSupply() + (inFlight(_there) + inFlight(_back) + claims) * 1e12,
            "locked = minted + in flight + held"
        );
        assertEq(token.balanceOf(address(home)), home.locked(ASSET), "the ledger is the balance");
    }

    /// @dev I7: outflow of any window is at most the cap.
    function checkWindows() external view {
        for (uint256 i = 0; i < _outTimes.length; i++) {
            uint256 sum = 0;
            for (uint256 j = i; j < _outTimes.length && _outTimes[j] <= _outTimes[i] + HOUR; j++) {
                sum += _outAmounts[j];
            }
            assertTrue(sum <= HOME_CAP, "window cap");
        }
    }

    /// @dev I8: the accumulator is the hash chain over exactly the packets seen, in order.
    function checkAccumulators() external view {
        checkChain(home, _there);
        checkChain(abroad, _back);
    }

    function checkChain(DeployedGateway source, Lane storage lane) private view {
        bytes32 accumulator = 0;
        for (uint256 i = 0; i < lane.queue.length; i++) {
            accumulator = keccak256(abi.encodePacked(accumulator, lane.queue[i]));
        }
        assertEq(source.accumulators(lane.id), accumulator, "accumulator");
        (uint64 nextSequence,,,) = source.outboundLanes(lane.id);
        assertEq(nextSequence, lane.queue.length, "sequences without gaps");
    }

    // ---- Relaying ----

    /// @dev Delivers the next packets of a lane as a checkpoint of several chunks, last chunk first, each tried twice.
    function relay(Lane storage lane, uint8 count, uint8 size) private {
        uint256 left = lane.queue.length - lane.next;
        if (left == 0) return;
        uint256 total = bound(count, 1, left < 12 ? left : 12);
        uint256 chunkSize = bound(size, 1, 5);
        bytes[] memory chunks = new bytes[]((total + chunkSize - 1) / chunkSize);
        for (uint256 i = 0; i < total; i++) {
            chunks[i / chunkSize] = bytes.concat(chunks[i / chunkSize], lane.queue[lane.next + i]);
        }
        Checkpoint memory cp = checkpointOf(lane, chunks, uint32(total), uint32(chunkSize));
        vm.recordLogs();
        uint256 before = token.balanceOf(user);
        if (!deliverAll(lane.target, cp, chunks)) {
            waits++;
            return;
        }
        lane.next += total;
        deliveries += total;
        collect();
        if (lane.target == home) noteOutflow(token.balanceOf(user) - before);
    }

    function checkpointOf(Lane storage lane, bytes[] memory chunks, uint32 total, uint32 chunkSize)
        private
        view
        returns (Checkpoint memory cp)
    {
        cp.laneId = lane.id;
        cp.signerEpoch = 1;
        cp.signerSetHash = lane.target.signerSetHash();
        cp.manifestHash = keccak256("manifest");
        (cp.firstSequence,,,,) = lane.target.inboundLanes(lane.id);
        cp.packetCount = total;
        cp.chunkSize = chunkSize;
        cp.root = Tree.root(Tree.hashes(chunks));
        cp.sourceHeight = 1;
        cp.sourceBlockHash = keccak256("block");
    }

    /// @dev False when the limit made a chunk wait: then nothing of the checkpoint happened.
    function deliverAll(DeployedGateway target, Checkpoint memory cp, bytes[] memory chunks)
        private
        returns (bool done)
    {
        (, uint64 base,,,) = target.inboundLanes(cp.laneId);
        bytes memory signatures = signAll(target.checkpointDigest(cp), 2);
        uint256 snapshot = vm.snapshotState();
        for (uint32 i = uint32(chunks.length); i > 0; i--) {
            bytes memory call = abi.encodeCall(
                IGateway.acceptAndDeliver,
                (cp, base, signatures, i - 1, chunks[i - 1], Tree.proof(Tree.hashes(chunks), i - 1))
            );
            (bool success, bytes memory answer) = address(target).call(call);
            if (!success) {
                assertEq(bytes4(answer), IGatewayErrors.GatewayLimitExceeded.selector, "waits");
                vm.getRecordedLogs();
                vm.revertToState(snapshot);
                return false;
            }
            (, answer) = address(target).call(call);
            assertEq(bytes4(answer), IGatewayErrors.GatewayChunkAlreadyDelivered.selector, "one effect");
        }
        return true;
    }

    function noteOutflow(uint256 amount) private {
        _outTimes.push(_time);
        _outAmounts.push(amount);
    }

    /// @dev Moves new packets from the logs into their lanes.
    function collect() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != IGateway.PacketSent.selector) continue;
            bytes memory packet = abi.decode(logs[i].data, (bytes));
            if (logs[i].topics[1] == _there.id) _there.queue.push(packet);
            else _back.queue.push(packet);
        }
    }

    function inFlight(Lane storage lane) private view returns (uint256 sum) {
        for (uint256 i = lane.next; i < lane.queue.length; i++) sum += this.amountOf(lane.queue[i]);
    }

    function amountOf(bytes calldata packet) external pure returns (uint128) {
        return PacketCodec.amountOf(PacketCodec.readHead(packet, 0));
    }
}

contract InvariantsTest is Fixture {
    Bridge private _bridge;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public override {
        _bridge = new Bridge();
        _bridge.setUp();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_bridge);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](9);
        selectors[0] = Bridge.sendThere.selector;
        selectors[1] = Bridge.sendManyThere.selector;
        selectors[2] = Bridge.sendBack.selector;
        selectors[3] = Bridge.deliverThere.selector;
        selectors[4] = Bridge.deliverBack.selector;
        selectors[5] = Bridge.claim.selector;
        selectors[6] = Bridge.wait.selector;
        // Deliveries oftener, so that the lanes do not only fill.
        selectors[7] = Bridge.deliverThere.selector;
        selectors[8] = Bridge.deliverBack.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(_bridge), selectors: selectors});
    }

    function invariant_ATK_17_18_22_conservation_and_windows_and_order() external view {
        _bridge.checkConservation();
        _bridge.checkWindows();
        _bridge.checkAccumulators();
    }

    /// @dev The handler does reach what it is for: money both ways, returns, and waiting for the limit.
    function test_the_handler_moves_money_both_ways() external {
        for (uint256 i = 0; i < 12; i++) {
            _bridge.sendThere(19_999, i + 1);
            _bridge.deliverThere(12, 3);
            // All there is: the bound folds balance - 1 to the balance.
            uint256 balance = _bridge.bridged().balanceOf(user) / 1e12;
            _bridge.sendBack(balance == 0 ? 0 : balance - 1, i);
            _bridge.deliverBack(12, 2);
        }
        assertTrue(_bridge.deliveries() > 12, "delivered");
        assertTrue(_bridge.waits() > 0, "waited");
        _bridge.wait(1_999);
        _bridge.wait(1_999);
        _bridge.deliverBack(1, 1);
        _bridge.checkConservation();
        _bridge.checkWindows();
        _bridge.checkAccumulators();
    }
}

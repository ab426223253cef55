// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Custody} from "../../src/GatewayTypes.sol";
import {IGateway} from "../../src/IGateway.sol";
import {IGatewayErrors} from "../../src/IGatewayErrors.sol";
import {BridgedToken} from "../../src/BridgedToken.sol";
import {TestToken} from "../../src/dev/TestToken.sol";
import {GasBurner, HungryReceiver, ReturnBomber, RevertingReceiver} from "../mocks/Receivers.sol";
import {FeeToken, OddToken} from "../mocks/Tokens.sol";
import {AttackFixture} from "../support/AttackFixture.sol";
import {Vm} from "../support/Test.sol";

/// @dev Every balance is a share that the owner can revalue.
contract RebasingToken is ERC20 {
    uint256 public percent = 100;

    constructor() ERC20("Rebasing", "RBS") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function rebase(uint256 next) external {
        percent = next;
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) * percent / 100;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value * 100 / percent);
    }
}

/// @title Attacks on amounts, limits and gas.
contract ValueAttacks is AttackFixture {
    uint32 private constant ODD = 5;
    uint32 private constant FAR = 6;
    /// @dev As EIP-7825 has it.
    uint256 private constant TRANSACTION_GAS = 16_777_216;
    address private constant THIEF = address(0xdead);

    struct Theft {
        uint256 time;
        uint256 amount;
    }

    Theft[] private thefts;
    // The round trip at hand: two tokens, their decimals and those of packets.
    TestToken private near;
    BridgedToken private far;
    uint8 private nearDecimals;
    uint8 private farDecimals;
    uint8 private packetDecimals;

    // ---- ATK-03, 05: all keys stolen ----

    /// @dev The thief signs what it likes, when it likes: in no window more than the cap.
    /// forge-config: default.fuzz.runs = 48
    function testFuzz_ATK_03_AFullCompromiseIsCapped(uint256 seed) external {
        uint128 cap = 10e9;
        vm.prank(owner);
        gateway.setLimit(NATIVE, cap, WINDOW);
        uint256 time = NOW;
        for (uint256 i = 0; i < 40; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 3 == 0) time += (seed >> 8) % (WINDOW / 4);
            vm.warp(time);
            // Often just what there is, sometimes too much.
            uint256 amount = (seed >> 64) % 3 > 0 ? gateway.availableNow(NATIVE) : (seed >> 72) % cap;
            thefts.push(Theft({time: time, amount: stolen(amount)}));
            uint256 sum = 0;
            for (uint256 j = thefts.length; j > 0 && thefts[j - 1].time + WINDOW >= time; j--) {
                sum += thefts[j - 1].amount;
            }
            assertTrue(sum <= cap, "more than the cap in a window");
        }
    }

    /// @dev What a forged payment of the amount really takes.
    function stolen(uint256 amount) private returns (uint256) {
        Bundle memory bundle = payment(NATIVE, uint128(amount), THIEF);
        uint256 before = THIEF.balance;
        bytes memory call = bothCall(bundle, signed(bundle.checkpoint), 0);
        (bool success, bytes memory answer) = address(gateway).call(call);
        if (!success) {
            assertEq(bytes4(answer), IGatewayErrors.GatewayLimitExceeded.selector, "waits for the limit");
        }
        return (THIEF.balance - before) / 1e9;
    }

    function test_ATK_03_ThePauseStopsATheftAtOnce() external {
        Bundle memory first = payments(NATIVE, 5e9, mallory, 2, 1);
        bytes memory signatures = signed(first.checkpoint);
        acceptNow(first);
        Bundle memory second = payment(NATIVE, 5e9, mallory);
        bytes memory more = signed(second.checkpoint);
        vm.prank(guardian);
        gateway.pause();
        bytes memory isPaused = errorOf(IGatewayErrors.GatewayIsPaused.selector);
        refused(mallory, deliverCall(first, 0), isPaused);
        refused(mallory, bothCall(first, signatures, 1), isPaused);
        refused(mallory, acceptCall(second, more), isPaused);
        refused(mallory, bothCall(second, more, 0), isPaused);
        refused(mallory, abi.encodeCall(IGateway.claim, (NATIVE, mallory)), isPaused);
        refused(mallory, abi.encodeCall(IGateway.releaseReturn, (incoming, first.chunks[0], mallory)), isPaused);
        refused(user, sendCall(LOCKED, 1e6), isPaused);
        refused(user, batchCall(LOCKED, 1e6), isPaused);
        refused(
            guardian,
            abi.encodeCall(IGateway.unpause, ()),
            abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", guardian)
        );
    }

    /// @dev ATK-45: many small payments spend the limit like one; the waiting chunk stays deliverable.
    function test_ATK_45_SplittingDoesNotEvadeTheLimit() external {
        vm.prank(owner);
        gateway.setLimit(LOCKED, 100e6, WINDOW);
        Bundle memory bundle = payments(LOCKED, 1e6, mallory, 60, 10);
        acceptNow(bundle);
        for (uint32 i = 0; i < 5; i++) {
            deliverNow(bundle, i);
        }
        uint256 wait = WINDOW / 5;
        refused(
            mallory,
            deliverCall(bundle, 5),
            abi.encodeWithSelector(
                IGatewayErrors.GatewayLimitExceeded.selector, LOCKED, uint256(10e6), uint256(0), wait
            )
        );
        // To the second that the error said.
        vm.warp(NOW + wait - 1);
        (bool early,) = address(gateway).call(deliverCall(bundle, 5));
        assertTrue(!early, "a second too early");
        vm.warp(NOW + wait);
        deliverNow(bundle, 5);
        assertEq(lockToken.balanceOf(mallory), 60e6, "all of it, later");
    }

    // ---- ATK-29: tokens that do not move what they say ----

    /// @dev At any fee, what is locked is what arrived, and what is sent is what is locked.
    function testFuzz_ATK_29_AFeeIsNeverMinted(uint8 percent, uint64 amount) external {
        FeeToken odd = new FeeToken();
        register(odd);
        odd.setFee(percent % 101);
        uint256 asked = 1 + uint256(amount) % 1e15;
        uint256 arrives = asked - asked * (percent % 101) / 100;
        vm.recordLogs();
        vm.prank(user);
        (bool success, bytes memory answer) = address(gateway).call(sendCall(ODD, asked));
        bytes[] memory packets = sentPackets(vm.getRecordedLogs(), address(gateway));
        assertEq(success ? 1 : 0, arrives > 0 ? 1 : 0, "sent when something arrived");
        if (success) {
            assertEq(packets.length, 1, "one packet");
            assertEq(amountIn(packets[0]), arrives, "what arrived travels");
        } else {
            assertEq(bytes4(answer), IGatewayErrors.GatewayAmountOutOfRange.selector, "nothing arrived");
        }
        assertEq(gateway.locked(ODD), success ? arrives : 0, "what arrived is locked");
        assertEq(odd.balanceOf(address(gateway)), success ? arrives : 0, "and it is there");
        // A batch cannot say whose amount the fee shortened.
        vm.prank(user);
        (success,) = address(gateway).call(batchCall(ODD, asked));
        assertEq(success ? 1 : 0, arrives == asked ? 1 : 0, "a batch is whole or refused");
    }

    function test_ATK_29_RebasingUpAndDown() external {
        RebasingToken odd = new RebasingToken();
        register(odd);
        vm.prank(user);
        gateway.send(outgoing, ODD, 100e6, VAULT, 0);
        // 1. Up: the gain is nobody's; what is locked stays what users brought.
        odd.rebase(150);
        assertEq(gateway.locked(ODD), 100e6, "locked does not grow");
        Bundle memory all = payment(ODD, 100e6 + 1, mallory);
        acceptNow(all);
        refused(
            mallory,
            deliverCall(all, 0),
            abi.encodeWithSelector(
                IGatewayErrors.GatewayLedgerViolated.selector, ODD, uint256(100e6 + 1), uint256(100e6)
            )
        );
        // 2. Down by half: 60 pay out, then the token itself fails, and that payment comes back. Other assets go on.
        odd.rebase(60);
        Bundle memory bundle = bundleOf(
            one(
                bytes.concat(
                    transferPacket(nextIn(), ODD, 60e6, mallory),
                    transferPacket(nextIn() + 1, ODD, 1e6, mallory),
                    transferPacket(nextIn() + 2, LOCKED, 7e6, mallory)
                )
            ),
            3
        );
        acceptNow(bundle);
        vm.recordLogs();
        deliverNow(bundle, 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint8[] memory reasons = refusals(logs);
        assertEq(reasons.length, 1, "one comes back");
        assertEq(reasons[0], 5, "payment failed");
        assertEq(amountIn(sentPackets(logs, address(gateway))[0]), 1e6, "the one that failed");
        assertEq(odd.balanceOf(mallory), 60e6, "what there was");
        assertEq(lockToken.balanceOf(mallory), 7e6, "the others are untouched");
        assertEq(gateway.locked(ODD), 40e6, "locked");
    }

    /// @dev Tokens that return nothing, false, garbage, a bomb, or burn all gas: paid or back, never both.
    function test_ATK_29_OddTokensPayOrComeBack() external {
        OddToken odd = new OddToken();
        register(ERC20(address(odd)));
        vm.prank(user);
        gateway.send(outgoing, ODD, 100e6, VAULT, 0);
        for (uint256 mode = 0; mode < 5; mode++) {
            odd.setMode(OddToken.Mode(mode));
            uint256 balance = odd.balanceOf(mallory);
            uint256 lockedBefore = gateway.locked(ODD);
            uint64 sent = nextOut();
            Bundle memory bundle = payment(ODD, 1e6, mallory);
            acceptNow(bundle);
            deliverNow(bundle, 0);
            bool pays = mode == 0;
            assertEq(odd.balanceOf(mallory) - balance, pays ? 1e6 : 0, "paid");
            assertEq(lockedBefore - gateway.locked(ODD), pays ? 1e6 : 0, "locked");
            assertEq(nextOut() - sent, pays ? 0 : 1, "returned");
            // At the deposit the same tokens credit nothing when they fail.
            if (mode == 0 || mode == 3) continue;
            uint256 stock = gateway.locked(ODD);
            vm.prank(user);
            (bool success,) = address(gateway).call{gas: 3_000_000}(sendCall(ODD, 1e6));
            assertTrue(!success, "a failed transfer was credited");
            assertEq(gateway.locked(ODD), stock, "nothing credited");
        }
    }

    // ---- ATK-30: there and back ----

    /// @dev Between tokens of 6, 12 and 18 decimals under any canonical unit: what comes back is what left, and what a
    /// side cannot represent goes back whole.
    function testFuzz_ATK_30_RoundTripsAreExact(uint256 amount, uint8 here, uint8 there, uint8 canonical) external {
        uint8[3] memory decimals = [6, 12, 18];
        (nearDecimals, farDecimals, packetDecimals) = (decimals[here % 3], decimals[there % 3], decimals[canonical % 3]);
        registerPair();
        amount = bound(amount, 1, 1e12) * 10 ** (uint256(keccak256(abi.encode(amount))) % 13);
        near.mint(user, amount);
        vm.prank(user);
        near.approve(address(gateway), amount);

        // 1. There.
        uint256 unit = unitOf(nearDecimals, packetDecimals);
        if (amount % unit != 0) {
            refused(
                user,
                sendCall(ODD, amount),
                abi.encodeWithSelector(IGatewayErrors.GatewayAmountNotRepresentable.selector, amount, unit)
            );
            return;
        }
        uint128 travelling = travel(ODD, amount);
        assertEq(scaled(amount, nearDecimals, packetDecimals), travelling, "canonical amount");
        // 2. Arrives, or goes straight back.
        vm.recordLogs();
        deliverNow(transferPacket(nextIn(), FAR, travelling, user));
        bytes[] memory back = sentPackets(vm.getRecordedLogs(), address(gateway));
        assertEq(
            back.length,
            travelling % unitOf(packetDecimals, farDecimals) == 0 ? 0 : 1,
            "goes back when it cannot be represented"
        );
        if (back.length == 1) {
            assertEq(amountIn(back[0]), travelling, "whole");
            assertEq(far.totalSupply(), 0, "nothing minted");
            deliverNow(returnPacket(nextIn(), ODD, travelling, user));
        } else {
            uint256 arrived = far.balanceOf(user);
            assertEq(scaled(travelling, packetDecimals, farDecimals), arrived, "minted");
            // 3. And back.
            assertEq(travel(FAR, arrived), travelling, "the same amount travels back");
            assertEq(far.totalSupply(), 0, "all burnt");
            deliverNow(transferPacket(nextIn(), ODD, travelling, user));
        }
        assertEq(near.balanceOf(user), amount, "to the last unit");
        assertEq(gateway.locked(ODD), 0, "nothing stays");
    }

    function registerPair() private {
        near = new TestToken("Near", "NEAR", nearDecimals);
        far = deployBridged(farDecimals, address(gateway));
        vm.startPrank(owner);
        gateway.registerAsset(ODD, address(near), Custody.Lock, packetDecimals);
        gateway.registerAsset(FAR, address(far), Custody.Mint, packetDecimals);
        for (uint32 assetId = ODD; assetId <= FAR; assetId++) {
            gateway.setLimit(assetId, type(uint128).max, WINDOW);
            gateway.setLaneAsset(outgoing, assetId, true, 1, type(uint128).max, 1);
        }
        vm.stopPrank();
    }

    // ---- Gas ----

    /// @dev With any gas at all a delivery is the full one or none: saving gas never makes a refusal.
    function testFuzz_ATK_16_GasCannotTurnAPaymentIntoARefusal(uint256 gasGiven) external {
        address hungry = address(new HungryReceiver());
        uint64 first = nextIn();
        Bundle memory bundle = bundleOf(
            one(
                bytes.concat(
                    transferPacket(first, NATIVE, 1e9, hungry),
                    transferPacket(first + 1, LOCKED, 1e6, mallory),
                    transferPacket(first + 2, NATIVE, 2e9, mallory),
                    transferPacket(first + 3, MINTED, 3e6, mallory),
                    transferPacket(first + 4, NATIVE, 1e9, hungry)
                )
            ),
            5
        );
        acceptNow(bundle);
        bytes memory call = deliverCall(bundle, 0);
        bytes32 before = fingerprint();
        uint256 start = vm.snapshotState();
        (bool complete,) = address(gateway).call(call);
        assertTrue(complete, "with all gas");
        bytes32 full = fingerprint();
        assertEq(hungry.balance, 2 ether, "paid with all gas");
        vm.revertToState(start);

        (bool success,) = address(gateway).call{gas: bound(gasGiven, 20_000, 900_000)}(call);
        assertEq(fingerprint(), success ? full : before, "less gas, another outcome");
        assertEq(hungry.balance, success ? 2 ether : 0, "less gas, another payment");
    }

    /// @dev The worst that receivers can do, in one chunk with honest ones: each fails only itself, within bounds.
    function test_ATK_14_BombsAndBurnersFailOnlyThemselves() external {
        address[4] memory bad = [
            address(new GasBurner()), address(new ReturnBomber()), address(new RevertingReceiver()), address(gateway)
        ];
        uint64 first = nextIn();
        bytes memory packets;
        for (uint64 i = 0; i < 8; i++) {
            address receiver = i % 2 == 0 ? bad[i / 2] : address(uint160(0xcafe0 + i));
            packets = bytes.concat(packets, transferPacket(first + i, NATIVE, 1e9, receiver));
        }
        Bundle memory bundle = bundleOf(one(packets), 8);
        acceptNow(bundle);
        vm.recordLogs();
        bytes memory call = deliverCall(bundle, 0);
        uint256 gasBefore = gasleft();
        succeeds(mallory, call);
        uint256 used = gasBefore - gasleft();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(refusals(logs).length, 4, "the bad ones come back");
        assertEq(sentPackets(logs, address(gateway)).length, 4, "one return each");
        for (uint64 i = 1; i < 8; i += 2) {
            assertEq(address(uint160(0xcafe0 + i)).balance, 1 ether, "the good ones are paid");
        }
        assertEq(gateway.locked(NATIVE), NATIVE_DEPOSIT - 4 ether, "locked");
        assertTrue(used < 8 * TRANSACTION_GAS / 128, "a full chunk of these fits a transaction");
    }

    // ---- Helpers ----

    function register(ERC20 odd) private {
        vm.startPrank(owner);
        register(ODD, address(odd), Custody.Lock, 6);
        vm.stopPrank();
        FeeToken(address(odd)).mint(user, 1e18);
        // OddToken knows no approvals.
        vm.prank(user);
        (bool approved,) = address(odd).call(abi.encodeCall(ERC20.approve, (address(gateway), type(uint256).max)));
        if (approved) assertEq(odd.allowance(user, address(gateway)), type(uint256).max, "approved");
    }

    function travel(uint32 assetId, uint256 amount) private returns (uint128) {
        vm.recordLogs();
        succeeds(user, sendCall(assetId, amount));
        return uint128(amountIn(sentPackets(vm.getRecordedLogs(), address(gateway))[0]));
    }

    function amountIn(bytes memory packet) private pure returns (uint256 amount) {
        for (uint256 i = 13; i < 29; i++) {
            amount = amount << 8 | uint8(packet[i]);
        }
    }

    /// @dev Units of the finer side in one of the coarser; one when `from` is the coarser.
    function unitOf(uint8 from, uint8 to) private pure returns (uint256) {
        return from > to ? 10 ** uint256(from - to) : 1;
    }

    function scaled(uint256 amount, uint8 from, uint8 to) private pure returns (uint256) {
        return from > to ? amount / 10 ** uint256(from - to) : amount * 10 ** uint256(to - from);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint, Custody, Refusal} from "../src/GatewayTypes.sol";
import {IGatewayErrors as E} from "../src/IGatewayErrors.sol";
import {TestToken} from "../src/dev/TestToken.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm} from "./support/Test.sol";

contract LimitsTest is Fixture {
    bytes32[] private none;
    uint128 private constant LIMIT = 1_000;
    uint64 private constant HOUR = 3_600;

    function setUp() public override {
        super.setUp();
        vm.prank(owner);
        gateway.setLimit(MINTED, LIMIT, HOUR);
    }

    function to(uint64 sequence, uint128 amount) private pure returns (bytes memory) {
        return transferPacket(sequence, MINTED, amount, account("to"));
    }

    function accepted(bytes memory body) private returns (Checkpoint memory cp, uint64 base) {
        cp = nextCheckpoint(body);
        base = acceptedChunks();
        gateway.accept(cp, signed(cp));
    }

    function test_over_the_limit_a_chunk_waits_and_then_goes() public {
        deliverNow(to(0, 400));
        bytes memory body = to(1, 200);
        (Checkpoint memory cp, uint64 base) = accepted(body);
        // 100 are left of 500; a refill of 500 takes an hour: 100 more in 720 seconds.
        vm.expectRevert(abi.encodeWithSelector(E.GatewayLimitExceeded.selector, MINTED, 200, 100, 720));
        gateway.deliver(cp, base, 0, body, none);
        vm.warp(NOW + 719);
        expectError(E.GatewayLimitExceeded.selector);
        gateway.deliver(cp, base, 0, body, none);
        vm.warp(NOW + 720);
        gateway.deliver(cp, base, 0, body, none);
        assertEq(minted.balanceOf(account("to")), 600e12, "paid");
        assertEq(gateway.availableNow(MINTED), 0, "used up");
    }

    function test_what_one_chunk_could_never_pay_goes_back_in_order() public {
        bytes memory body = bytes.concat(to(0, 300), to(1, 501), to(2, 200), to(3, 1), to(4, 0));
        vm.recordLogs();
        deliverNow(body);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint8[] memory reasons = refusals(logs);
        assertEq(reasons.length, 2, "two");
        assertEq(reasons[0], uint8(Refusal.OverLimit), "501 alone");
        assertEq(reasons[1], uint8(Refusal.OverLimit), "one too many");
        assertEq(minted.totalSupply(), 500e12, "capacity");
    }

    function test_ATK_45_splitting_does_not_evade_the_limit() public {
        for (uint64 i = 0; i < 5; i++) deliverNow(to(i, 100));
        bytes memory body = to(5, 1);
        (Checkpoint memory cp, uint64 base) = accepted(body);
        expectError(E.GatewayLimitExceeded.selector);
        gateway.deliver(cp, base, 0, body, none);
    }

    function test_ATK_03_05_all_keys_stolen_lose_at_most_the_cap_in_a_window() public {
        uint64 sequence = 0;
        uint256 start = NOW;
        uint256 stolen = 0;
        // A thief with every key takes what it can, every minute of a window.
        for (uint256 minute = 0; minute <= 60; minute++) {
            vm.warp(start + minute * 60);
            uint256 take = gateway.availableNow(MINTED);
            if (take == 0) continue;
            deliverNow(to(sequence++, uint128(take)));
            stolen += take;
        }
        assertTrue(stolen <= LIMIT, "capped");
        assertTrue(stolen > LIMIT * 9 / 10, "and not far below");
        assertEq(minted.totalSupply(), stolen * 1e12, "that is all there is");
    }

    function testFuzz_any_window_lets_out_at_most_the_cap(uint256 seed) public {
        uint256[] memory times = new uint256[](24);
        uint256[] memory amounts = new uint256[](24);
        uint256 time = NOW;
        uint64 sequence = 0;
        for (uint256 i = 0; i < 24; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            // Odd steps, so that fractions of units are left over.
            time += seed % 1_777;
            vm.warp(time);
            uint256 available = gateway.availableNow(MINTED);
            amounts[i] = available == 0 ? 0 : bound(seed >> 64, 1, available);
            times[i] = time;
            if (amounts[i] > 0) deliverNow(to(sequence++, uint128(amounts[i])));
        }
        for (uint256 i = 0; i < 24; i++) {
            uint256 sum = 0;
            for (uint256 j = i; j < 24 && times[j] <= times[i] + HOUR; j++) sum += amounts[j];
            assertTrue(sum <= LIMIT, "window");
        }
    }

    function test_frequent_use_of_a_small_limit_still_refills() public {
        deliverNow(to(0, 500));
        // 500 an hour is one in 7.2 seconds; looking every second must not lose the fractions.
        uint64 sequence = 1;
        for (uint256 second = 1; second <= 72; second++) {
            vm.warp(NOW + second);
            if (gateway.availableNow(MINTED) > 0) deliverNow(to(sequence++, 1));
        }
        assertTrue(sequence >= 10, "nine or ten units in 72 seconds");
    }

    function test_returns_count_and_are_held_beyond_the_capacity() public {
        uint64 out = nextOut();
        deliverNow(returnPacket(0, MINTED, 501, user));
        assertEq(nextOut(), out, "no packet");
        assertEq(gateway.claimable(MINTED, user), 501, "held");
        bytes memory body = returnPacket(1, MINTED, 500, user);
        deliverNow(body);
        // Claims are payouts: they wait for the limit too, and take what there is.
        vm.startPrank(user);
        expectError(E.GatewayLimitExceeded.selector);
        gateway.claim(MINTED, user);
        vm.warp(NOW + HOUR / 5);
        assertEq(gateway.claim(MINTED, user), 100, "a part");
        vm.warp(NOW + 3 * HOUR);
        assertEq(gateway.claim(MINTED, user), 401, "the rest");
        vm.stopPrank();
        assertEq(minted.totalSupply(), 1_001e12, "all paid");
    }

    function test_changing_a_limit_refills_nothing_and_zero_stops() public {
        deliverNow(to(0, 450));
        vm.startPrank(owner);
        gateway.setLimit(MINTED, LIMIT, HOUR);
        assertEq(gateway.availableNow(MINTED), 50, "what was left");
        gateway.setLimit(MINTED, LIMIT * 100, HOUR);
        assertEq(gateway.availableNow(MINTED), 50, "what was left");
        gateway.setLimit(MINTED, 20, HOUR);
        assertEq(gateway.availableNow(MINTED), 10, "the smaller");
        gateway.setLimit(MINTED, 0, HOUR);
        vm.stopPrank();
        assertEq(gateway.availableNow(MINTED), 0, "stopped");
        vm.recordLogs();
        deliverNow(to(1, 1));
        assertEq(refusals(vm.getRecordedLogs())[0], uint8(Refusal.OverLimit), "nothing is paid");
        vm.prank(owner);
        gateway.setLimit(MINTED, LIMIT, HOUR);
        assertEq(gateway.availableNow(MINTED), 0, "starts empty");
    }

    function test_ATK_11_without_a_limit_nothing_is_paid() public {
        TestToken token = new TestToken("New", "NEW", 6);
        vm.startPrank(owner);
        gateway.registerAsset(9, address(token), Custody.Lock, 6);
        gateway.setLaneAsset(outgoing, 9, true, 1, 1_000, 1);
        vm.stopPrank();
        token.mint(user, 10);
        vm.startPrank(user);
        token.approve(address(gateway), 10);
        gateway.send(outgoing, 9, 10, VAULT, 0);
        vm.stopPrank();
        vm.recordLogs();
        deliverNow(transferPacket(0, 9, 1, account("to")));
        assertEq(refusals(vm.getRecordedLogs())[0], uint8(Refusal.OverLimit), "sent back");
        assertEq(gateway.availableNow(9), 0, "unset");
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Custody} from "../src/GatewayTypes.sol";
import {IGateway} from "../src/IGateway.sol";
import {IGatewayErrors as E} from "../src/IGatewayErrors.sol";
import {PacketCodec} from "../src/PacketCodec.sol";
import {Forwarder} from "../src/forward/Forwarder.sol";
import {ForwarderFactory} from "../src/forward/ForwarderFactory.sol";
import {ForwardTerms, IForwarder} from "../src/forward/IForwarder.sol";
import {ForwardFixture} from "./support/ForwardFixture.sol";
import {Vm} from "./support/Test.sol";
import {RevertingReceiver} from "./mocks/Receivers.sol";
import {FeeToken, OddToken, ReentrantToken} from "./mocks/Tokens.sol";

/// @dev Takes approvals, and asks nobody for one.
contract ApprovableOddToken is OddToken {
    function approve(address, uint256) external {}
}

/// @dev A forwarder sends one amount on, once, to one receiver; the rest goes to the recovery account.
contract ForwarderTest is ForwardFixture {
    uint32 private constant ODD = 5;
    address private stranger = address(0x57A);

    function test_what_is_delivered_goes_on_to_the_final_receiver() public {
        fund(10_000, 10 ether);
        (uint32[3] memory ids, uint128[3] memory canonical, uint256[3] memory local) =
            ([MINTED, LOCKED, NATIVE], [uint128(5), 700, 3e9], [uint256(5e12), 700, 3 ether]);
        for (uint256 i = 0; i < 3; i++) {
            ForwardTerms memory terms = termsOf(ids[i], local[i]);
            address place = factory.forwarderOf(terms);
            // Paid before it is there.
            deliverNow(transferPacket(nextIn(), ids[i], canonical[i], place));
            assertEq(place.code.length, 0, "not deployed yet");
            uint64 next = nextOut();
            vm.recordLogs();
            vm.prank(stranger);
            (uint64 sequence, bytes32 transferId) = factory.poke(terms);
            bytes[] memory packets = sentPackets(vm.getRecordedLogs(), address(gateway));
            assertEq(sequence, next, "the lane's next");
            assertEq(packets.length, 1, "one packet");
            assertEq(transferId, keccak256(abi.encodePacked(outgoing, packets[0])), "its transfer id");
            checkPacket(packets[0], ids[i], canonical[i], place);
            assertEq(balanceOf(ids[i], place), 0, "nothing is left");
            assertTrue(IForwarder(place).forwarded(), "done");
        }
    }

    function test_it_waits_for_the_whole_amount() public {
        ForwardTerms memory terms = termsOf(LOCKED, 1_000);
        address place = factory.forwarderOf(terms);
        lockToken.mint(place, 999);
        expectError(IForwarder.ForwarderWaiting.selector);
        factory.poke(terms);
        // The attempt left nothing behind, not even the deployment.
        assertEq(place.code.length, 0, "no code");
        lockToken.mint(place, 6);
        factory.poke(terms);
        assertEq(lockToken.balanceOf(place), 5, "what came on top stays");
        vm.prank(stranger);
        IForwarder(place).recover(address(lockToken));
        assertEq(lockToken.balanceOf(recovery), 5, "and goes to the recovery account");
    }

    function test_a_refused_second_hop_ends_with_the_recovery_account_and_never_travels_again() public {
        ForwardTerms memory terms = termsOf(MINTED, 5e12);
        address place = factory.forwarderOf(terms);
        deliverNow(transferPacket(nextIn(), MINTED, 5, place));
        factory.poke(terms);
        uint64 sent = nextOut();
        deliverNow(returnPacket(nextIn(), MINTED, 5, place));
        assertEq(minted.balanceOf(place), 5e12, "back at the forwarder");
        expectError(IForwarder.ForwarderDone.selector);
        factory.poke(terms);
        assertEq(nextOut(), sent, "nothing travels on");
        vm.prank(stranger);
        factory.pokeRecover(terms, address(minted));
        assertEq(minted.balanceOf(recovery), 5e12, "recovered");
    }

    function test_a_refund_that_could_not_be_paid_is_claimed_for_the_recovery_account() public {
        OddToken odd = new ApprovableOddToken();
        vm.prank(owner);
        gateway.registerAsset(ODD, address(odd), Custody.Lock, 6);
        allow(ODD);
        ForwardTerms memory terms = termsOf(ODD, 100);
        address place = factory.forwarderOf(terms);
        odd.mint(place, 100);
        factory.poke(terms);
        odd.setMode(OddToken.Mode.Reverts);
        deliverNow(returnPacket(nextIn(), ODD, 100, place));
        odd.setMode(OddToken.Mode.Silent);
        assertEq(gateway.claimable(ODD, place), 100, "held");
        vm.prank(stranger);
        IForwarder(place).claimHeld();
        assertEq(odd.balanceOf(recovery), 100, "claimed");
        assertEq(odd.balanceOf(place), 0, "not for the forwarder");
    }

    function test_front_running_the_deployment_changes_nothing() public {
        ForwardTerms memory terms = termsOf(LOCKED, 1_000);
        address place = factory.forwarderOf(terms);
        vm.prank(stranger);
        assertEq(address(factory.deploy(terms)), place, "the stranger makes the same one");
        bytes32 code = place.codehash;
        assertEq(address(factory.deploy(terms)), place, "again is nothing");
        assertEq(place.codehash, code, "the same code");
        assertEq(keccak256(abi.encode(IForwarder(place).terms())), keccak256(abi.encode(terms)), "the same terms");
        lockToken.mint(place, 1_000);
        vm.prank(stranger);
        IForwarder(place).forward();
        assertEq(gateway.locked(LOCKED), 1_000, "sent on");
    }

    function test_a_deposit_that_fails_now_leaves_everything_as_it_was() public {
        ForwardTerms memory terms = termsOf(LOCKED, 1_000);
        address place = factory.forwarderOf(terms);
        lockToken.mint(place, 1_000);
        factory.deploy(terms);
        vm.prank(guardian);
        gateway.pause();
        expectError(E.GatewayIsPaused.selector);
        factory.poke(terms);
        vm.prank(owner);
        gateway.unpause();
        vm.prank(owner);
        gateway.setLaneEnabled(outgoing, false);
        expectError(E.GatewayLaneDisabled.selector);
        factory.poke(terms);
        assertTrue(!IForwarder(place).forwarded(), "not done");
        assertEq(lockToken.allowance(place, address(gateway)), 0, "no allowance");
        // A stranger cannot use the pause to have it end here.
        vm.prank(stranger);
        expectError(IForwarder.ForwarderNotRecovery.selector);
        IForwarder(place).recover(address(lockToken));
        vm.prank(owner);
        gateway.setLaneEnabled(outgoing, true);
        factory.poke(terms);
        assertEq(gateway.locked(LOCKED), 1_000, "sent on after all");
    }

    function test_the_recovery_account_may_take_it_at_any_time() public {
        ForwardTerms memory terms = termsOf(LOCKED, 1_000);
        address place = address(factory.deploy(terms));
        lockToken.mint(place, 1_000);
        vm.prank(stranger);
        expectError(IForwarder.ForwarderNotRecovery.selector);
        IForwarder(place).recoverTo(address(lockToken), stranger);
        vm.prank(recovery);
        IForwarder(place).recover(address(lockToken));
        assertEq(lockToken.balanceOf(recovery), 1_000, "taken");
    }

    function test_after_the_expiry_it_only_goes_back() public {
        ForwardTerms memory terms = termsOf(NATIVE, 1 ether);
        address place = factory.forwarderOf(terms);
        vm.deal(place, 1 ether);
        vm.warp(terms.expiry);
        expectError(IForwarder.ForwarderExpired.selector);
        factory.poke(terms);
        vm.prank(stranger);
        factory.pokeRecover(terms, address(0));
        assertEq(recovery.balance, 1 ether, "to the recovery account, whoever calls");
    }

    function test_a_recovery_account_that_takes_nothing_names_another() public {
        RevertingReceiver closed = new RevertingReceiver();
        ForwardTerms memory terms = termsOf(NATIVE, 1 ether);
        terms.recovery = address(closed);
        address place = address(factory.deploy(terms));
        vm.deal(place, 1 ether);
        vm.warp(terms.expiry);
        vm.expectRevert();
        IForwarder(place).recover(address(0));
        assertEq(place.balance, 1 ether, "nothing is lost by trying");
        closed.execute(place, abi.encodeCall(IForwarder.recoverTo, (address(0), account("purse"))));
        assertEq(account("purse").balance, 1 ether, "paid elsewhere");
    }

    function test_other_tokens_that_end_there_can_be_had_back() public {
        ForwardTerms memory terms = termsOf(LOCKED, 1_000);
        address place = address(factory.deploy(terms));
        vm.prank(address(gateway));
        minted.crosschainMint(place, 7);
        vm.prank(recovery);
        IForwarder(place).recover(address(minted));
        assertEq(minted.balanceOf(recovery), 7, "had back");
    }

    function test_little_gas_cannot_use_it_up() public {
        ForwardTerms memory terms = termsOf(LOCKED, 1_000);
        address place = address(factory.deploy(terms));
        lockToken.mint(place, 1_000);
        for (uint256 gasGiven = 20_000; gasGiven <= 400_000; gasGiven += 5_000) {
            uint256 start = vm.snapshotState();
            (bool success,) = place.call{gas: gasGiven}(abi.encodeCall(IForwarder.forward, ()));
            assertEq(success ? 1_000 : 0, gateway.locked(LOCKED), "all or nothing");
            assertTrue(IForwarder(place).forwarded() == success, "done only when it was sent");
            vm.revertToState(start);
        }
    }

    function test_a_token_that_keeps_a_fee() public {
        FeeToken fee = new FeeToken();
        vm.prank(owner);
        gateway.registerAsset(ODD, address(fee), Custody.Lock, 6);
        allow(ODD);
        ForwardTerms memory terms = termsOf(ODD, 1_000);
        address place = factory.forwarderOf(terms);
        // Less arrives than was meant: it waits, and ends with the recovery account.
        fee.setFee(1);
        fee.mint(user, 1_000);
        vm.prank(user);
        fee.transfer(place, 1_000);
        expectError(IForwarder.ForwarderWaiting.selector);
        factory.poke(terms);
        vm.warp(terms.expiry);
        factory.pokeRecover(terms, address(fee));
        assertEq(fee.balanceOf(place), 0, "nothing stays");
        // What the gateway credits is what arrives there, as for every deposit.
        terms.expiry = uint64(block.timestamp + 1);
        place = factory.forwarderOf(terms);
        fee.mint(place, 1_000);
        vm.recordLogs();
        factory.poke(terms);
        bytes[] memory packets = sentPackets(vm.getRecordedLogs(), address(gateway));
        checkPacket(packets[0], ODD, 990, place);
        assertEq(fee.allowance(place, address(gateway)), 0, "no allowance is left");
    }

    function test_tokens_that_fail_lie_or_bomb() public {
        OddToken odd = new ApprovableOddToken();
        vm.prank(owner);
        gateway.registerAsset(ODD, address(odd), Custody.Lock, 6);
        allow(ODD);
        ForwardTerms memory terms = termsOf(ODD, 1_000);
        address place = address(factory.deploy(terms));
        odd.mint(place, 1_000);
        OddToken.Mode[3] memory modes = [OddToken.Mode.ReturnsFalse, OddToken.Mode.Reverts, OddToken.Mode.ReturnBomb];
        for (uint256 i = 0; i < modes.length; i++) {
            odd.setMode(modes[i]);
            vm.expectRevert();
            IForwarder(place).forward();
            vm.prank(recovery);
            vm.expectRevert();
            IForwarder(place).recover(address(odd));
            assertTrue(!IForwarder(place).forwarded(), "not done");
            assertEq(odd.balanceOf(place), 1_000, "still there");
        }
        odd.setMode(OddToken.Mode.Silent);
        factory.poke(terms);
        assertEq(odd.balanceOf(address(gateway)), 1_000, "sent on once the token behaves");
    }

    function test_a_token_that_calls_back_gets_nowhere() public {
        ReentrantToken hooked = new ReentrantToken();
        vm.prank(owner);
        gateway.registerAsset(ODD, address(hooked), Custody.Lock, 6);
        allow(ODD);
        ForwardTerms memory terms = termsOf(ODD, 1_000);
        address place = address(factory.deploy(terms));
        bytes[4] memory calls = [
            abi.encodeCall(IForwarder.forward, ()),
            abi.encodeCall(IForwarder.recover, (address(hooked))),
            abi.encodeCall(IForwarder.recoverTo, (address(hooked), stranger)),
            abi.encodeCall(IForwarder.claimHeld, ())
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            uint256 start = vm.snapshotState();
            hooked.mint(place, 1_500);
            hooked.arm(place, calls[i]);
            IForwarder(place).forward();
            assertTrue(hooked.attempts() > 0, "it did call back");
            assertEq(hooked.successes(), 0, "in vain");
            assertEq(gateway.locked(ODD), 1_000, "sent on once");
            assertEq(hooked.balanceOf(place), 500, "the rest is where it was");
            vm.revertToState(start);
        }
    }

    function test_the_code_behind_it_does_nothing_by_itself() public {
        Forwarder code = Forwarder(payable(factory.implementation()));
        expectError(IForwarder.ForwarderNotDeployed.selector);
        code.forward();
        expectError(IForwarder.ForwarderNotDeployed.selector);
        code.recover(address(0));
        expectError(IForwarder.ForwarderNotDeployed.selector);
        code.recoverTo(address(0), stranger);
        expectError(IForwarder.ForwarderNotDeployed.selector);
        code.claimHeld();
        expectError(IForwarder.ForwarderNotDeployed.selector);
        code.terms();
    }

    function test_a_receiver_of_another_length_is_refused_by_the_gateway() public {
        ForwardTerms memory terms = termsOf(LOCKED, 1_000);
        uint8[4] memory lengths = [0, 19, 32, 255];
        for (uint256 i = 0; i < lengths.length; i++) {
            terms.receiverLength = lengths[i];
            address place = factory.forwarderOf(terms);
            lockToken.mint(place, 1_000);
            expectError(E.GatewayReceiverMalformed.selector);
            factory.poke(terms);
            vm.prank(recovery);
            factory.deploy(terms);
            vm.prank(recovery);
            IForwarder(place).recover(address(lockToken));
        }
        assertEq(lockToken.balanceOf(recovery), 4_000, "had back each time");
    }

    function testFuzz_every_term_is_part_of_the_address(uint256 which, uint256 value) public view {
        ForwardTerms memory terms = termsOf(LOCKED, 1_000);
        address before = factory.forwarderOf(terms);
        which = bound(which, 0, 8);
        if (which == 0) terms.gateway = address(uint160(value));
        if (which == 1) terms.laneId = bytes32(value);
        if (which == 2) terms.assetId = uint32(value);
        if (which == 3) terms.amount = value;
        if (which == 4) terms.receiver = bytes32(value);
        if (which == 5) terms.receiverLength = uint8(value);
        if (which == 6) terms.recovery = address(uint160(value));
        if (which == 7) terms.expiry = uint64(value);
        if (which == 8) terms.nonce = bytes32(value);
        bool isSame = keccak256(abi.encode(terms)) == keccak256(abi.encode(termsOf(LOCKED, 1_000)));
        assertTrue((factory.forwarderOf(terms) == before) == isSame, "an address stands for its terms");
    }

    /// @dev Whoever calls whatever in whatever order: only the lane and the recovery account are ever paid.
    function testFuzz_nobody_can_redirect_what_it_holds(address caller, address to, uint256 amount, uint256 held) public {
        vm.assume(caller != recovery && caller != address(0) && caller != address(factory));
        amount = bound(amount, 1, 1e15);
        held = bound(held, 0, 2e15);
        ForwardTerms memory terms = termsOf(LOCKED, amount);
        address place = address(factory.deploy(terms));
        vm.assume(caller != place && to != place);
        lockToken.mint(place, held);
        vm.startPrank(caller);
        (bool moved,) = place.call(abi.encodeCall(IForwarder.recoverTo, (address(lockToken), to)));
        assertTrue(!moved, "only the recovery account names another");
        (moved,) = place.call(abi.encodeCall(IForwarder.recover, (address(lockToken))));
        assertTrue(!moved, "not before it was sent on");
        (moved,) = place.call(abi.encodeCall(IForwarder.forward, ()));
        assertTrue(moved == (held >= amount), "sent on when it is whole");
        (bool again,) = place.call(abi.encodeCall(IForwarder.recover, (address(lockToken))));
        assertTrue(again == moved, "then the rest goes back");
        vm.stopPrank();
        uint256 sent = moved ? amount : 0;
        assertEq(gateway.locked(LOCKED), sent, "the lane");
        assertEq(lockToken.balanceOf(recovery), moved ? held - amount : 0, "the recovery account");
        assertEq(lockToken.balanceOf(place), moved ? 0 : held, "the forwarder");
    }
}

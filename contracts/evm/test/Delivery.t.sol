// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Custody, Checkpoint, Refusal} from "../src/GatewayTypes.sol";
import {IGateway} from "../src/IGateway.sol";
import {IGatewayErrors as E} from "../src/IGatewayErrors.sol";
import {PacketCodec} from "../src/PacketCodec.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm} from "./support/Test.sol";
import {
    GasBurner,
    HungryReceiver,
    ReentrantReceiver,
    ReturnBomber,
    RevertingReceiver
} from "./mocks/Receivers.sol";
import {OddToken, ReentrantToken} from "./mocks/Tokens.sol";

/// @dev Payments and refusals.
contract DeliveryTest is Fixture {
    uint32 private constant ODD = 5;
    bytes32[] private none;

    /// @dev Delivers one packet that must be refused for the reason, and checks its return byte for byte.
    function refused(PacketCodec.Packet memory packet, Refusal reason) private {
        packet.sequence = nextIn();
        uint64 out = nextOut();
        bytes32 before = gateway.accumulators(outgoing);
        bytes memory body = PacketCodec.encode(packet);
        vm.recordLogs();
        deliverNow(body);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint8[] memory reasons = refusals(logs);
        assertEq(reasons.length, 1, "one refusal");
        assertEq(reasons[0], uint8(reason), "reason");
        bytes memory expected = PacketCodec.encode(
            PacketCodec.Packet({
                kind: PacketCodec.KIND_RETURN,
                sequence: out,
                assetId: packet.assetId,
                amount: packet.amount,
                receiverLength: packet.senderLength,
                receiver: packet.sender,
                deadline: 0,
                sourceReference: keccak256(abi.encodePacked(incoming, body)),
                senderLength: packet.receiverLength,
                sender: packet.receiver
            })
        );
        bytes[] memory sent = sentPackets(logs, address(gateway));
        assertEq(sent.length, 1, "one return");
        assertEq(sent[0], expected, "the return");
        assertEq(gateway.accumulators(outgoing), keccak256(abi.encodePacked(before, expected)), "accumulator");
        assertEq(nextOut(), out + 1, "next sequence");
    }

    function transferTo(uint32 assetId, uint128 amount, address receiver)
        private
        view
        returns (PacketCodec.Packet memory)
    {
        return template(nextIn(), assetId, amount, receiver);
    }

    // ---- Paid ----

    function test_each_custody_pays_exactly() public {
        fund(1_000_000, 1 ether);
        address to = account("to");
        bytes memory body = bytes.concat(
            transferPacket(0, MINTED, 1_500_000, to),
            transferPacket(1, LOCKED, 400_000, to),
            transferPacket(2, NATIVE, 250_000_000, to),
            transferPacket(3, COARSE, 120_000, to),
            transferPacket(4, MINTED, 1, to)
        );
        vm.recordLogs();
        deliverNow(body);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(refusals(logs).length, 0, "none refused");
        assertEq(countEvents(logs, IGateway.ChunkDelivered.selector), 1, "one event for the chunk");
        assertEq(minted.balanceOf(to), 1_500_001 * 1e12, "minted, finer here");
        assertEq(minted.totalSupply(), 1_500_001 * 1e12, "supply");
        assertEq(lockToken.balanceOf(to), 400_000, "unlocked");
        assertEq(to.balance, 0.25 ether, "coin");
        assertEq(coarse.balanceOf(to), 12, "minted, coarser here");
        assertEq(gateway.locked(LOCKED), 600_000, "locked left");
        assertEq(gateway.locked(NATIVE), 0.75 ether, "coin left");
    }

    function test_a_deadline_is_good_to_its_last_second() public {
        PacketCodec.Packet memory packet = transferTo(MINTED, 5, account("to"));
        packet.deadline = uint64(NOW);
        deliverNow(PacketCodec.encode(packet));
        assertEq(minted.balanceOf(account("to")), 5e12, "paid");
    }

    // ---- Refused ----

    function test_expired_goes_back() public {
        fund(100, 0);
        PacketCodec.Packet memory packet = transferTo(MINTED, 5, account("to"));
        packet.deadline = uint64(NOW - 1);
        refused(packet, Refusal.Expired);
        packet = transferTo(LOCKED, 5, account("to"));
        packet.deadline = 1;
        refused(packet, Refusal.Expired);
        assertEq(minted.totalSupply(), 0, "nothing minted");
        assertEq(gateway.locked(LOCKED), 100, "nothing left");
    }

    function test_unknown_and_disabled_assets_go_back() public {
        refused(transferTo(99, 5, account("to")), Refusal.AssetUnknown);
        refused(transferTo(0, 5, account("to")), Refusal.AssetUnknown);
        vm.prank(owner);
        gateway.setLaneAsset(outgoing, MINTED, false, 1, 1, 1);
        refused(transferTo(MINTED, 5, account("to")), Refusal.AssetUnknown);
    }

    function test_ATK_20_asset_of_another_lane_goes_back() public {
        vm.startPrank(owner);
        gateway.registerAsset(ODD, address(new OddToken()), Custody.Lock, 6);
        gateway.setLimit(ODD, CAP, WINDOW);
        (bytes32 otherLane,) = gateway.registerLane("cosmos:remote-2", VAULT, 20, 512);
        gateway.setLaneAsset(otherLane, ODD, true, 1, 1e12, 1);
        vm.stopPrank();
        refused(transferTo(ODD, 5, account("to")), Refusal.AssetUnknown);
    }

    function test_ATK_34_malformed_receivers_go_back() public {
        fund(100, 1 ether);
        uint32[4] memory ids = [MINTED, LOCKED, NATIVE, COARSE];
        for (uint256 i = 0; i < 4; i++) {
            PacketCodec.Packet memory packet = transferTo(ids[i], 10_000, account("to"));
            packet.receiverLength = 32;
            refused(packet, Refusal.ReceiverMalformed);
            packet.receiverLength = 19;
            refused(packet, Refusal.ReceiverMalformed);
            packet = transferTo(ids[i], 10_000, account("to"));
            packet.receiver |= bytes32(uint256(1));
            refused(packet, Refusal.ReceiverMalformed);
            refused(transferTo(ids[i], 10_000, address(0)), Refusal.ReceiverMalformed);
            refused(transferTo(ids[i], 10_000, address(gateway)), Refusal.ReceiverMalformed);
        }
        refused(transferTo(MINTED, 5, address(minted)), Refusal.ReceiverMalformed);
        refused(transferTo(LOCKED, 5, address(lockToken)), Refusal.ReceiverMalformed);
        assertEq(minted.totalSupply(), 0, "nothing minted");
    }

    function test_ATK_30_amounts_the_token_cannot_represent_go_back() public {
        refused(transferTo(COARSE, 10_001, account("to")), Refusal.AmountNotRepresentable);
        refused(transferTo(COARSE, 9_999, account("to")), Refusal.AmountNotRepresentable);
        assertEq(coarse.totalSupply(), 0, "no remainder minted");
    }

    function test_a_receiver_of_native_coin_that_fails_comes_back() public {
        fund(0, 1 ether);
        refused(transferTo(NATIVE, 5, address(new RevertingReceiver())), Refusal.PaymentFailed);
        refused(transferTo(NATIVE, 5, address(new GasBurner())), Refusal.PaymentFailed);
        refused(transferTo(NATIVE, 5, address(new ReturnBomber())), Refusal.PaymentFailed);
        refused(transferTo(NATIVE, 5, address(lockToken)), Refusal.PaymentFailed);
        assertEq(gateway.locked(NATIVE), 1 ether, "nothing left");
    }

    function test_a_token_that_fails_comes_back() public {
        OddToken odd = new OddToken();
        vm.startPrank(owner);
        register(ODD, address(odd), Custody.Lock, 6);
        vm.stopPrank();
        odd.mint(user, 1000);
        vm.prank(user);
        gateway.send(outgoing, ODD, 1000, VAULT, 0);
        // Answers nothing: paid.
        deliverNow(PacketCodec.encode(transferTo(ODD, 100, account("to"))));
        assertEq(odd.balanceOf(account("to")), 100, "paid");
        for (uint256 mode = 1; mode <= 4; mode++) {
            odd.setMode(OddToken.Mode(mode));
            refused(transferTo(ODD, 100, account("to")), Refusal.PaymentFailed);
        }
        assertEq(gateway.locked(ODD), 900, "only the paid left");
        // A token that went away.
        vm.etch(address(odd), "");
        refused(transferTo(ODD, 100, account("to")), Refusal.PaymentFailed);
    }

    function test_refusals_between_payments_do_not_touch_their_neighbours() public {
        fund(1_000, 0);
        address a = account("a");
        address b = account("b");
        PacketCodec.Packet memory late = template(2, MINTED, 7, a);
        late.deadline = 1;
        bytes memory body = bytes.concat(
            transferPacket(0, MINTED, 1, a),
            transferPacket(1, MINTED, 2, b),
            PacketCodec.encode(late),
            transferPacket(3, MINTED, 4, a),
            transferPacket(4, LOCKED, 8, b),
            transferPacket(5, 77, 16, a),
            transferPacket(6, MINTED, 32, address(minted)),
            transferPacket(7, MINTED, 64, b)
        );
        vm.recordLogs();
        deliverNow(body);
        uint8[] memory reasons = refusals(vm.getRecordedLogs());
        assertEq(reasons.length, 3, "three");
        assertEq(reasons[0], uint8(Refusal.Expired), "first");
        assertEq(reasons[1], uint8(Refusal.AssetUnknown), "second");
        assertEq(reasons[2], uint8(Refusal.ReceiverMalformed), "third");
        assertEq(minted.balanceOf(a), 5e12, "a");
        assertEq(minted.balanceOf(b), 66e12, "b");
        assertEq(lockToken.balanceOf(b), 8, "b, unlocked");
        assertEq(minted.totalSupply(), 71e12, "supply");
        (uint128 available,,,) = gateway.limits(MINTED);
        assertEq(available, CAP / 2 - 71, "only what was paid counts");
    }

    function test_a_refused_packet_that_names_nobody_stops_the_chunk() public {
        PacketCodec.Packet memory packet = transferTo(MINTED, 5, account("to"));
        packet.receiverLength = 33;
        bytes memory body = PacketCodec.encode(packet);
        Checkpoint memory cp = nextCheckpoint(body);
        gateway.accept(cp, signed(cp));
        expectError(E.GatewayPacketMalformed.selector);
        gateway.deliver(cp, 0, 0, body, none);
    }

    // ---- Gas ----

    function test_too_little_gas_never_makes_a_refusal() public {
        fund(0, 1 ether);
        address hungry = address(new HungryReceiver());
        bytes memory body = transferPacket(0, NATIVE, 5, hungry);
        Checkpoint memory cp = nextCheckpoint(body);
        gateway.accept(cp, signed(cp));
        bytes memory call = abi.encodeCall(IGateway.deliver, (cp, 0, 0, body, none));
        uint256 paidWith = 0;
        for (uint256 gas_ = 30_000; gas_ <= 330_000; gas_ += 5_000) {
            uint256 snapshot = vm.snapshotState();
            (bool success,) = address(gateway).call{gas: gas_}(call);
            assertEq(nextOut(), 1, "no return, ever");
            assertTrue(success == (hungry.balance == 5e9), "paid or reverted");
            if (success && paidWith == 0) paidWith = gas_;
            vm.revertToState(snapshot);
        }
        assertTrue(paidWith > 0, "paid with enough");
    }

    function test_a_chunk_of_gas_burners_fits_a_transaction() public {
        fund(0, 1 ether);
        address burner = address(new GasBurner());
        bytes memory body;
        for (uint64 i = 0; i < 128; i++) body = bytes.concat(body, transferPacket(i, NATIVE, 1, burner));
        Checkpoint memory cp = nextCheckpoint(body);
        gateway.accept(cp, signed(cp));
        bytes memory call = abi.encodeCall(IGateway.deliver, (cp, 0, 0, body, none));
        // 16.78 M of EIP-7825 less the intrinsic gas and calldata.
        uint256 intrinsic = 21_000 + call.length * 16;
        (bool success,) = address(gateway).call{gas: 16_777_216 - intrinsic}(call);
        assertTrue(success, "delivered");
        assertEq(nextOut(), 129, "all came back");
    }

    // ---- Ledger ----

    function test_ATK_17_payouts_are_capped_by_what_is_locked() public {
        fund(100, 1 ether);
        // Money that nobody locked does not count.
        lockToken.mint(address(gateway), 1_000);
        bytes memory body = transferPacket(0, LOCKED, 101, account("to"));
        Checkpoint memory cp = nextCheckpoint(body);
        gateway.accept(cp, signed(cp));
        expectError(E.GatewayLedgerViolated.selector);
        gateway.deliver(cp, 0, 0, body, none);
        // Over several packets too.
        body = bytes.concat(
            transferPacket(1, LOCKED, 60, account("to")),
            transferPacket(2, MINTED, 1, account("to")),
            transferPacket(3, LOCKED, 60, account("to"))
        );
        Checkpoint memory second = nextCheckpoint(body);
        gateway.accept(second, signed(second));
        expectError(E.GatewayLedgerViolated.selector);
        gateway.deliver(second, 1, 0, body, none);
        assertEq(lockToken.balanceOf(account("to")), 0, "nothing left");
    }

    // ---- Re-entry ----

    function test_ATK_14_receiver_reenters_everything_once_is_once() public {
        fund(0, 1 ether);
        ReentrantReceiver receiver = new ReentrantReceiver();
        vm.deal(address(receiver), 1 ether);
        bytes[] memory calls = reentries();
        for (uint256 i = 0; i < calls.length; i++) {
            uint256 before = address(receiver).balance;
            bytes memory body = transferPacket(nextIn(), NATIVE, 5, address(receiver));
            Checkpoint memory cp = nextCheckpoint(body);
            // Deliver this very chunk again, or whatever the list says.
            uint64 base = acceptedChunks();
            receiver.arm(
                address(gateway),
                calls[i].length == 0 ? abi.encodeCall(IGateway.deliver, (cp, base, 0, body, none)) : calls[i]
            );
            gateway.acceptAndDeliver(cp, base, signed(cp), 0, body, none);
            assertEq(address(receiver).balance - before, 5e9, "one effect");
        }
        assertEq(receiver.attempts(), calls.length, "it tried");
        assertEq(receiver.successes(), 0, "and failed");
    }

    function test_ATK_14_token_reenters_everything_once_is_once() public {
        ReentrantToken token = new ReentrantToken();
        vm.startPrank(owner);
        register(ODD, address(token), Custody.Lock, 6);
        vm.stopPrank();
        token.mint(user, 1_000);
        vm.startPrank(user);
        token.approve(address(gateway), type(uint256).max);
        gateway.send(outgoing, ODD, 500, VAULT, 0);
        vm.stopPrank();
        bytes[] memory calls = reentries();
        for (uint256 i = 0; i < calls.length; i++) {
            bytes memory body = transferPacket(nextIn(), ODD, 5, account("to"));
            Checkpoint memory cp = nextCheckpoint(body);
            uint64 base = acceptedChunks();
            token.arm(
                address(gateway),
                calls[i].length == 0 ? abi.encodeCall(IGateway.deliver, (cp, base, 0, body, none)) : calls[i]
            );
            gateway.acceptAndDeliver(cp, base, signed(cp), 0, body, none);
            assertEq(token.balanceOf(account("to")), 5 * (i + 1), "one effect");
            // And on the way in.
            uint64 out = nextOut();
            vm.prank(user);
            gateway.send(outgoing, ODD, 7, VAULT, 0);
            assertEq(nextOut(), out + 1, "one packet");
        }
        assertTrue(token.attempts() >= calls.length * 2, "it tried");
        assertEq(token.successes(), 0, "and failed");
        assertEq(gateway.locked(ODD), token.balanceOf(address(gateway)), "ledger");
    }

    function reentries() private view returns (bytes[] memory calls) {
        Checkpoint memory cp;
        calls = new bytes[](6);
        calls[1] = abi.encodeCall(IGateway.send, (outgoing, ODD, 1, VAULT, 0));
        calls[2] = abi.encodeCall(IGateway.claim, (ODD, user));
        calls[3] = abi.encodeCall(IGateway.accept, (cp, ""));
        calls[4] = abi.encodeCall(IGateway.releaseReturn, (incoming, returnPacket(0, ODD, 1, user), user));
        calls[5] = abi.encodeCall(IGateway.acceptAndDeliver, (cp, 0, "", 0, "", none));
    }

    function test_refusals_of_a_disabled_lane_still_go_back() public {
        vm.prank(owner);
        gateway.setLaneEnabled(outgoing, false);
        refused(transferTo(99, 5, account("to")), Refusal.AssetUnknown);
    }
}
